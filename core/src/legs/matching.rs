//! Which legs of exchanges do not match: derived from the entries, by whoever has them.
//! Holds: a disclosure and an acknowledgement belong together when the one is the entry that the other
//! names, under the same exchange and grant; order of reading does not matter.
//! May not enter: the rules. Source: docs/formats.md, "Two legs".

use std::collections::BTreeMap;

use crate::basis::Basis;
use crate::hash::AnswerHash;
use crate::ids::{DatasetId, ExchangeId, LogIndex, TimeMs};
use crate::late::Accessed;
use crate::statement::{Action, Statement};
use crate::text::AgencyId;

/// A provider's word: an access on the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// Its entry.
    pub index: LogIndex,
    /// The time of its block: where it went in late, of the block that took it in.
    pub time: TimeMs,
    /// The exchange.
    pub exchange: ExchangeId,
    /// Under which grant, or in which emergency.
    pub grant: Basis,
    /// Of what.
    pub dataset: DatasetId,
    /// To whom.
    pub requester: AgencyId,
    /// Hash of what was handed over, where the gateway said.
    pub digest: Option<AnswerHash>,
    /// How many answers: 1, or those of the batch.
    pub count: u64,
}

impl Disclosure {
    fn of(index: LogIndex, time: TimeMs, access: &Accessed<'_>) -> Disclosure {
        let attempt = &access.attempt.attempt;
        Disclosure {
            index,
            time,
            exchange: attempt.exchange,
            grant: attempt.grant,
            dataset: attempt.dataset.clone(),
            requester: attempt.requester.clone(),
            digest: access.answer.map(|answer| answer.digest),
            count: attempt.count(),
        }
    }
}

/// A requesting agency's word about one access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The entry that holds the word.
    pub index: LogIndex,
    /// The time of its block.
    pub time: TimeMs,
    /// The entry that it acknowledges.
    pub access: LogIndex,
    /// The exchange.
    pub exchange: ExchangeId,
    /// Under which grant, or in which emergency.
    pub grant: Basis,
    /// Whose word it is.
    pub agency: AgencyId,
    /// Hash of what was received, where the agency said.
    pub digest: Option<AnswerHash>,
    /// How many answers were received.
    pub count: u64,
}

/// What does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched<'a> {
    /// Nobody says to have received it.
    Unacknowledged(&'a Disclosure),
    /// There is no such access.
    Undisclosed(&'a Receipt),
    /// Both name what was handed over, and not the same.
    OtherDigest(&'a Disclosure, &'a Receipt),
    /// Another number of answers was received than was handed over.
    OtherCount(&'a Disclosure, &'a Receipt),
    /// It was acknowledged before.
    Doubled(&'a Disclosure, &'a Receipt),
}

/// The legs of exchanges, as they were read.
#[derive(Clone, Debug, Default)]
pub struct Legs {
    disclosures: BTreeMap<LogIndex, Disclosure>,
    /// By the access that they name, then by their own place.
    receipts: BTreeMap<(LogIndex, LogIndex, u32), Receipt>,
}

impl Legs {
    /// Takes in an entry; what is no leg adds nothing.
    pub fn add(&mut self, index: LogIndex, time: TimeMs, statement: &Statement) {
        if let Some(access) = statement.action.access() {
            let disclosure = Disclosure::of(index, time, &access);
            self.disclosures.insert(index, disclosure);
        }
        if let Action::AcknowledgeAccess { grant, accesses } = &statement.action {
            let Some(signer) = statement.signers.first() else { return };
            for (place, one) in (0u32..).zip(accesses) {
                let receipt = Receipt {
                    index,
                    time,
                    access: one.access,
                    exchange: one.exchange,
                    grant: *grant,
                    agency: signer.agency.clone(),
                    digest: one.digest,
                    count: u64::from(one.count),
                };
                self.receipts.insert((one.access, index, place), receipt);
            }
        }
    }

    /// Accesses that were taken in, ascending.
    pub fn disclosures(&self) -> impl Iterator<Item = &Disclosure> {
        self.disclosures.values()
    }

    /// Words of receipt that were taken in, by the access that they name.
    pub fn receipts(&self) -> impl Iterator<Item = &Receipt> {
        self.receipts.values()
    }

    /// The words of receipt that belong to an access, ascending.
    pub fn receipts_of<'a>(
        &'a self,
        disclosure: &'a Disclosure,
    ) -> impl Iterator<Item = &'a Receipt> {
        let from = (disclosure.index, LogIndex(0), 0);
        let until = (disclosure.index, LogIndex(u64::MAX), u32::MAX);
        let named = self.receipts.range(from..=until).map(|(_, receipt)| receipt);
        named.filter(|receipt| belong(disclosure, receipt))
    }

    /// Everything that does not match, in the order of the entries that it is about.
    pub fn unmatched(&self) -> Vec<Unmatched<'_>> {
        let mut found = Vec::new();
        for disclosure in self.disclosures.values() {
            self.judge(disclosure, &mut found);
        }
        found.extend(self.receipts.values().filter_map(|receipt| {
            let disclosure = self.disclosures.get(&receipt.access);
            let stands_alone = disclosure.is_none_or(|found| !belong(found, receipt));
            stands_alone.then_some(Unmatched::Undisclosed(receipt))
        }));
        found.sort_by_key(Unmatched::place);
        found
    }

    fn judge<'a>(&'a self, disclosure: &'a Disclosure, found: &mut Vec<Unmatched<'a>>) {
        let mut receipts = self.receipts_of(disclosure).peekable();
        if receipts.peek().is_none() {
            found.push(Unmatched::Unacknowledged(disclosure));
        }
        for (number, receipt) in receipts.enumerate() {
            if number > 0 {
                found.push(Unmatched::Doubled(disclosure, receipt));
            }
            let digests = disclosure.digest.zip(receipt.digest);
            if digests.is_some_and(|(given, received)| given != received) {
                found.push(Unmatched::OtherDigest(disclosure, receipt));
            }
            if disclosure.count != receipt.count {
                found.push(Unmatched::OtherCount(disclosure, receipt));
            }
        }
    }
}

impl<'a> Unmatched<'a> {
    /// Its name, as in listings.
    pub fn kind(&self) -> &'static str {
        match self {
            Unmatched::Unacknowledged(_) => "unacknowledged",
            Unmatched::Undisclosed(_) => "undisclosed",
            Unmatched::OtherDigest(..) => "other-digest",
            Unmatched::OtherCount(..) => "other-count",
            Unmatched::Doubled(..) => "doubled",
        }
    }

    /// The access, where there is one.
    pub fn disclosure(&self) -> Option<&'a Disclosure> {
        match *self {
            Unmatched::Unacknowledged(disclosure)
            | Unmatched::OtherDigest(disclosure, _)
            | Unmatched::OtherCount(disclosure, _)
            | Unmatched::Doubled(disclosure, _) => Some(disclosure),
            Unmatched::Undisclosed(_) => None,
        }
    }

    /// The word of receipt, where there is one.
    pub fn receipt(&self) -> Option<&'a Receipt> {
        match *self {
            Unmatched::Undisclosed(receipt)
            | Unmatched::OtherDigest(_, receipt)
            | Unmatched::OtherCount(_, receipt)
            | Unmatched::Doubled(_, receipt) => Some(receipt),
            Unmatched::Unacknowledged(_) => None,
        }
    }

    /// The last entry that it is about: before that there was nothing amiss.
    pub fn place(&self) -> LogIndex {
        match self {
            Unmatched::Unacknowledged(disclosure) => disclosure.index,
            Unmatched::Undisclosed(receipt)
            | Unmatched::OtherDigest(_, receipt)
            | Unmatched::OtherCount(_, receipt)
            | Unmatched::Doubled(_, receipt) => receipt.index,
        }
    }
}

fn belong(disclosure: &Disclosure, receipt: &Receipt) -> bool {
    disclosure.index == receipt.access
        && disclosure.exchange == receipt.exchange
        && disclosure.grant == receipt.grant
}
