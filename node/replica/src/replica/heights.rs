//! Beginning and ending heights.
//! Holds: one height at a time; the next begins only when the last is durable, and only for a
//! reason: a record waits, the heartbeat is due, or a valid message for it has come.

use std::collections::BTreeSet;
use std::sync::Arc;

use comity_core::block::{Block, CommittedBlock, Header};
use comity_core::governance::PROTOCOL_VERSION;
use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::ledger::Executed;
use comity_core::polka::PolkaCertificate;
use comity_core::statement::VerifiedRecord;
use comity_core::vote::{CommitCertificate, VerifiedCertificate};

use super::startup::{Standing, precommits};
use super::{Left, Phase, Replica, rules_unknown};
use crate::candidates::{Candidate, Judgement};
use crate::engine::{Engine, Setting, entry_names};
use crate::io::{Commit, Effect, Timer};
use crate::storage::{RecoveredBody, StorageOp};
use crate::verified::Verified;

impl Replica {
    /// The height that is, or will be, decided next.
    pub(super) fn next_height(&self) -> Height {
        self.ledger.tip().height.next()
    }

    /// Begins the next height if there is a reason to.
    pub(super) fn start_if_due(&mut self) {
        let left = self.left.contains_key(&self.next_height().0);
        let due = left || self.heartbeat_due || !self.pool.is_empty();
        if due && matches!(self.phase, Phase::Idle) {
            self.start_height();
        }
    }

    /// Begins the next height, if nothing else is going on.
    pub(super) fn start_height(&mut self) {
        if !matches!(self.phase, Phase::Idle) || self.standing == Standing::Asking {
            return;
        }
        let height = self.next_height();
        let Left { entries, bodies } = self.left.remove(&height.0).unwrap_or_default();
        let named: BTreeSet<HeaderHash> =
            entries.iter().filter_map(|entry| entry_names(entry)).collect();
        self.take_left_bodies(bodies, &named);
        if named.iter().any(|named| self.candidates.get(named).is_none()) {
            self.halt(format!(
                "the write-ahead log names a block of height {height} whose body it does not \
                 hold: it is damaged. Restore this node's directory from nothing (it will fetch \
                 the log from its peers) and see docs/operations.md, \"Sign guard lost\""
            ));
            return;
        }
        let mut signer = self.signer_for(height);
        let setting = Setting {
            consortium: *self.ledger.consortium(),
            height,
            validators: self.ledger.validators(),
            me: self.me,
            recovered: entries,
            verified: std::mem::take(&mut self.verified),
        };
        match Engine::start(setting, &mut signer) {
            Ok((engine, outputs)) => {
                self.restore_signer(signer);
                self.phase = Phase::Deciding(Box::new(engine));
                self.effects.push(Effect::CancelTimer(Timer::Heartbeat));
                self.perform(height, outputs);
            }
            Err(error) => {
                self.restore_signer(signer);
                self.halt(format!("the write-ahead log of height {height} is damaged: {error}"));
            }
        }
    }

    /// Blocks that an earlier run had proposed or seen for this height. They were verified then,
    /// and are again. The engine knows of those that its own entries name.
    fn take_left_bodies(&mut self, bodies: Vec<RecoveredBody>, named: &BTreeSet<HeaderHash>) {
        for RecoveredBody { header_hash, bytes, .. } in bodies {
            let Ok(block) = Block::from_bytes(&bytes) else { continue };
            let consortium = *self.ledger.consortium();
            let records: Result<Vec<VerifiedRecord>, _> = block
                .records
                .iter()
                .map(|bytes| VerifiedRecord::verify(bytes, &consortium))
                .collect();
            let Ok(records) = records else { continue };
            let proposer =
                self.ledger.validators().select(block.header.height, block.header.proposal_round);
            let candidate = Candidate {
                leaves: records.iter().map(VerifiedRecord::leaf).collect(),
                records: records.iter().map(|r| (r.leaf(), r.clone())).collect(),
                missing: BTreeSet::new(),
                parent_certificate: block.parent_certificate.clone(),
                judgement: Judgement::Incomplete,
                round: block.header.proposal_round,
                proposer: proposer.key,
                timed: named.contains(&header_hash),
                released: named.contains(&header_hash),
                wanted: named.contains(&header_hash),
                fed: named.contains(&header_hash),
                header: block.header,
            };
            match self.execute_candidate(&candidate) {
                Ok(executed) => {
                    let judgement = Judgement::Valid(executed);
                    self.candidates.insert(header_hash, Candidate { judgement, ..candidate });
                }
                Err(reason) => self.note_invalid(&candidate.header, candidate.round, &reason),
            }
        }
    }

    /// The engine has decided.
    pub(super) fn on_decided(&mut self, certificate: CommitCertificate) {
        let hash = certificate.header_hash;
        let height = certificate.height;
        let consortium = *self.ledger.consortium();
        let Some(candidate) = self.candidates.remove(&hash) else {
            // The engine stays as it is, decided: the block comes by catching up, and a second
            // engine for one height would sign anew.
            self.note(format!("block {height} was decided, but its body is not here yet"));
            self.catch_up.suspect(height.next());
            self.tell_status();
            return;
        };
        let block = candidate.block();
        let (Some(block), Judgement::Valid(executed)) = (block, candidate.judgement) else {
            self.halt(format!("block {height} was decided, but does not execute here"));
            return;
        };
        match self.verified().certificate(certificate, &consortium, self.ledger.validators()) {
            Ok(certificate) => {
                let polkas = self.polkas_beside(certificate.certificate(), Vec::new());
                self.commit(block, *executed, certificate, polkas);
            }
            Err(error) => {
                self.halt(format!("the decision of block {height} is not proven: {error}"))
            }
        }
        self.end_height();
    }

    /// Makes a certified block the tip and has it written. It is announced when it is durable.
    pub(super) fn commit(
        &mut self,
        block: Block,
        executed: Executed,
        certificate: VerifiedCertificate,
        polkas: Vec<PolkaCertificate>,
    ) {
        let header = executed.header.clone();
        let committed =
            CommittedBlock { block, certificate: certificate.certificate().clone(), polkas };
        self.persist(StorageOp::Commit {
            height: header.height.0,
            header_hash: executed.hash,
            payload: committed.to_bytes(),
        });
        self.ledger.commit(&executed);
        self.pool.committed(executed.records.iter().map(VerifiedRecord::leaf));
        let parent = committed.block.parent_certificate;
        let commit = Commit {
            header_hash: executed.hash,
            certificate: committed.certificate,
            records: executed.records,
            changes: executed.changes,
            state: self.ledger.state().clone(),
            log: self.ledger.log().clone(),
            tip_validators: self.ledger.tip_validators().clone(),
            validators: self.ledger.validators().clone(),
            header,
        };
        self.announce_when_durable(Arc::new(commit));
        for shown in parent.iter().chain([certificate.certificate()]) {
            self.check_own_signature(shown);
        }
        for vote in precommits(certificate.certificate()) {
            self.saw(vote);
        }
        self.certificate = Some(certificate);
        self.check_rules_known();
        self.tip_since_ms = self.now.mono_ms;
        let decided = self.ledger.tip().height.0;
        self.left.retain(|height, _| *height > decided);
        if let Some(signer) = &mut self.signer {
            signer.guard.forget_through(decided);
        }
    }

    /// Stops before a height whose rules this software does not know.
    fn check_rules_known(&mut self) {
        let version = self.ledger.rules_version();
        if version > PROTOCOL_VERSION {
            self.halt(rules_unknown(version, self.ledger.tip().height));
        }
    }

    /// Ends what was being decided: the next height begins when all is durable.
    pub(super) fn end_height(&mut self) {
        self.leave_engine();
        self.review_membership();
        self.heartbeat_due = false;
        self.phase = Phase::Committing(self.outbox.position());
        self.review_standing();
        self.review_pool();
        self.after_durable();
    }

    /// Gives up the engine and the candidates of a height that is decided, here or elsewhere.
    pub(super) fn leave_engine(&mut self) {
        if let Phase::Deciding(engine) = &mut self.phase {
            for number in engine.running_timers() {
                self.effects.push(Effect::CancelTimer(Timer::Consensus { number }));
            }
            self.verified = engine.take_verified();
            self.verified.end_height();
            self.phase = Phase::Idle;
        }
        self.candidates.clear();
    }

    /// What waited for durability goes on.
    pub(super) fn after_durable(&mut self) {
        let Phase::Committing(position) = self.phase else { return };
        if !self.outbox.is_durable(position) {
            return;
        }
        self.phase = Phase::Idle;
        self.set_timer(Timer::Heartbeat, self.ledger.params().heartbeat_ms);
        self.take_early();
        self.start_if_due();
    }

    /// Messages for this height that came while the last one was being written.
    fn take_early(&mut self) {
        let height = self.next_height();
        for (peer, message) in self.early.take() {
            match super::consensus::height_of(&message) {
                Some(of) if of == height => {
                    self.take_consensus_message(peer, &message);
                }
                Some(of) if of > height => self.early.keep(peer, message),
                Some(_) | None => {}
            }
        }
    }

    /// Executes a complete candidate on the tip. Errors: why no correct validator votes for it.
    pub(super) fn execute_candidate(&self, candidate: &Candidate) -> Result<Box<Executed>, String> {
        let records: Option<Vec<VerifiedRecord>> =
            candidate.leaves.iter().map(|leaf| candidate.records.get(leaf).cloned()).collect();
        let Some(records) = records else { unreachable!("only complete candidates are executed") };
        let parent = self
            .check_parent(candidate.parent_certificate.clone())
            .map_err(|error| error.to_string())?;
        let executed = self.ledger.execute(&candidate.header, records, parent.as_ref());
        executed.map(Box::new).map_err(|error| error.to_string())
    }

    /// Says why a proposed block gets no vote of this node.
    pub(super) fn note_invalid(&mut self, header: &Header, round: u32, reason: &str) {
        let height = header.height;
        self.note(format!("the block proposed at {height}/{round} is not valid: {reason}"));
    }

    /// Verifies a parent's certificate, unless it is the one that this node holds.
    pub(super) fn check_parent(
        &self,
        certificate: Option<CommitCertificate>,
    ) -> Result<Option<VerifiedCertificate>, comity_core::vote::CertificateError> {
        let Some(certificate) = certificate else { return Ok(None) };
        let own = self.certificate.as_ref().filter(|own| *own.certificate() == certificate);
        match own {
            Some(own) => Ok(Some(own.clone())),
            None => {
                let set = self.ledger.tip_validators();
                let consortium = self.ledger.consortium();
                self.verified().certificate(certificate, consortium, set).map(Some)
            }
        }
    }

    /// The votes and proposals that this node verified of late.
    fn verified(&self) -> &Verified {
        match &self.phase {
            Phase::Deciding(engine) => engine.verified(),
            Phase::Idle | Phase::Committing(_) => &self.verified,
        }
    }

    /// A candidate's body goes to the disk before the engine may vote for it.
    pub(super) fn persist_body(&mut self, header_hash: HeaderHash, block: &Block) {
        self.persist(StorageOp::Body {
            height: block.header.height.0,
            header_hash,
            bytes: block.to_bytes(),
        });
    }
}
