//! Acts in and about task forces, each with how many keys judging it may read.

use comity_core::access::AccessRefusal;
use comity_core::agency::KeyRole;
use comity_core::statement::{Action, Capacity};

use super::Act;
use crate::acts::asking;
use crate::story::{CIVIL, FINANCE, HEALTH};
use crate::task_forces::{for_force, force};

/// One of each kind at least; the dataset is published at 0, the grant issued at 1.
pub(super) const ACTS: &[Act] = &[
    (8, |story| story.forming(force())),
    (7, |story| {
        let force = story.formed();
        story.inviting(force, CIVIL)
    }),
    (5, |story| {
        let force = story.joined();
        story.excluding(force, HEALTH)
    }),
    (5, |story| {
        let force = story.formed();
        story.joining(HEALTH, force)
    }),
    (5, |story| {
        let force = story.joined();
        story.leaving(HEALTH, force)
    }),
    (5, |story| {
        let force = story.joined();
        story.dissolving(force)
    }),
    (11, |story| {
        let terms = for_force(story.joined());
        story.steward(Action::IssueGrant { terms })
    }),
    (11, |story| {
        let force = story.joined();
        let action = Action::OpenRequest { terms: asking(for_force(force)) };
        story.record_in(Capacity::TaskForce(force), (FINANCE, KeyRole::Officer), action)
    }),
    (15, |story| {
        let (force, grant) = story.granted_to_force();
        story.access_in(force, grant, HEALTH)
    }),
    (14, |story| {
        let (force, grant) = story.granted_to_force();
        let record = story.leaving(HEALTH, force);
        story.commit(vec![record]);
        let attempt = story.attempt_in(force, grant, HEALTH);
        story.denial_of(&attempt, AccessRefusal::NotAMember { task_force: force })
    }),
];
