//! Acts about checks, incidents and disputes, each with how many keys judging it may read.

use comity_core::dispute::DisputeAbout;
use comity_core::grant::GrantTerms;
use comity_core::incident::{IncidentTerms, MAX_AFFECTED};

use super::Act;
use crate::acts::AUTHORITY;
use crate::checks::{claim, stands, upheld};
use crate::disputes::{self, anew, under_health};
use crate::incidents::leak;
use crate::story::{CIVIL, FINANCE, HEALTH, START, terms};

/// One of each kind at least; the dataset is published at 0, the grant issued at 1.
pub(super) const ACTS: &[Act] = &[
    (8, |story| story.claiming(claim())),
    (7, |story| {
        let check = story.checked();
        story.offering(CIVIL, check, HEALTH)
    }),
    (5, |story| {
        let check = story.checked();
        let record = story.offering(CIVIL, check, HEALTH);
        story.commit(vec![record]);
        story.accepting(HEALTH, check)
    }),
    (5, |story| {
        let check = story.checked();
        let record = story.offering(CIVIL, check, HEALTH);
        story.commit(vec![record]);
        story.declining(HEALTH, check)
    }),
    (5, |story| {
        let check = story.checked();
        let to = story.now;
        story.answering(CIVIL, check, upheld(START, to))
    }),
    (5, |story| {
        let check = story.checked();
        let record = story.upholding(check);
        story.commit(vec![record]);
        story.correcting(CIVIL, check)
    }),
    (5, |story| story.reporting(FINANCE, leak())),
    (5 + MAX_AFFECTED, |story| {
        // All the grants that a report may name, and what they were derived from.
        let wide = crate::bindings::wide();
        let parent = story.issue(wide);
        let derived = |_| {
            let record = story.passing_on(parent, crate::bindings::derived());
            comity_core::ids::GrantId(story.commit(vec![record]))
        };
        let grants = (0..MAX_AFFECTED).map(derived).collect();
        story.reporting(FINANCE, IncidentTerms { grants, ..leak() })
    }),
    (5, |story| {
        let incident = story.reported(FINANCE, leak());
        story.telling(FINANCE, incident)
    }),
    (5, |story| {
        let incident = story.reported(FINANCE, leak());
        story.closing(FINANCE, incident)
    }),
    (10, |story| {
        let request = story.opened();
        let record = story.refusal(request);
        story.commit(vec![record]);
        story.disputing(DisputeAbout::Request(request))
    }),
    (14, |story| {
        // What nobody delivered in time.
        let not_after = START.plus(900 * 86_400_000);
        let grant = story.issue(GrantTerms { not_after, ..terms() });
        story.pass_until(START.plus(60 * 86_400_000));
        story.disputing(DisputeAbout::Delivery(grant))
    }),
    (10, |story| {
        let check = story.checked();
        let record = story.answering(CIVIL, check, stands());
        story.commit(vec![record]);
        story.disputing(DisputeAbout::Check(check))
    }),
    (10, |story| {
        let (_, dispute) = story.contested();
        story.replying(dispute, anew())
    }),
    (16, |story| {
        let (_, dispute) = story.insisted();
        story.escalating(dispute)
    }),
    (18, |story| {
        // Both sides' superiors are looked through, level by level.
        *story = under_health();
        let (_, dispute, _) = story.escalated();
        let record = story.deciding(AUTHORITY, dispute, disputes::stands());
        story.commit(vec![record]);
        story.escalating(dispute)
    }),
    (10, |story| {
        let (_, dispute, _) = story.escalated();
        story.deciding(AUTHORITY, dispute, anew())
    }),
];
