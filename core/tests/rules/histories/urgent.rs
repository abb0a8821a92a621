//! Accesses in emergencies over random histories, judged by rules of their own from the entries alone.
//! Holds: nothing went out but what was open, to whom was named, while it was; each is counted, and
//! justified once at most.
//! May not enter: the core's own judgement of emergencies.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::access::Attempt;
use comity_core::basis::Basis;
use comity_core::dataset::{Dataset, Sharing};
use comity_core::emergency::EmergencyTerms;
use comity_core::governance::{Choice, Measure};
use comity_core::ids::{DatasetId, EmergencyId, LogIndex, TimeMs};
use comity_core::late::counts;
use comity_core::state;
use comity_core::statement::Action;

use super::{accesses, histories, interrupted};
use crate::teller::Teller;

/// An emergency as the entries tell it, up to some position.
struct Open<'a> {
    terms: &'a EmergencyTerms,
    until: u64,
    ended: bool,
}

/// What the entries before a position come to.
#[derive(Default)]
struct Past<'a> {
    emergencies: BTreeMap<EmergencyId, Open<'a>>,
    datasets: BTreeMap<&'a DatasetId, &'a Dataset>,
    /// Proposed renewals, each with how many are for it.
    renewals: BTreeMap<LogIndex, (EmergencyId, u64, u32)>,
}

impl<'a> Past<'a> {
    fn read(&mut self, at: LogIndex, action: &'a Action) {
        if let Action::PublishDataset { dataset } | Action::AmendDataset { dataset, .. } = action {
            self.datasets.insert(&dataset.id, dataset);
        }
        self.read_emergency(at, action);
    }

    fn read_emergency(&mut self, at: LogIndex, action: &'a Action) {
        match action {
            Action::DeclareEmergency { terms } => {
                let open = Open { terms, until: terms.until.0, ended: false };
                self.emergencies.insert(EmergencyId(at), open);
            }
            Action::EndEmergency { emergency, .. } => {
                self.emergencies.get_mut(emergency).unwrap().ended = true;
            }
            Action::OpenProposal { measure: Measure::RenewEmergency { emergency, until } } => {
                self.renewals.insert(at, (*emergency, until.0, 1));
            }
            Action::CastBallot { proposal, choice: Choice::For } => {
                let Some((emergency, until, votes)) = self.renewals.get_mut(&proposal.0) else {
                    return;
                };
                *votes += 1;
                // Three of four members are enough.
                if *votes == 3 {
                    self.emergencies.get_mut(emergency).unwrap().until = *until;
                }
            }
            _ => {}
        }
    }
}

/// Every access in an emergency, with what was so before it.
fn judged(
    teller: &Teller,
    mut judge: impl FnMut(LogIndex, u64, &Past, &comity_core::access::Attempt),
) {
    let mut past = Past::default();
    let entries = (0..).map(LogIndex).zip(&teller.times).zip(&teller.earlier);
    for ((at, time), record) in entries {
        let action = &record.statement().action;
        if let Action::RecordAccess { attempt, .. } = action
            && attempt.attempt.grant.emergency().is_some()
        {
            judge(at, time.0, &past, &attempt.attempt);
        }
        if let Action::EmbedLate { record, against: None, .. } = action {
            // What was so when it was asked; of the catalogue, what is so now.
            let attempt = &record.attempt.attempt;
            let claimed = attempt.made_at.min(*time);
            let first_after = teller.times.partition_point(|time| *time <= claimed);
            let mut then = Past { datasets: past.datasets.clone(), ..Past::default() };
            for (at, record) in (0..).map(LogIndex).zip(&teller.earlier).take(first_after) {
                then.read_emergency(at, &record.statement().action);
            }
            judge(LogIndex(first_after as u64), claimed.0, &then, attempt);
        }
        past.read(at, action);
    }
}

#[test]
fn nothing_goes_out_in_an_emergency_but_what_it_opens_to_whom_it_names_while_it_lasts() {
    let (mut count, mut renewed, mut whole) = (0, 0, 0);
    for teller in histories() {
        let ledger = &teller.story.ledger;
        judged(teller, |at, time, past, attempt| {
            let place = format!("seed {}: entry {at}", teller.seed);
            let Open { terms, until, ended } =
                &past.emergencies[&attempt.grant.emergency().unwrap()];
            assert!(time < *until && !ended, "{place} is in time");
            assert!(terms.requesters.contains(&attempt.requester), "{place}: who asks is named");
            let id = &attempt.dataset;
            let named = terms.scope.datasets.contains(id);
            assert!(named || terms.scope.agencies.contains(&id.agency), "{place} is in scope");
            assert_eq!(attempt.matter, terms.matter, "{place}");
            assert_ne!(attempt.requester, id.agency, "{place}");
            let dataset = past.datasets[id];
            let may_go = matches!(dataset.sharing, Sharing::Conditional | Sharing::Unconditional);
            assert!(named || may_go, "{place} is shared");
            assert!(dataset.modes.contains(&attempt.mode), "{place} is offered");
            let published = state::dataset(ledger, id).unwrap();
            let paused = interrupted(&published.suspensions, at);
            assert!(!paused && !interrupted(&published.withdrawals, at), "{place} is there");
            count += 1;
            renewed += usize::from(*until > terms.until.0);
            whole += usize::from(!named);
        });
    }
    assert!(count > 100 && renewed > 2 && whole > 10, "{count}, {renewed} renewed, {whole} whole");
}

/// The accesses that count in emergencies, those that went in late among them, each with its place and
/// the time of its block.
fn counted(teller: &Teller) -> impl Iterator<Item = (LogIndex, TimeMs, &Attempt)> {
    let entries = (0..).map(LogIndex).zip(&teller.times).zip(&teller.earlier);
    let late = entries.filter_map(|((at, time), record)| match &record.statement().action {
        Action::EmbedLate { record, against, .. } if counts(against.as_ref()) => {
            Some((at, *time, &record.attempt.attempt))
        }
        _ => None,
    });
    accesses(teller).chain(late)
}

#[test]
fn what_goes_in_late_uses_no_number_and_no_exchange_twice() {
    let (mut allowed, mut against_in_all, mut out_of_order) = (0, 0, 0);
    for teller in histories() {
        let (mut numbers, mut exchanges) = (BTreeSet::new(), BTreeSet::new());
        for record in &teller.earlier {
            let (attempt, number, late) = match &record.statement().action {
                Action::RecordAccess { attempt, number, .. } => (attempt, number, None),
                Action::EmbedLate { record, missing, against } => {
                    let smaller = (1..record.number).filter(|number| !numbers.contains(number));
                    assert!(smaller.eq(missing.iter().copied()), "seed {}", teller.seed);
                    out_of_order += usize::from(!missing.is_empty());
                    (&record.attempt, &record.number, Some(against))
                }
                Action::RecordDenial { number, .. } => {
                    assert!(numbers.insert(*number), "seed {}: {number}", teller.seed);
                    continue;
                }
                _ => continue,
            };
            assert!(numbers.insert(*number), "seed {}: {number}", teller.seed);
            let is_new = exchanges.insert(attempt.attempt.exchange);
            assert!(is_new || late.is_some_and(Option::is_some), "seed {}", teller.seed);
            match late {
                Some(None) => allowed += 1,
                Some(Some(_)) => against_in_all += 1,
                None => {}
            }
        }
    }
    let told = format!("{allowed} allowed, {against_in_all} not, {out_of_order} out of order");
    assert!(allowed > 10 && against_in_all > 10 && out_of_order > 10, "{told}");
}

#[test]
fn every_access_in_an_emergency_is_counted_and_justified_once_at_most() {
    let (mut justified_in_all, mut open_in_all) = (0, 0);
    for teller in histories() {
        let (ledger, seed) = (&teller.story.ledger, teller.seed);
        let mut let_through = BTreeMap::new();
        for (at, time, attempt) in counted(teller) {
            if let Basis::Emergency(id) = attempt.grant {
                let of = let_through.entry((id, &attempt.requester)).or_insert_with(Vec::new);
                of.push((at, time, attempt.count()));
            }
        }
        let mut justified = BTreeSet::new();
        for record in &teller.earlier {
            if let Action::JustifyAccess { emergency, accesses, .. } = &record.statement().action {
                for access in accesses {
                    let of = &let_through[&(*emergency, record.agency())];
                    assert!(of.iter().any(|(at, ..)| at == access), "seed {seed}: its own");
                    assert!(justified.insert(*access), "seed {seed}: {access} twice");
                }
            }
        }
        for ((id, requester), of) in let_through {
            let used = state::emergency_use(ledger, id, requester);
            let total: u64 = of.iter().map(|(_, _, count)| count).sum();
            assert_eq!((used.usage.total, used.entries as usize), (total, of.len()), "seed {seed}");
            let mut left = 0;
            for (at, time, _) in of {
                let recorded = state::emergency_access(ledger, id, at).unwrap();
                assert_eq!((&recorded.requester, recorded.on), (requester, time), "seed {seed}");
                assert_eq!(recorded.justified.is_some(), justified.contains(&at), "seed {seed}");
                left += u32::from(recorded.justified.is_none());
            }
            assert_eq!(used.open(), left, "seed {seed}: {id}");
            open_in_all += left;
        }
        justified_in_all += justified.len();
    }
    let told = format!("{justified_in_all} justified, {open_in_all} not");
    assert!(justified_in_all > 30 && open_in_all > 30, "{told}");
}
