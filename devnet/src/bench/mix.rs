//! The records of a load, signed in advance, in a fixed proportion.
//! Holds: each stands in the list of its signer's node; what one refers to is on the log before the load
//! begins, so that none waits for another.
//! May not enter: how a record is made (see `acts`); submitting.

use comity_core::encoding::decode;
use comity_core::ids::{ExchangeId, GrantId, LogIndex, RequestId, TimeMs};
use comity_core::legs::Acknowledgement;
use comity_core::statement::{Action, MAX_RECORD_BYTES, MAX_SEALED, SignedRecord};

use crate::args::Mix;
use crate::failure::DevnetError;

use super::plan::Answered;
use super::prepare::{Provider, now};

/// How long a record may wait (ms): longer than any run.
const VALIDITY_MS: u64 = 60 * 60 * 1000;
/// After so many records the proportion begins again.
const ROUND: usize = 50;
/// Accesses that one record acknowledges.
const ACKNOWLEDGED: usize = 4;
/// Accesses of each provider that are there to be acknowledged, again and again.
const RECEIVED: usize = 64;
/// Bytes of a sealed commitment.
const COMMITMENT_BYTES: usize = 32;

/// What a record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Access,
    Acknowledge,
    Request,
    Approve,
    Issue,
    Revoke,
}

impl Kind {
    /// What the record at a place does. Of fifty: 36 accesses, 8 acknowledgements of four accesses each,
    /// 2 requests, 2 approvals, 1 grant that nobody asked for, 1 revocation.
    fn at(place: usize, mix: Mix) -> Kind {
        match (mix, place % ROUND) {
            (Mix::Access, _) => Kind::Access,
            (_, 3 | 28) => Kind::Request,
            (_, 8 | 33) => Kind::Approve,
            (_, 13) => Kind::Issue,
            (_, 38) => Kind::Revoke,
            (_, 1 | 7 | 14 | 20 | 26 | 32 | 39 | 45) => Kind::Acknowledge,
            _ => Kind::Access,
        }
    }

    /// What there has to be so that a full mix of so many records can be signed.
    fn before(each: usize) -> Vec<Kind> {
        let rounds = each.div_ceil(ROUND);
        let mut kinds = vec![Kind::Access; RECEIVED];
        kinds.extend(std::iter::repeat_n(Kind::Request, 2 * rounds));
        kinds.extend(std::iter::repeat_n(Kind::Issue, rounds));
        kinds
    }
}

/// What of a provider's is on the log, to be referred to.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    accesses: Vec<Acknowledgement>,
    requests: Vec<RequestId>,
    grants: Vec<GrantId>,
}

/// Records to be submitted: a list for each node.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) lists: Vec<Vec<Vec<u8>>>,
    /// Of each record, whose provider it is about and what it does.
    origins: Vec<Vec<(usize, Kind)>>,
}

/// Signs `count` records in all, or a few more. Errors: no random numbers; too little is `known`.
pub(super) fn load(
    providers: &[Provider],
    known: &[Known],
    count: usize,
    sealed: usize,
    mix: Mix,
) -> Result<Batch, DevnetError> {
    let each = count.div_ceil(providers.len());
    let kinds: Vec<Kind> = (0..each).map(|place| Kind::at(place, mix)).collect();
    signed(providers, known, &kinds, sealed)
}

/// Signs what a full mix of `count` records refers to. Errors: no random numbers.
pub(super) fn before(providers: &[Provider], count: usize) -> Result<Batch, DevnetError> {
    let kinds = Kind::before(count.div_ceil(providers.len()));
    signed(providers, &vec![Known::default(); providers.len()], &kinds, 0)
}

fn signed(
    providers: &[Provider],
    known: &[Known],
    kinds: &[Kind],
    sealed: usize,
) -> Result<Batch, DevnetError> {
    let now = now();
    // One thread for each provider: there are as many as the machine has cores, or nearly.
    let made = std::thread::scope(|scope| {
        let all: Vec<_> = providers
            .iter()
            .zip(known)
            .map(|(provider, known)| {
                scope.spawn(move || of_one(provider, known, kinds, sealed, now))
            })
            .collect();
        let joined = all.into_iter().map(|one| match one.join() {
            Ok(made) => made,
            Err(_) => unreachable!("signing does not panic"),
        });
        joined.collect::<Result<Vec<Vec<Vec<u8>>>, _>>()
    })?;
    let count = providers.len();
    let mut batch = Batch { lists: vec![Vec::new(); count], origins: vec![Vec::new(); count] };
    let mut made: Vec<_> = made.into_iter().map(Vec::into_iter).collect();
    for kind in kinds {
        for (provider, records) in made.iter_mut().enumerate() {
            let Some(record) = records.next() else { continue };
            // Those of the requester go to its own node, which is the next one.
            let list = match kind {
                Kind::Acknowledge | Kind::Request => (provider + 1) % count,
                Kind::Access | Kind::Approve | Kind::Issue | Kind::Revoke => provider,
            };
            batch.lists[list].push(record);
            batch.origins[list].push((provider, *kind));
        }
    }
    Ok(batch)
}

fn of_one(
    provider: &Provider,
    known: &Known,
    kinds: &[Kind],
    sealed: usize,
    now: TimeMs,
) -> Result<Vec<Vec<u8>>, DevnetError> {
    let until = now.plus(VALIDITY_MS);
    let (mut requests, mut grants) = (known.requests.iter(), known.grants.iter());
    let mut accesses = known.accesses.iter().cycle();
    let short = || DevnetError::Unexpected("too little was prepared for the mix".to_owned());
    let one = |kind: &Kind| match kind {
        Kind::Access => provider.access(now, VALIDITY_MS, sealed),
        Kind::Acknowledge => {
            let accesses: Vec<_> = accesses.by_ref().take(ACKNOWLEDGED).copied().collect();
            provider.acknowledgement(until, accesses)
        }
        Kind::Request => provider.request(until),
        Kind::Approve => provider.approval(until, *requests.next().ok_or_else(short)?),
        Kind::Issue => provider.issue(until),
        Kind::Revoke => provider.revocation(until, *grants.next().ok_or_else(short)?),
    };
    kinds.iter().map(one).collect()
}

impl Batch {
    /// What of each provider's is on the log now. Errors: a record is none.
    pub(super) fn known(&self, answers: &[Answered]) -> Result<Vec<Known>, DevnetError> {
        let mut known = vec![Known::default(); self.lists.len()];
        for Answered { list, place, entry, .. } in answers {
            let (provider, kind) = self.origins[*list][*place];
            let (known, at) = (&mut known[provider], LogIndex(*entry));
            match kind {
                Kind::Access => {
                    let exchange = exchange(&self.lists[*list][*place])?;
                    let access = Acknowledgement { access: at, exchange, digest: None, count: 1 };
                    known.accesses.push(access);
                }
                Kind::Request => known.requests.push(RequestId(at)),
                Kind::Issue => known.grants.push(GrantId(at)),
                Kind::Acknowledge | Kind::Approve | Kind::Revoke => {}
            }
        }
        Ok(known)
    }

    /// Gives back the gateways' numbers of records that will never be submitted: so many at the end of
    /// each list.
    pub(super) fn take_back(&self, providers: &[Provider], left: &[usize]) {
        for (origins, left) in self.origins.iter().zip(left) {
            for (provider, kind) in origins.iter().rev().take(*left) {
                if *kind == Kind::Access {
                    providers[*provider].take_back(1);
                }
            }
        }
    }
}

fn exchange(record: &[u8]) -> Result<ExchangeId, DevnetError> {
    let record: SignedRecord = decode(record, MAX_RECORD_BYTES)
        .map_err(|error| DevnetError::Unexpected(error.to_string()))?;
    match record.statement.action {
        Action::RecordAccess { attempt, .. } => Ok(attempt.attempt.exchange),
        _ => Err(DevnetError::Unexpected("a record is no access".to_owned())),
    }
}

/// How many sealed commitments bring a record of `natural` bytes nearest to `wanted` bytes.
pub(super) fn sealed_for(wanted: usize, natural: usize) -> usize {
    let missing = wanted.saturating_sub(natural);
    ((missing + COMMITMENT_BYTES / 2) / COMMITMENT_BYTES).min(2 * MAX_SEALED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_of_the_full_mix_uses_what_was_prepared_for_it() {
        let kinds: Vec<Kind> = (0..ROUND).map(|place| Kind::at(place, Mix::Full)).collect();
        let count = |wanted| kinds.iter().filter(|kind| **kind == wanted).count();
        let all = [
            Kind::Access,
            Kind::Acknowledge,
            Kind::Request,
            Kind::Approve,
            Kind::Issue,
            Kind::Revoke,
        ];
        assert_eq!(all.map(count), [36, 8, 2, 2, 1, 1]);
        let before = Kind::before(2 * ROUND);
        let prepared = |wanted| before.iter().filter(|kind| **kind == wanted).count();
        assert_eq!(prepared(Kind::Request), 2 * count(Kind::Approve));
        assert_eq!(prepared(Kind::Issue), 2 * count(Kind::Revoke));
        assert_eq!(Kind::at(3, Mix::Access), Kind::Access);
    }

    #[test]
    fn records_are_padded_to_the_nearest_size_and_no_further_than_the_format_allows() {
        assert_eq!([sealed_for(512, 500), sealed_for(512, 490), sealed_for(512, 600)], [0, 1, 0]);
        assert_eq!(sealed_for(1024, 512), 16);
        assert_eq!(sealed_for(100_000, 512), 2 * MAX_SEALED);
    }
}
