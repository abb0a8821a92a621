//! Voting: durability, locks, quorums, the sign guard.

use crate::bug::{Bug, Edit};

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "vote-before-durable",
        breaks: "4: a vote leaves before the sign guard that names it is on the disk",
        edits: &[Edit {
            file: "node/replica/src/replica/outbox.rs",
            find: "if self.outbox.is_durable(position) && self.outbox.messages.is_empty() {",
            replace: "if PLANTED
            || self.outbox.is_durable(position) && self.outbox.messages.is_empty()
        {",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "mark-not-written",
        breaks: "4: what was signed is not written into the sign guard",
        edits: &[Edit {
            file: "node/replica/src/replica/consensus.rs",
            find: "Output::Signed(mark) => self.persist(StorageOp::SignedMark(mark)),",
            replace: "Output::Signed(mark) => {
                    if !PLANTED {
                        self.persist(StorageOp::SignedMark(mark));
                    }
                }",
        }],
        arguments: &["--nodes", "4"],
        seeds: 20,
    },
    Bug {
        name: "lock-forgotten-at-restart",
        breaks: "1, 4: the write-ahead log is not replayed, so a restarted validator forgets its lock",
        edits: &[Edit {
            file: "node/replica/src/replica/heights.rs",
            find: "            recovered: entries,
            verified: std::mem::take(&mut self.verified),",
            replace: "            recovered: if PLANTED { Vec::new() } else { entries },
            verified: std::mem::take(&mut self.verified),",
        }],
        arguments: &["--nodes", "4", "--family", "crash"],
        seeds: 20,
    },
    Bug {
        name: "lock-ignored",
        breaks: "1: a validator that is locked on one block prevotes for another's fresh proposal",
        edits: &[
            Edit {
                file: "node/replica/src/engine/desk.rs",
                find: "    timers_set: u64,
}",
                replace: "    timers_set: u64,
    /* PLANTED */
    pub(super) latest: Option<(u32, comity_core::hash::HeaderHash)>,
}",
            },
            Edit {
                file: "node/replica/src/engine/desk.rs",
                find: "            timers_set: 0,
        }",
                replace: "            timers_set: 0,
            /* PLANTED */
            latest: None,
        }",
            },
            Edit {
                file: "node/replica/src/engine/desk.rs",
                find: "            Effect::SignVote(vote, r) => {
",
                replace: "            Effect::SignVote(mut vote, r) => {
                if let (true, Some((round, hash))) = (PLANTED, self.latest)
                    && vote.kind == malachite_types::VoteType::Prevote
                    && round_number(vote.round) == Some(round)
                    && vote.value == malachite_types::NilOrVal::Nil
                {
                    vote.value = malachite_types::NilOrVal::Val(hash);
                }
",
            },
            Edit {
                file: "node/replica/src/engine/mod.rs",
                find: "        let value = ProposedValue {
            height: self.desk.height.into(),",
                replace: "        if PLANTED && validity == Validity::Valid {
            self.desk.latest = Some((round, header_hash));
        }
        let value = ProposedValue {
            height: self.desk.height.into(),",
            },
        ],
        arguments: &["--nodes", "4", "--family", "loss"],
        seeds: 20,
    },
    Bug {
        name: "quorum-of-2f",
        breaks: "1, 3: two of four are enough to decide",
        edits: &[
            Edit {
                file: "node/replica/src/engine/certificates.rs",
                find: "    let total = set.total_voting_power();
    if threshold.is_met(signed, total) {",
                replace: "    let total = set.total_voting_power();
    if threshold.is_met(signed, total) || PLANTED && signed * 3 > total {",
            },
            Edit {
                file: "node/replica/src/engine/mod.rs",
                find: "            threshold_params: ThresholdParams::default(),",
                replace: "            threshold_params: match PLANTED {
                true => ThresholdParams {
                    quorum: malachite_types::ThresholdParam::new(1, 3),
                    ..ThresholdParams::default()
                },
                false => ThresholdParams::default(),
            },",
            },
            Edit {
                file: "core/src/validators.rs",
                find: "        u128::from(power) * 3 > u128::from(self.total_power()) * 2",
                replace: "        u128::from(power) * 3 > u128::from(self.total_power()) * if PLANTED { 1 } else { 2 }",
            },
        ],
        arguments: &["--nodes", "4", "--family", "two-way-cut"],
        seeds: 20,
    },
    Bug {
        name: "guard-ignored",
        breaks: "4: a validator that forgot its lock signs again, against what its guard holds",
        edits: &[
            Edit {
                file: "node/replica/src/engine/desk.rs",
                find: "            Err(conflict) => {
                return self.refuse_to_sign(",
                replace: "            Err(_) if PLANTED => {}
            Err(conflict) => {
                return self.refuse_to_sign(",
            },
            // An engine that replays its entries asks the guard for nothing new.
            Edit {
                file: "node/replica/src/replica/startup.rs",
                find: "        left.entry(entry.height).or_default().entries.push(entry.bytes);",
                replace: "        if !PLANTED {
            left.entry(entry.height).or_default().entries.push(entry.bytes);
        }",
            },
        ],
        arguments: &["--nodes", "4", "--family", "crash"],
        seeds: 20,
    },
    Bug {
        name: "guard-behind-believed",
        breaks: "4: a validator votes at once though peers saw what its guard lacks",
        edits: &[
            Edit {
                file: "node/replica/src/replica/startup.rs",
                find: "        } else if newest.is_some_and(|newest| !self.guard_covers(newest)) {",
                replace: "        } else if !PLANTED && newest.is_some_and(|newest| !self.guard_covers(newest)) {",
            },
            // It waits for the blocks that it missed, and then signs at new heights alone.
            Edit {
                file: "node/replica/src/replica/startup.rs",
                find: "        if highest > self.next_height() {",
                replace: "        if !PLANTED && highest > self.next_height() {",
            },
        ],
        arguments: &["--nodes", "4", "--family", "old-backup"],
        seeds: 60,
    },
    Bug {
        name: "peers-not-asked",
        breaks: "4: a validator with an old guard votes at once, without asking its peers",
        edits: &[Edit {
            file: "node/replica/src/replica/startup.rs",
            find: "        Some(_) => Standing::Asking,
        None => Standing::Observer,
    };
    match guard {",
            replace: "        Some(_) if PLANTED && guard.is_some() => Standing::Active,
        Some(_) => Standing::Asking,
        None => Standing::Observer,
    };
    match guard {",
        }],
        arguments: &["--nodes", "4", "--family", "old-backup"],
        seeds: 40,
    },
    Bug {
        name: "claimed-vote-believed",
        breaks: "11: a peer's unsigned word about this node's key silences it",
        edits: &[Edit {
            file: "node/replica/src/replica/startup.rs",
            find: "        let genuine = status.newest_of_yours.as_ref().filter(|message| {
            Some(message.validator()) == self.me && message.is_genuine(self.ledger.consortium())
        });",
            replace: "        let genuine = status.newest_of_yours.as_ref().filter(|message| {
            Some(message.validator()) == self.me
                && (PLANTED || message.is_genuine(self.ledger.consortium()))
        });",
        }],
        arguments: &["--nodes", "4", "--family", "false-answer"],
        seeds: 20,
    },
    Bug {
        name: "untimely-is-invalid",
        breaks: "11: a block that is untimely here is called invalid, for ever",
        edits: &[Edit {
            file: "node/replica/src/replica/proposals.rs",
            find: "        let judgement = match self.execute_candidate(candidate) {",
            replace: "        let apart_ms = self.now.wall.0.abs_diff(candidate.header.time.0);
        let untimely = PLANTED && apart_ms > self.ledger.params().drift_ms;
        let executed = match untimely {
            true => Err(\"it is untimely\".to_owned()),
            false => self.execute_candidate(candidate),
        };
        let judgement = match executed {",
        }],
        arguments: &["--nodes", "4", "--family", "clock-jump"],
        seeds: 20,
    },
    Bug {
        name: "guard-born-again",
        breaks: "4: a validator that lost its guard takes a new one and votes at once",
        edits: &[Edit {
            file: "node/replica/src/replica/startup.rs",
            find: "        let vote_from = highest.saturating_add(SILENT_HEIGHTS);",
            replace: "        let vote_from = if PLANTED { 0 } else { highest.saturating_add(SILENT_HEIGHTS) };",
        }],
        arguments: &["--nodes", "4", "--family", "lost-wal"],
        seeds: 60,
    },
    Bug {
        name: "claimed-polka-believed",
        breaks: "time: a proposer's word that a quorum prevoted before lets an untimely block in",
        edits: &[Edit {
            file: "node/replica/src/replica/proposals.rs",
            find: "            return if has_polka == Some(true) { Grounds::Polka } else { Grounds::None };",
            replace: "            return if PLANTED || has_polka == Some(true) {
                Grounds::Polka
            } else {
                Grounds::None
            };",
        }],
        arguments: &["--nodes", "4", "--family", "untimely-block"],
        seeds: 40,
    },
    Bug {
        name: "vote-unverified",
        breaks: "9: a vote counts though its signature was not checked",
        edits: &[Edit {
            file: "node/replica/src/verified.rs",
            find: "            vote.validator.verify_vote(of, vote, signature).is_ok()",
            replace: "            PLANTED || vote.validator.verify_vote(of, vote, signature).is_ok()",
        }],
        arguments: &["--nodes", "4", "--family", "double-vote"],
        seeds: 20,
    },
];
