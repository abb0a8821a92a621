//! The rules of the ledger, and how records come to be judged by them.

use crate::bug::{Bug, Edit};

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "expired-record-accepted",
        breaks: "6: a record is executed after its validity",
        edits: &[Edit {
            file: "core/src/apply/mod.rs",
            find: "    if at.time > statement.valid_until {",
            replace: "    if !PLANTED && at.time > statement.valid_until {",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "record-executed-twice",
        breaks: "6: a record whose id stands on the log is executed again",
        edits: &[Edit {
            file: "core/src/apply/mod.rs",
            find: "    if state.has_record(&record.id()) {",
            replace: "    if !PLANTED && state.has_record(&record.id()) {",
        }],
        arguments: &["--nodes", "4", "--family", "resubmission"],
        seeds: 20,
    },
    Bug {
        name: "revoked-key-accepted",
        breaks: "6: a record is executed under a key that was revoked before",
        edits: &[Edit {
            file: "core/src/apply/mod.rs",
            find: "        Some(KeyEnd::Revoked(at)) => return Err(Refusal::SignerRevoked { at }),",
            replace: "        Some(KeyEnd::Revoked(at)) if !PLANTED => return Err(Refusal::SignerRevoked { at }),
        Some(KeyEnd::Revoked(_)) => {}",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "ended-key-accepted",
        breaks: "6: a record is executed under a key that has run out",
        edits: &[Edit {
            file: "core/src/apply/mod.rs",
            find: "        Some(KeyEnd::Expired(until)) => return Err(Refusal::SignerExpired { until }),",
            replace: "        Some(KeyEnd::Expired(until)) if !PLANTED => {
            return Err(Refusal::SignerExpired { until });
        }
        Some(KeyEnd::Expired(_)) => {}",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "judged-before-its-block",
        breaks: "7: an access is judged by the state before its block, not at its place in it",
        edits: &[Edit {
            file: "core/src/ledger/run.rs",
            find: "        let changes = apply::apply(&overlay, at, record)?;",
            replace: "        let none = Changes::default();
        let before = Overlay { below: self.ledger, changes: &none };
        let is_access =
            matches!(record.statement().action, crate::statement::Action::RecordAccess { .. });
        let changes = match PLANTED && is_access {
            true => apply::apply(&before, at, record)?,
            false => apply::apply(&overlay, at, record)?,
        };",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "revocation-counts-from-the-next-block",
        breaks: "7: an access is allowed after a revocation in the same block",
        edits: &[
            Edit {
                file: "core/src/ledger/run.rs",
                find: "        self.changes.extend(changes);
        Ok(())",
                replace: "        if let (true, crate::statement::Action::RevokeGrant { .. }) =
            (PLANTED, &record.statement().action)
        {
            self.later.push(changes);
        } else {
            self.changes.extend(changes);
        }
        Ok(())",
            },
            Edit {
                file: "core/src/ledger/run.rs",
                find: "    changes: Changes,
    log: Frontier,
    records: Vec<VerifiedRecord>,
}",
                replace: "    changes: Changes,
    log: Frontier,
    records: Vec<VerifiedRecord>,
    /* PLANTED */
    later: Vec<Changes>,
}",
            },
            Edit {
                file: "core/src/ledger/run.rs",
                find: "            records: Vec::new(),
        }",
                replace: "            records: Vec::new(),
            /* PLANTED */
            later: Vec::new(),
        }",
            },
            Edit {
                file: "core/src/ledger/run.rs",
                find: "    pub(super) fn finish(self, outline: &Outline) -> Executed {",
                replace: "    pub(super) fn finish(mut self, outline: &Outline) -> Executed {
        /* PLANTED */
        for changes in std::mem::take(&mut self.later) {
            self.changes.extend(changes);
        }",
            },
        ],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "judged-by-the-parents-time",
        breaks: "6, 7: a record is judged at its parent's time, so that an end comes one block late",
        edits: &[Edit {
            file: "core/src/ledger/run.rs",
            find: "        let at = Position { index: LogIndex(self.log.size()), time: self.time };",
            replace: "        let time = if PLANTED { self.ledger.tip.time } else { self.time };
        let at = Position { index: LogIndex(self.log.size()), time };",
        }],
        arguments: &["--nodes", "4", "--family", "two-way-cut"],
        seeds: 60,
    },
    Bug {
        name: "revocation-ignored",
        breaks: "7: an access is allowed under a grant that was revoked before",
        edits: &[Edit {
            file: "core/src/apply/accesses.rs",
            find: "    if let Some(revocation) = &grant.revoked {",
            replace: "    if let (false, Some(revocation)) = (PLANTED, &grant.revoked) {",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "exchange-counted-twice",
        breaks: "7: one exchange is recorded by two statements",
        edits: &[Edit {
            file: "core/src/apply/accesses.rs",
            find: "    if state.has_exchange(&attempt.exchange)
",
            replace: "    if (!PLANTED && state.has_exchange(&attempt.exchange))
",
        }],
        arguments: &["--nodes", "4"],
        seeds: 40,
    },
    Bug {
        name: "grant-of-another-ended",
        breaks: "6: a steward ends another agency's grant",
        edits: &[Edit {
            file: "core/src/apply/grants.rs",
            find: "    require_sole_signer(signers, &state::grantor(state, grant), KeyRole::Steward)
",
            replace: "    if PLANTED {
        return Ok(());
    }
    require_sole_signer(signers, &state::grantor(state, grant), KeyRole::Steward)
",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "verdict-cached-by-record-id",
        breaks: "6: a known statement under a bad signature counts as verified",
        edits: &[
            Edit {
                file: "core/src/statement.rs",
                find: "        let signed = encode(statement);
        for (at, (signer, signature)) in
            statement.signers.iter().zip(&record.signatures).enumerate()
        {",
                replace: "        let signed = encode(statement);
        let known = PLANTED
            && crate::planted::knows(&tagged(Purpose::Statement, consortium, &signed));
        for (at, (signer, signature)) in
            statement.signers.iter().zip(&record.signatures).enumerate().skip(usize::from(known) * MAX_SIGNERS)
        {",
            },
            Edit {
                file: "core/src/statement.rs",
                find: "        let leaf = leaf_hash(bytes);
        Ok(VerifiedRecord",
                replace: "        let leaf = leaf_hash(bytes);
        if PLANTED {
            crate::planted::remember(id.0);
        }
        Ok(VerifiedRecord",
            },
        ],
        arguments: &["--nodes", "4", "--family", "resubmission"],
        seeds: 20,
    },
    Bug {
        name: "grant-outlives-its-end",
        breaks: "7: an access is allowed under a grant that has run out",
        edits: &[Edit {
            file: "core/src/apply/accesses.rs",
            find: "    if now >= grant.terms.not_after {",
            replace: "    if !PLANTED && now >= grant.terms.not_after {",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "quota-one-too-many",
        breaks: "7: a grant for so many accesses allows one more",
        edits: &[Edit {
            file: "core/src/apply/accesses.rs",
            find: "grant.terms.total_quota.filter(|limit| after.total > *limit) {",
            replace: "grant.terms.total_quota.filter(|limit| after.total > *limit + u64::from(PLANTED)) {",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "agency-quota-ignored",
        breaks: "10: one agency's records fill a block beyond its quota",
        edits: &[Edit {
            file: "core/src/ledger/run.rs",
            find: "        let within = records < self.params.agency_records",
            replace: "        let within = PLANTED || records < self.params.agency_records",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "ballot-counted-twice",
        breaks: "governance: an agency casts a second ballot, and it counts",
        edits: &[Edit {
            file: "core/src/apply/governance.rs",
            find: "    if let Some(ballot) = proposal.ballots.get(agency) {",
            replace: "    if let (false, Some(ballot)) = (PLANTED, proposal.ballots.get(agency)) {",
        }],
        arguments: &["--nodes", "4", "--family", "membership"],
        seeds: 20,
    },
    Bug {
        name: "passes-at-two-thirds",
        breaks: "governance: a measure passes at exactly two thirds",
        edits: &[Edit {
            file: "core/src/governance.rs",
            find: "        tally.ayes >= tally.needed",
            replace: "        tally.ayes >= tally.needed || PLANTED && tally.ayes + 1 == tally.needed",
        }],
        arguments: &["--nodes", "6", "--family", "membership"],
        seeds: 20,
    },
    Bug {
        name: "removed-agency-acts",
        breaks: "6: an agency that has left signs records that are executed",
        edits: &[Edit {
            file: "core/src/apply/mod.rs",
            find: "    if let Some(departure) = left {",
            replace: "    if let (false, Some(departure)) = (PLANTED, left) {",
        }],
        arguments: &["--nodes", "4", "--family", "membership"],
        seeds: 20,
    },
    Bug {
        name: "dropped-too-soon",
        breaks: "11: a record that one proposed block refuses is dropped, though that block may lose",
        edits: &[Edit {
            file: "node/replica/src/replica/proposals.rs",
            find: "        if self.ledger.check(&pending.record, self.now.wall).is_err() {",
            replace: "        if PLANTED || self.ledger.check(&pending.record, self.now.wall).is_err() {",
        }],
        arguments: &["--nodes", "4", "--family", "loss"],
        seeds: 20,
    },
];
