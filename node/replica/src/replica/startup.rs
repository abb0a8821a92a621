//! Whether this node may vote: the sign guard, and what peers know of it.
//! Holds: after a start nothing is signed until peers that with this node hold more than two thirds
//! of the power have told what they saw of its key; a guard that is missing or behind never signs
//! again below T + 3. Source: docs/formats.md, "Sign guard".

use std::collections::BTreeMap;

use comity_core::ids::Height;
use comity_core::keys::PublicKey;
use comity_core::ledger::Ledger;
use comity_core::text::AgencyId;
use comity_core::vote::{CommitCertificate, VerifiedCertificate};

use super::{BootError, Left, Phase, Replica, ReplicaConfig, Voting};
use crate::engine::{Signer, entry_witness};
use crate::message::{SignedVote, Status, Witnessed};
use crate::storage::{Guard, MarkPosition, Recovered, StorageOp};

/// Heights that a node with a lost guard stays silent beyond the highest tip of the others.
pub const SILENT_HEIGHTS: u64 = 3;

/// What a node knows about its own right to vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not a validator.
    Observer,
    /// Waiting to hear from a quorum.
    Asking,
    /// The guard is missing or behind what peers saw.
    Withheld,
    /// The operator has to say first that no other machine votes with this key.
    Held,
    /// The guard is whole.
    Active,
}

/// What a peer with a vote said since this node started; its tip is proven.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) tip: Height,
    pub(super) newest_of_ours: Option<MarkPosition>,
}

pub(super) fn tip_certificate(
    ledger: &Ledger,
    certificate: Option<CommitCertificate>,
) -> Result<Option<VerifiedCertificate>, BootError> {
    let height = ledger.tip().height;
    match certificate {
        None if height == Height(0) => Ok(None),
        None => Err(BootError::NoCertificate(height)),
        Some(certificate) if certificate.header_hash != ledger.tip().hash => {
            let source = comity_core::vote::CertificateError::OtherBlock;
            Err(BootError::Certificate { height, source })
        }
        Some(certificate) => certificate
            .verify(ledger.consortium(), ledger.tip_validators())
            .map(Some)
            .map_err(|source| BootError::Certificate { height, source }),
    }
}

pub(super) fn standing(
    config: &ReplicaConfig,
    ledger: &Ledger,
    guard: Option<&Guard>,
) -> Result<(Standing, Option<Signer>), BootError> {
    let Some(key) = &config.validator_key else { return Ok((Standing::Observer, None)) };
    let standing = match ledger.validators().by_key(&key.public()) {
        Some(_) => Standing::Asking,
        None => Standing::Observer,
    };
    match guard {
        None => Ok((standing, None)),
        Some(guard) if guard.public_key() != key.public().as_bytes() => Err(BootError::OtherGuard),
        Some(guard) => {
            let signer = Signer { key: key.clone(), guard: guard.clone() };
            Ok((standing, Some(signer)))
        }
    }
}

/// The newest message of each validator that this node's own disk proves: the precommits in the
/// tip's certificate, and what the write-ahead log holds of the height after it. A node that
/// restarts thus still tells a peer with a restored disk what that one has signed.
pub(super) fn seen_on_disk(
    certificate: Option<&VerifiedCertificate>,
    recovered: &Recovered,
) -> BTreeMap<PublicKey, Witnessed> {
    let mut seen = BTreeMap::new();
    for message in certificate.into_iter().flat_map(|c| precommits(c.certificate())) {
        keep_newest(&mut seen, message);
    }
    for message in recovered.entries.iter().filter_map(|entry| entry_witness(&entry.bytes)) {
        keep_newest(&mut seen, message);
    }
    seen
}

/// The votes that a certificate consists of.
pub(super) fn precommits(certificate: &CommitCertificate) -> impl Iterator<Item = Witnessed> {
    certificate.votes().map(|(vote, signature)| Witnessed::Vote(SignedVote { vote, signature }))
}

/// Keeps a message unless a newer one of the same validator is known.
pub(super) fn keep_newest(seen: &mut BTreeMap<PublicKey, Witnessed>, message: Witnessed) {
    let newest = seen.entry(message.validator()).or_insert_with(|| message.clone());
    if message.position() > newest.position() {
        *newest = message;
    }
}

/// What the write-ahead log held, by height.
pub(super) fn left_by_height(recovered: Recovered) -> BTreeMap<u64, Left> {
    let mut left: BTreeMap<u64, Left> = BTreeMap::new();
    for entry in recovered.entries {
        left.entry(entry.height).or_default().entries.push(entry.bytes);
    }
    for body in recovered.bodies {
        left.entry(body.height).or_default().bodies.push(body);
    }
    left
}

impl Replica {
    pub(super) fn voting(&self) -> Voting {
        match self.standing {
            Standing::Observer => Voting::Observer,
            Standing::Asking => Voting::Asking,
            Standing::Withheld | Standing::Held => Voting::Withheld,
            Standing::Active => {
                let from = self.signer.as_ref().map_or(0, |signer| signer.guard.vote_from());
                match from > self.next_height().0 {
                    true => Voting::From(Height(from)),
                    false => Voting::Active,
                }
            }
        }
    }

    /// Keeps this node from voting, whatever its peers know: for one whose directory comes from a
    /// backup, until its operator has made certain that no other machine votes with its key. Say
    /// so before the first input. An observer stays one.
    pub fn hold_back(&mut self) {
        if self.standing == Standing::Asking {
            self.standing = Standing::Held;
        }
    }

    /// The signer, lent out for one height, if this node may sign there. Give it back with
    /// `restore_signer`.
    pub(super) fn signer_for(&mut self, height: Height) -> Option<Signer> {
        let may = self.standing == Standing::Active
            && self.signer.as_ref().is_some_and(|signer| signer.guard.vote_from() <= height.0);
        if may { self.signer.take() } else { None }
    }

    pub(super) fn restore_signer(&mut self, signer: Option<Signer>) {
        if signer.is_some() {
            self.signer = signer;
        }
    }

    /// After a commit: this node may have been admitted to the validators, or removed from them.
    pub(super) fn review_membership(&mut self) {
        let votes = self.me.is_some_and(|key| self.ledger.validators().by_key(&key).is_some());
        match (votes, self.standing) {
            (true, Standing::Observer) => {
                self.standing = Standing::Asking;
                self.heard.clear();
                self.note(
                    "this node is a validator from the next height on: it asks its peers what \
                     they know of its key"
                        .into(),
                );
                self.tell_status();
                self.review_standing();
            }
            (false, Standing::Asking | Standing::Withheld | Standing::Held | Standing::Active) => {
                self.standing = Standing::Observer;
                self.note("this node is no validator any more: it follows".into());
            }
            _ => {}
        }
    }

    /// Takes in what a peer says about this node's key. One whose tip is not proven is not
    /// counted: it could name any height, and so keep this node silent for ever. Where it is only
    /// far ahead, its next words are proven once this node has caught up.
    pub(super) fn hear(&mut self, agency: Option<&AgencyId>, status: &Status) {
        if !matches!(self.standing, Standing::Asking | Standing::Withheld | Standing::Held) {
            return;
        }
        let set = self.ledger.validators();
        let Some(key) = agency.and_then(|agency| set.by_agency(agency)).map(|v| v.key) else {
            return;
        };
        if Some(key) == self.me {
            return;
        }
        // Only what this node's own key really signed counts: a peer cannot silence it by a claim.
        let genuine = status.newest_of_yours.as_ref().filter(|message| {
            Some(message.validator()) == self.me && message.is_genuine(self.ledger.consortium())
        });
        let certified = status.certificate.iter().flat_map(precommits);
        let newest_of_ours = certified
            .filter(|message| {
                Some(message.validator()) == self.me && message.is_genuine(self.ledger.consortium())
            })
            .chain(genuine.cloned())
            .map(|message| message.position())
            .max();
        self.heard.insert(key, Heard { tip: status.height, newest_of_ours });
        self.review_standing();
    }

    /// Whether enough was heard to vote, or to know from where.
    pub(super) fn review_standing(&mut self) {
        match self.standing {
            Standing::Asking => self.review_asking(),
            Standing::Withheld => self.review_withheld(),
            Standing::Observer | Standing::Held | Standing::Active => {}
        }
    }

    /// A certificate is on the chain. Where it shows a signature of this node's key that the
    /// guard does not know, the guard has lost it, or another machine signs with the key.
    pub(super) fn check_own_signature(&mut self, certificate: &CommitCertificate) {
        let own = precommits(certificate).find(|message| Some(message.validator()) == self.me);
        let Some(position) = own.map(|message| message.position()) else { return };
        self.signed_on_chain = self.signed_on_chain.max(Some(position));
        if self.standing == Standing::Active && !self.guard_covers(position) {
            self.halt(format!(
                "a certificate shows a signature of this node's key ({position}) that its sign \
                 guard does not know. Either another machine votes with the same key, or log/ is \
                 an old copy: stop the other machine for certain, then start this node again; see \
                 docs/operations.md, \"Restored from a backup\""
            ));
        }
    }

    /// Whether the guard holds what was signed there, or will sign only above it.
    fn guard_covers(&self, position: MarkPosition) -> bool {
        let Some(Signer { guard, .. }) = &self.signer else { return false };
        position.height < guard.vote_from()
            || guard.last().is_some_and(|last| last.position() >= position)
    }

    fn power_heard(&self) -> u64 {
        let set = self.ledger.validators();
        self.heard.keys().filter_map(|key: &PublicKey| set.by_key(key)).map(|v| v.power).sum()
    }

    fn review_asking(&mut self) {
        let set = self.ledger.validators();
        let own = self.me.and_then(|key| set.by_key(&key)).map_or(0, |v| v.power);
        if !set.is_quorum(own + self.power_heard()) {
            return;
        }
        // The certificates up to there may show what the guard has forgotten. Those of the tip
        // itself are not waited for: it may be that it cannot be decided again without this node.
        let highest = self.heard.values().map(|heard| heard.tip).max().unwrap_or_default();
        if highest > self.next_height() {
            return;
        }
        let newest = self.heard.values().filter_map(|heard| heard.newest_of_ours).max();
        let newest = newest.max(self.signed_on_chain);
        if self.signer.is_none() {
            self.withhold("is missing");
        } else if newest.is_some_and(|newest| !self.guard_covers(newest)) {
            self.withhold("lacks messages that its peers saw");
        } else {
            self.standing = Standing::Active;
            self.note("this node votes: its sign guard holds all that its peers saw".into());
            self.start_if_due();
        }
    }

    fn withhold(&mut self, what: &str) {
        self.standing = Standing::Withheld;
        self.note(format!(
            "the sign guard of this node {what}: it was restored from a backup or lost its \
             write-ahead log. It follows without voting until it is certain that its key signed \
             nothing newer"
        ));
        self.review_withheld();
        self.start_if_due();
    }

    fn review_withheld(&mut self) {
        let set = self.ledger.validators();
        let (true, Some(key)) = (set.is_quorum(self.power_heard()), &self.config.validator_key)
        else {
            return;
        };
        let key = key.clone();
        let tips = self.heard.values().map(|heard| heard.tip);
        let seen = self.heard.values().filter_map(|heard| heard.newest_of_ours);
        let highest = tips.max().unwrap_or_default().max(self.ledger.tip().height).0;
        let highest = seen.map(|position| position.height).max().unwrap_or(0).max(highest);
        let vote_from = highest.saturating_add(SILENT_HEIGHTS);
        let public_key = *key.public().as_bytes();
        self.persist(StorageOp::AdoptGuard { public_key, vote_from });
        let mut guard = Guard::new(public_key, vote_from);
        if let Some(signer) = self.signer.take() {
            guard.succeed(signer.guard);
        }
        self.signer = Some(Signer { key, guard });
        self.standing = Standing::Active;
        self.note(format!("this node votes again from height {vote_from}"));
        if matches!(self.phase, Phase::Idle) {
            self.start_if_due();
        }
    }
}
