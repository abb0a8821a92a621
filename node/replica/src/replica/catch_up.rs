//! Statuses, requests, and catching up with peers that are ahead.
//! Holds: a fetched block's certificate is checked first, and once; blocks are executed in order, while the
//! next ones are fetched and verified; a certified block that does not execute here halts the node.

use std::collections::BTreeMap;

use comity_core::block::{Block, CommittedBlock};
use comity_core::hash::{HeaderHash, leaf_hash};
use comity_core::ids::Height;
use comity_core::ledger::Tip;
use comity_core::polka::{PolkaCertificate, check_polkas};
use comity_core::statement::{RecordError, VerifiedRecord};
use comity_core::text::AgencyId;
use comity_core::vote::VerifiedCertificate;

use super::{Asked, Replica, Verifying, records::with_leaves};
use crate::io::{Effect, Peer, Ticket};
use crate::message::{Request, Response, Status};

/// Most bytes of blocks asked for at once.
const BATCH_BYTES: u32 = 1024 * 1024;
/// Batches of blocks that may have come and not be executed yet (count): while one is executed another is
/// verified, and the next is on its way.
pub(super) const MAX_FETCHED: usize = 3;
/// A tip that has not moved for this long (ms) is caught up even if a peer is only one ahead.
const PATIENCE_MS: u64 = 700;

/// How catching up goes.
#[derive(Default)]
pub(super) struct CatchUp {
    /// Blocks are asked for.
    busy: bool,
    /// Batches that came and are not executed yet.
    pub(super) fetched: usize,
    /// The last block that came and is not executed yet.
    last_fetched: Option<(Height, HeaderHash)>,
    /// Batches that are verified, by their first heights, while those before them are not.
    verified: BTreeMap<Height, VerifiedBatch>,
    /// What follows can be checked only when what came is executed: the validators change.
    waits: bool,
    /// Grows when all that came is given up; what is verified of it then, or was asked for after it, is
    /// looked at no more.
    run: u64,
    /// A height that peers were heard to decide.
    heard_of: Height,
    /// Who was asked last: the next to be asked is another, if another is ahead.
    last: Option<Peer>,
}

/// A fetched block whose certificate, and polka certificates, were verified.
pub(super) struct Certified {
    block: Block,
    proof: VerifiedCertificate,
    polkas: Vec<PolkaCertificate>,
}

/// Blocks that came together and follow one another, at least one.
pub(super) struct Batch {
    peer: Peer,
    blocks: Vec<Certified>,
    run: u64,
}

/// A batch whose records were verified: each block with its own, or with what is wrong with one of them.
struct VerifiedBatch {
    peer: Peer,
    blocks: Vec<(Certified, Result<Vec<VerifiedRecord>, RecordError>)>,
}

/// What a fetched block is.
enum Fetched {
    /// The next one, certified.
    Next(Box<Certified>),
    /// One that this node has meanwhile.
    Old,
    /// One that cannot be checked before those ahead of it are executed: the validators change.
    Later,
}

impl CatchUp {
    /// Peers are deciding `height`, so the one before exists.
    pub(super) fn suspect(&mut self, height: Height) {
        self.heard_of = self.heard_of.max(height);
    }

    /// Gives up all that came: it is asked for anew, from the tip on.
    fn give_up(&mut self) {
        self.run += 1;
        self.verified.clear();
        (self.fetched, self.last_fetched, self.waits) = (0, None, false);
    }
}

impl Replica {
    pub(super) fn on_peer_up(&mut self, peer: Peer, agency: Option<AgencyId>) {
        self.peers.insert(peer, agency);
        let status = self.status_for(peer);
        self.ask(peer, Request::Status(Box::new(status)), Asked::Status);
    }

    pub(super) fn ask(&mut self, peer: Peer, request: Request, asked: Asked) {
        let ticket = self.next_ticket();
        self.asked.insert(ticket, asked);
        self.effects.push(Effect::Request { peer, ticket, request });
    }

    pub(super) fn tell_status(&mut self) {
        for peer in self.peers.ids() {
            let status = self.status_for(peer);
            self.ask(peer, Request::Status(Box::new(status)), Asked::Status);
        }
    }

    fn status_for(&self, peer: Peer) -> Status {
        let tip = self.ledger.tip();
        let validators = self.ledger.validators();
        let agency = self.peers.get(peer).and_then(|state| state.agency.as_ref());
        let key = agency.and_then(|agency| validators.by_agency(agency)).map(|v| v.key);
        Status {
            consortium: *self.ledger.consortium(),
            height: tip.height,
            header_hash: tip.hash,
            certificate: self.certificate.as_ref().map(|c| c.certificate().clone()),
            newest_of_yours: key.and_then(|key| self.newest_seen.get(&key).cloned()),
        }
    }

    pub(super) fn on_request(&mut self, peer: Peer, ticket: Ticket, request: Request) {
        let response = match request {
            Request::Status(status) => {
                let own = self.status_for(peer);
                self.on_status(peer, *status);
                Response::Status(Box::new(own))
            }
            Request::Body { header_hash, .. } => {
                let block = self.candidates.get(&header_hash).and_then(|c| c.block());
                Response::Body(block.map(|block| block.to_bytes()))
            }
            // The shell answers these from its files.
            Request::Blocks { .. } => Response::Blocks(Vec::new()),
            Request::Snapshot { .. } => Response::Snapshot(None),
            Request::SnapshotChunk { .. } => Response::SnapshotChunk(None),
            // The network answers these itself.
            Request::Addresses => Response::Addresses(Vec::new()),
            Request::Neighbours(_) => Response::Noted,
        };
        self.effects.push(Effect::Respond { ticket, response });
    }

    pub(super) fn on_response(&mut self, peer: Peer, ticket: Ticket, response: Option<Response>) {
        let Some(asked) = self.asked.remove(&ticket) else { return };
        match (asked, response) {
            (Asked::Status, Some(Response::Status(status))) => self.on_status(peer, *status),
            (Asked::Body { header_hash }, Some(Response::Body(Some(bytes)))) => {
                self.on_body(peer, header_hash, &bytes);
            }
            (Asked::Blocks { run }, Some(Response::Blocks(blocks))) if run == self.catch_up.run => {
                self.on_blocks(peer, blocks);
            }
            // Also where what these blocks follow was given up meanwhile, by no fault of this peer.
            (Asked::Blocks { .. }, _) => self.catch_up.busy = false,
            (Asked::Status | Asked::Body { .. }, _) => {}
        }
    }

    fn on_status(&mut self, peer: Peer, status: Status) {
        if status.consortium != *self.ledger.consortium() {
            let reason = "it belongs to another consortium (another genesis)".to_owned();
            self.effects.push(Effect::Disconnect { peer, reason });
            return;
        }
        let tip = self.ledger.tip();
        let proven = match &status.certificate {
            None => status.height == Height(0),
            Some(_) if status.height <= tip.height => true,
            Some(certificate) => {
                certificate.height == status.height
                    && certificate.header_hash == status.header_hash
                    && certificate
                        .clone()
                        .verify(self.ledger.consortium(), self.ledger.validators())
                        .is_ok()
            }
        };
        let Some(state) = self.peers.get_mut(peer) else { return };
        state.claimed = status.height;
        if proven {
            state.proven = status.height;
        }
        let agency = state.agency.clone();
        if let Some(certificate) = &status.certificate {
            self.compare_with_own(certificate);
        }
        if proven {
            self.hear(agency.as_ref(), &status);
        }
        self.catch_up_if_behind();
    }

    /// The last block that is here, executed or not.
    fn frontier(&self) -> (Height, HeaderHash) {
        let tip = self.ledger.tip();
        let fetched = self.catch_up.last_fetched.filter(|(height, _)| *height > tip.height);
        fetched.unwrap_or((tip.height, tip.hash))
    }

    /// Asks a peer that is ahead for the blocks after those that are here, unless one was asked already,
    /// enough are here, or the next block is about to be decided here anyway.
    pub(super) fn catch_up_if_behind(&mut self) {
        let (here, _) = self.frontier();
        let mut ahead = self.peers.ahead_of(here);
        if self.catch_up.busy || ahead.is_empty() {
            return;
        }
        let enough = self.catch_up.waits || self.catch_up.fetched >= MAX_FETCHED;
        let far =
            !self.peers.ahead_of(here.next()).is_empty() || self.catch_up.heard_of > here.next();
        let waited = self.now.mono_ms.saturating_sub(self.tip_since_ms) >= PATIENCE_MS;
        if enough || !far && !waited {
            return;
        }
        if ahead.len() > 1 {
            ahead.retain(|peer| Some(*peer) != self.catch_up.last);
        }
        let peer = ahead[self.choose(ahead.len())];
        self.catch_up.busy = true;
        self.catch_up.last = Some(peer);
        let request = Request::Blocks { from: here.next(), max_bytes: BATCH_BYTES };
        self.ask(peer, request, Asked::Blocks { run: self.catch_up.run });
    }

    /// Blocks came: their certificates are checked, then all their records are verified at once.
    fn on_blocks(&mut self, peer: Peer, blocks: Vec<Vec<u8>>) {
        self.catch_up.busy = false;
        let mut checked: Vec<Certified> = Vec::new();
        let mut records = Vec::new();
        let mut fault = None;
        let mut here = self.frontier();
        for bytes in blocks {
            match self.check_fetched(&bytes, here) {
                Ok(Fetched::Next(block)) => {
                    records.extend(block.block.records.iter().cloned());
                    here = (here.0.next(), block.proof.certificate().header_hash);
                    checked.push(*block);
                }
                Ok(Fetched::Old) => {}
                Ok(Fetched::Later) => {
                    self.catch_up.waits = true;
                    break;
                }
                Err(reason) => {
                    self.compare_with_parent(&bytes);
                    fault = Some(reason);
                    break;
                }
            }
        }
        if let Some(reason) = fault {
            self.effects.push(Effect::Disconnect { peer, reason });
        }
        if checked.is_empty() {
            if let Some(state) = self.peers.get_mut(peer).filter(|_| !self.catch_up.waits) {
                // It claimed more than it could show; its next status may say otherwise.
                state.claimed = Height(0);
            }
            return;
        }
        self.catch_up.fetched += 1;
        self.catch_up.last_fetched = Some(here);
        let batch = Batch { peer, blocks: checked, run: self.catch_up.run };
        self.verify(Verifying::Blocks(batch), with_leaves(records).collect());
        self.catch_up_if_behind();
    }

    /// A block that does not follow from this node's tip may carry the proof of another.
    fn compare_with_parent(&mut self, bytes: &[u8]) {
        let fetched = CommittedBlock::from_bytes(bytes).ok();
        if let Some(parent) = fetched.and_then(|fetched| fetched.block.parent_certificate) {
            self.compare_with_own(&parent);
        }
    }

    /// Decodes a block that was fetched after those that are `here`, and checks its certificate, and the
    /// polka certificates beside it.
    fn check_fetched(
        &self,
        bytes: &[u8],
        (here, parent): (Height, HeaderHash),
    ) -> Result<Fetched, String> {
        let fetched = CommittedBlock::from_bytes(bytes)
            .map_err(|error| format!("it sent a block that is none: {error}"))?;
        let header = &fetched.block.header;
        let height = here.next();
        if header.height < height {
            return Ok(Fetched::Old);
        }
        if header.height != height || header.parent != parent {
            return Err("it sent a block that does not follow from the ones before".to_owned());
        }
        if !Tip::of(header).is_named_by(&fetched.certificate) {
            return Err("it sent a block with the certificate of another".to_owned());
        }
        let (set, consortium) = (self.ledger.validators(), self.ledger.consortium());
        if header.validators != set.hash(consortium) {
            return match here > self.ledger.tip().height {
                true => Ok(Fetched::Later),
                false => Err("it sent a block that names other validators".to_owned()),
            };
        }
        let CommittedBlock { block, certificate, polkas } = fetched;
        let proof = match certificate.verify(consortium, set) {
            Ok(proof) => proof,
            Err(error) => return Err(format!("it sent a block with a bad certificate: {error}")),
        };
        match check_polkas(&polkas, height, consortium, set) {
            Ok(()) => Ok(Fetched::Next(Box::new(Certified { block, proof, polkas }))),
            Err(error) => Err(format!("it sent a block with bad polka certificates: {error}")),
        }
    }

    /// The records of a batch were verified: it is executed, if those before it are.
    pub(super) fn take_blocks(
        &mut self,
        batch: Batch,
        results: Vec<Result<VerifiedRecord, RecordError>>,
    ) {
        let Batch { peer, blocks, run } = batch;
        let Some(first) = blocks.first().map(|first| first.block.header.height) else { return };
        if run != self.catch_up.run {
            return;
        }
        let blocks = with_records(blocks, |fetched| fetched.block.records.len(), results);
        self.catch_up.verified.insert(first, VerifiedBatch { peer, blocks });
        let before = self.ledger.tip().height;
        let mut sound = true;
        while let Some(next) = self.catch_up.verified.first_entry()
            && *next.key() <= self.ledger.tip().height.next()
            && sound
        {
            let VerifiedBatch { peer, blocks } = next.remove();
            self.catch_up.fetched -= 1;
            sound = self.execute_fetched(peer, blocks);
        }
        if self.halted {
            return;
        }
        if !sound {
            self.catch_up.give_up();
        }
        if self.ledger.tip().height > before {
            self.end_height();
        }
        self.catch_up.waits &= self.catch_up.fetched > 0 && self.ledger.tip().height == before;
        self.catch_up_if_behind();
    }

    /// Executes and commits blocks in order. False where what comes after them is of no use any more.
    fn execute_fetched(
        &mut self,
        peer: Peer,
        blocks: Vec<(Certified, Result<Vec<VerifiedRecord>, RecordError>)>,
    ) -> bool {
        for (fetched, records) in blocks {
            if fetched.block.header.height != self.next_height() {
                continue;
            }
            match records {
                Ok(records) => {
                    if !self.commit_fetched(peer, fetched, records) {
                        return false;
                    }
                }
                Err(error) => {
                    self.mistrust_body(peer, &fetched, &error.to_string());
                    return false;
                }
            }
        }
        true
    }

    /// Commits a fetched block whose certificate and records were verified.
    fn commit_fetched(
        &mut self,
        peer: Peer,
        fetched: Certified,
        records: Vec<VerifiedRecord>,
    ) -> bool {
        let Certified { block, proof, polkas } = fetched;
        let height = block.header.height;
        let consortium = *self.ledger.consortium();
        // Its certificate was verified against the validators that it names; they are those of its height
        // only if the blocks before it left them as they were.
        if block.header.validators != self.ledger.validators().hash(&consortium) {
            return false;
        }
        // The header is certified; the body beside it is not, until it matches the header.
        let leaves: Vec<_> = block.records.iter().map(|bytes| leaf_hash(bytes)).collect();
        let parent = self.check_parent(block.parent_certificate.clone());
        let body_fits = comity_core::block::body_hash(&consortium, &leaves) == block.header.body;
        let (true, Ok(parent)) = (body_fits, parent) else {
            let reason = "it sent a block whose body is not the certified one".to_owned();
            self.effects.push(Effect::Disconnect { peer, reason });
            return false;
        };
        if parent.as_ref().map(VerifiedCertificate::hash).unwrap_or_default()
            != block.header.parent_certificate
        {
            let reason = "it sent a block with another parent certificate".to_owned();
            self.effects.push(Effect::Disconnect { peer, reason });
            return false;
        }
        match self.ledger.execute(&block.header, records, parent.as_ref()) {
            Ok(executed) => {
                let polkas = self.polkas_beside(proof.certificate(), polkas);
                self.leave_engine();
                self.commit(block, executed, proof, polkas);
                true
            }
            Err(error) => {
                self.halt(format!(
                    "block {height} was committed by the consortium but does not execute on this \
                     node ({error}). Its state may be damaged or its version too old: run \
                     `comityd reindex`, then check the version; see docs/operations.md"
                ));
                false
            }
        }
    }

    fn mistrust_body(&mut self, peer: Peer, fetched: &Certified, error: &str) {
        let height = fetched.block.header.height;
        let reason = format!("it sent block {height} with a bad record: {error}");
        self.effects.push(Effect::Disconnect { peer, reason });
    }
}

/// Each block with its own records, or with what is wrong with the first bad one of them. A bad
/// record of one block must not shift the records of the next.
fn with_records<B>(
    blocks: Vec<B>,
    count: impl Fn(&B) -> usize,
    results: Vec<Result<VerifiedRecord, RecordError>>,
) -> Vec<(B, Result<Vec<VerifiedRecord>, RecordError>)> {
    let mut results = results.into_iter();
    let pair = |fetched: B| {
        let own: Vec<_> = results.by_ref().take(count(&fetched)).collect();
        (fetched, own.into_iter().collect())
    };
    blocks.into_iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::agency::KeyRole;
    use comity_core::hash::ConsortiumId;
    use comity_core::ids::{Nonce, TimeMs};
    use comity_core::keys::SecretKey;
    use comity_core::statement::{
        Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
    };

    const CONSORTIUM: ConsortiumId = ConsortiumId([1; 32]);

    fn record(number: u8) -> Vec<u8> {
        let key = SecretKey::from_seed(&[2; 32]);
        let signer = StatementSigner {
            agency: "health.gd".parse().unwrap(),
            key: key.public(),
            role: KeyRole::Admin,
            capacity: Capacity::Agency,
        };
        let reason = "left".parse().unwrap();
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: CONSORTIUM,
            nonce: Nonce([number; 16]),
            valid_until: TimeMs(1),
            signers: vec![signer],
            sealed: Vec::new(),
            action: Action::RevokeKey { key: key.public(), reason, suspect_since: None },
        };
        let signatures = vec![key.sign_statement(&statement)];
        SignedRecord { statement, signatures }.to_bytes()
    }

    #[test]
    fn bad_record_of_one_fetched_block_does_not_shift_the_records_of_the_next() {
        let mut bad = record(0);
        *bad.last_mut().unwrap() ^= 1;
        let blocks = vec![vec![bad, record(1), record(2)], vec![record(3)]];
        let all = blocks.iter().flatten();
        let results = all.map(|bytes| VerifiedRecord::verify(bytes, &CONSORTIUM)).collect();
        let paired = with_records(blocks.clone(), Vec::len, results);
        assert!(paired[0].1.is_err());
        let second = paired[1].1.as_ref().unwrap();
        assert_eq!(second.iter().map(|r| r.bytes().to_vec()).collect::<Vec<_>>(), [record(3)]);
    }
}
