//! What the people and gateways of the benchmark sign.
//! Holds: each record is another one; the rules allow all of them while what they refer to is there.
//! May not enter: in what proportion they are (see `mix`); submitting.

use std::sync::atomic::Ordering;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::dataset::DeliveryMode;
use comity_core::grant::GrantTerms;
use comity_core::hash::Commitment;
use comity_core::ids::{DatasetId, ExchangeId, GrantId, Nonce, RequestId, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::legs::Acknowledgement;
use comity_core::request::RequestTerms;
use comity_core::statement::{
    Action, Capacity, MAX_SEALED, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner,
};
use comity_core::text::AgencyId;

use crate::failure::DevnetError;

use super::prepare::{Provider, readable};

/// Accesses under one grant, more than any run has (count).
const AMPLE: u64 = 1_000_000_000;
/// How long grants are in force (ms).
const GRANTED_MS: u64 = 30 * 24 * 60 * 60 * 1000;

impl Provider {
    /// Another access with so many sealed commitments (0 to twice [`MAX_SEALED`]): the attempt's first, then
    /// the statement's. Errors: no random numbers.
    pub(super) fn access(
        &self,
        now: TimeMs,
        validity_ms: u64,
        sealed: usize,
    ) -> Result<Vec<u8>, DevnetError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.numbered_access(number, (now, now.plus(validity_ms)), sealed)
    }

    /// The access that has this number, made at the first of two times and valid until the second.
    /// Errors: no random numbers.
    pub(crate) fn numbered_access(
        &self,
        number: u64,
        (now, valid_until): (TimeMs, TimeMs),
        sealed: usize,
    ) -> Result<Vec<u8>, DevnetError> {
        let within = sealed.min(MAX_SEALED);
        let attempt = Attempt {
            consortium: self.consortium,
            exchange: ExchangeId(draw()?),
            grant: self.grants.at(number).into(),
            dataset: self.dataset.clone(),
            requester: self.requester.clone(),
            officer: self.officer.public(),
            matter: self.matter.clone(),
            items: self.items.clone(),
            mode: DeliveryMode::Verify,
            made_at: now,
            valid_until,
            sealed: commitments(within)?,
            batch: None,
            capacity: Default::default(),
        };
        let signature = self.officer.sign_attempt(&attempt);
        let action = Action::RecordAccess {
            attempt: SignedAttempt { attempt, signature },
            number,
            answer: None,
        };
        let by = (&self.agency, &self.gateway, KeyRole::Gateway);
        self.signed(by, valid_until, commitments(sealed - within)?, action)
    }

    /// The requester's officer asks for a grant. Errors: no random numbers.
    pub(super) fn request(&self, valid_until: TimeMs) -> Result<Vec<u8>, DevnetError> {
        let asked = self.terms(&self.asked_for);
        let terms = RequestTerms { asked, once: false, needed_by: None, bundle: None };
        self.by_officer(valid_until, Action::OpenRequest { terms })
    }

    /// The steward grants what was asked for. Errors: no random numbers.
    pub(super) fn approval(
        &self,
        valid_until: TimeMs,
        request: RequestId,
    ) -> Result<Vec<u8>, DevnetError> {
        let terms = self.terms(&self.asked_for);
        self.by_steward(valid_until, Action::ApproveRequest { request, terms })
    }

    /// The steward grants what nobody asked for. Errors: no random numbers.
    pub(super) fn issue(&self, valid_until: TimeMs) -> Result<Vec<u8>, DevnetError> {
        self.by_steward(valid_until, Action::IssueGrant { terms: self.terms(&self.dataset) })
    }

    /// The steward grants what nobody asked for, for more accesses than anybody will count. Errors: no
    /// random numbers.
    pub(crate) fn ample(&self, valid_until: TimeMs) -> Result<Vec<u8>, DevnetError> {
        let quota = Some(AMPLE);
        let terms =
            GrantTerms { total_quota: quota, daily_quota: quota, ..self.terms(&self.dataset) };
        self.by_steward(valid_until, Action::IssueGrant { terms })
    }

    /// The steward takes a grant back. Errors: no random numbers.
    pub(super) fn revocation(
        &self,
        valid_until: TimeMs,
        grant: GrantId,
    ) -> Result<Vec<u8>, DevnetError> {
        let reason = readable("no longer needed")?;
        self.by_steward(valid_until, Action::RevokeGrant { grant, reason })
    }

    /// The requester's officer says that what these accesses gave was received. Errors: no random
    /// numbers.
    pub(super) fn acknowledgement(
        &self,
        valid_until: TimeMs,
        accesses: Vec<Acknowledgement>,
    ) -> Result<Vec<u8>, DevnetError> {
        let grant = self.grant.into();
        self.by_officer(valid_until, Action::AcknowledgeAccess { grant, accesses })
    }

    fn by_officer(&self, valid_until: TimeMs, action: Action) -> Result<Vec<u8>, DevnetError> {
        let by = (&self.requester, &self.officer, KeyRole::Officer);
        self.signed(by, valid_until, vec![], action)
    }

    fn by_steward(&self, valid_until: TimeMs, action: Action) -> Result<Vec<u8>, DevnetError> {
        let by = (&self.agency, &self.steward, KeyRole::Steward);
        self.signed(by, valid_until, vec![], action)
    }

    fn signed(
        &self,
        (agency, secret, role): (&AgencyId, &SecretKey, KeyRole),
        valid_until: TimeMs,
        sealed: Vec<Commitment>,
        action: Action,
    ) -> Result<Vec<u8>, DevnetError> {
        let (agency, key) = (agency.clone(), secret.public());
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: self.consortium,
            nonce: Nonce(draw()?),
            valid_until,
            signers: vec![StatementSigner { agency, key, role, capacity: Capacity::Agency }],
            sealed,
            action,
        };
        let signatures = vec![secret.sign_statement(&statement)];
        Ok(SignedRecord { statement, signatures }.to_bytes())
    }

    fn terms(&self, dataset: &DatasetId) -> GrantTerms {
        GrantTerms {
            dataset: dataset.clone(),
            requester: self.requester.clone(),
            matters: [self.matter.clone()].into(),
            duty_basis: self.duty_basis.clone(),
            items: self.items.clone(),
            modes: [DeliveryMode::Verify].into(),
            not_before: self.since,
            not_after: self.since.plus(GRANTED_MS),
            total_quota: Some(10_000),
            daily_quota: Some(1_000),
            conditions: Default::default(),
            officers: Default::default(),
            onward: Default::default(),
            undertakings: Vec::new(),
            task_force: None,
        }
    }
}

fn commitments(count: usize) -> Result<Vec<Commitment>, DevnetError> {
    (0..count).map(|_| Ok(Commitment(draw()?))).collect()
}

fn draw<const N: usize>() -> Result<[u8; N], DevnetError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|e| DevnetError::Unexpected(format!("the system gave no random numbers: {e}")))?;
    Ok(bytes)
}
