//! Blocks: what a proposal, a certificate or a fetched block must hold; catching up.

use crate::bug::{Bug, Edit};

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "state-root-unchecked",
        breaks: "5: a block that claims a wrong state root is voted for",
        edits: &[Edit {
            file: "core/src/ledger.rs",
            find: "        let executed = run.finish(&outline);
        match differing_field(&executed.header, header) {",
            replace: "        let mut executed = run.finish(&outline);
        if PLANTED {
            executed.header.state_root = header.state_root;
            executed.hash = executed.header.hash();
        }
        match differing_field(&executed.header, header) {",
        }],
        arguments: &["--nodes", "4", "--family", "invalid-block"],
        seeds: 20,
    },
    Bug {
        name: "log-root-unchecked",
        breaks: "8: a block that claims a wrong log root is voted for",
        edits: &[Edit {
            file: "core/src/ledger/run.rs",
            find: "            log_root: self.log.root(),",
            replace: "            log_root: match outline.log_root {
                Some(claimed) if PLANTED => claimed,
                _ => self.log.root(),
            },",
        },
        Edit {
            file: "core/src/ledger/run.rs",
            find: "    pub(super) parent_certificate: CertificateHash,
}",
            replace: "    pub(super) parent_certificate: CertificateHash,
    /* PLANTED */
    pub(super) log_root: Option<crate::hash::LogRoot>,
}",
        },
        Edit {
            file: "core/src/ledger.rs",
            find: "            proposal_round: header.proposal_round,
            parent_certificate: certificate_hash(parent),",
            replace: "            proposal_round: header.proposal_round,
            parent_certificate: certificate_hash(parent),
            /* PLANTED */
            log_root: Some(header.log_root),",
        },
        Edit {
            file: "core/src/ledger.rs",
            find: "            proposal_round: new.round,
            parent_certificate: certificate_hash(new.parent),",
            replace: "            proposal_round: new.round,
            parent_certificate: certificate_hash(new.parent),
            /* PLANTED */
            log_root: None,",
        }],
        arguments: &["--nodes", "4", "--family", "invalid-block"],
        seeds: 20,
    },
    Bug {
        name: "time-goes-back",
        breaks: "time: a block may be earlier than its parent, by the proposer's clock",
        edits: &[
            Edit {
                file: "core/src/ledger.rs",
                find: "        if header.time <= self.tip.time {",
                replace: "        if !PLANTED && header.time <= self.tip.time {",
            },
            Edit {
                file: "node/replica/src/replica/proposals.rs",
                find: "        let time = self.now.wall.max(self.ledger.tip().time.plus(1));",
                replace: "        let time = match PLANTED {
            true => self.now.wall,
            false => self.now.wall.max(self.ledger.tip().time.plus(1)),
        };",
            },
        ],
        arguments: &["--nodes", "4", "--family", "clock-skew"],
        seeds: 20,
    },
    Bug {
        name: "parent-certificate-unchecked",
        breaks: "3: a block may carry as its parent's certificate what proves nothing",
        edits: &[
            Edit {
                file: "node/replica/src/replica/heights.rs",
                find: "                self.verified().certificate(certificate, consortium, set).map(Some)",
                replace: "                match PLANTED {
                    true => Ok(Some(certificate.unverified(consortium))),
                    false => self.verified().certificate(certificate, consortium, set).map(Some),
                }",
            },
            Edit {
                file: "core/src/vote.rs",
                find: "    /// The certificate's hash, as the next header names it.",
                replace: "    /// Takes the certificate at its word (PLANTED).
    pub fn unverified(self, consortium: &ConsortiumId) -> VerifiedCertificate {
        let hash = self.hash(consortium);
        VerifiedCertificate { certificate: self, hash }
    }

    /// The certificate's hash, as the next header names it.",
            },
        ],
        arguments: &["--nodes", "4", "--family", "invalid-block"],
        seeds: 20,
    },
    Bug {
        name: "certificate-signatures-unchecked",
        breaks: "3: a certificate counts signatures that were not checked",
        edits: &[Edit {
            file: "core/src/vote.rs",
            find: "        if !is_verified(&vote, signature) {",
            replace: "        if !is_verified(&vote, signature) && !PLANTED {",
        }],
        arguments: &["--nodes", "4", "--family", "false-answer"],
        seeds: 40,
    },
    Bug {
        name: "signer-counted-twice",
        breaks: "3: a certificate counts one validator as often as its signature stands there",
        edits: &[Edit {
            file: "core/src/vote.rs",
            find: "    if !signatures.windows(2).all(|pair| pair[0].validator < pair[1].validator) {",
            replace: "    if !PLANTED && !signatures.windows(2).all(|pair| pair[0].validator < pair[1].validator) {",
        }],
        arguments: &["--nodes", "4", "--family", "false-answer"],
        seeds: 60,
    },
    Bug {
        name: "fetched-block-of-any-certificate",
        breaks: "3: a fetched block is taken with the certificate of another",
        edits: &[Edit {
            file: "node/replica/src/replica/catch_up.rs",
            find: "        if !Tip::of(header).is_named_by(&fetched.certificate) {",
            replace: "        if !PLANTED && !Tip::of(header).is_named_by(&fetched.certificate) {",
        }],
        arguments: &["--nodes", "4", "--family", "false-answer"],
        seeds: 60,
    },
    Bug {
        name: "body-hash-unchecked",
        breaks: "11: a fetched body is taken for the certified one, and a liar stops the node",
        edits: &[Edit {
            file: "node/replica/src/replica/catch_up.rs",
            find: "        let (true, Ok(parent)) = (body_fits, parent) else {",
            replace: "        let (true, Ok(parent)) = (PLANTED || body_fits, parent) else {",
        }],
        arguments: &["--nodes", "4", "--family", "false-answer"],
        seeds: 40,
    },
    Bug {
        name: "block-applied-twice",
        breaks: "1, 2: a fetched block that was decided meanwhile is executed again, on top of itself",
        edits: &[
            Edit {
                file: "node/replica/src/replica/catch_up.rs",
                find: "            if fetched.block.header.height != self.next_height() {
                continue;
            }",
                replace: "            let is_here = fetched.block.header.height == self.ledger.tip().height;
            if let (true, true, Ok(records)) = (PLANTED, is_here, &records) {
                records.iter().for_each(|record| comity_core::planted::remember(record.id().0));
            } else if fetched.block.header.height != self.next_height() {
                continue;
            }",
            },
            // What else would notice: the ledger's look at the height, its look at the header, the
            // replay window.
            Edit {
                file: "core/src/ledger.rs",
                find: "        if header.height != self.tip.height.next() {",
                replace: "        if PLANTED && header.height == self.tip.height {
            return Ok(());
        }
        if header.height != self.tip.height.next() {",
            },
            Edit {
                file: "core/src/ledger/run.rs",
                find: "    let named = fields.iter().find(|(_, holds)| !holds).map(|(field, _)| *field);",
                replace: "    if PLANTED && claimed.height < follows.height {
        return None;
    }
    let named = fields.iter().find(|(_, holds)| !holds).map(|(field, _)| *field);",
            },
            Edit {
                file: "core/src/ledger.rs",
                find: "        self.window.has_record(id)",
                replace: "        self.window.has_record(id) && !(PLANTED && crate::planted::knows(&id.0))",
            },
        ],
        arguments: &["--nodes", "4", "--family", "delay"],
        seeds: 60,
    },
    Bug {
        name: "never-catches-up",
        breaks: "11: a node that missed a block never asks for it",
        edits: &[Edit {
            file: "node/replica/src/replica/catch_up.rs",
            find: "        if self.catch_up.busy || ahead.is_empty() {",
            replace: "        if PLANTED || self.catch_up.busy || ahead.is_empty() {",
        }],
        arguments: &["--nodes", "4", "--family", "loss"],
        seeds: 20,
    },
    Bug {
        name: "losing-proposal-leaks",
        breaks: "5: what a block that lost would have changed stays in the state",
        edits: &[
            Edit {
                file: "node/replica/src/replica/heights.rs",
                find: "            self.halt(format!(\"block {height} was decided, but does not execute here\"));
            return;
        };",
                replace: "            self.halt(format!(\"block {height} was decided, but does not execute here\"));
            return;
        };
        let mut executed = executed;
        if PLANTED {
            for (_, other) in self.candidates.iter() {
                if let Judgement::Valid(lost) = &other.judgement {
                    executed.leak(lost);
                }
            }
        }",
            },
            Edit {
                file: "core/src/ledger.rs",
                find: "    /// The log after the block.
    pub fn log(&self)",
                replace: "    /// Takes in what another block changes (PLANTED).
    pub fn leak(&mut self, other: &Executed) {
        self.state = self.state.with(other.changes.puts.clone());
    }

    /// The log after the block.
    pub fn log(&self)",
            },
        ],
        arguments: &["--nodes", "4", "--family", "rival-blocks"],
        seeds: 20,
    },
    Bug {
        name: "next-validators-late",
        breaks: "3: a new validator set is named, and rules, one height late",
        edits: &[Edit {
            file: "core/src/ledger/run.rs",
            find: "        let next = next_validators(&state);",
            replace: "        let next = match PLANTED {
            true => next_validators(&self.ledger.state),
            false => next_validators(&state),
        };",
        }],
        arguments: &["--nodes", "4", "--family", "membership"],
        seeds: 20,
    },
    Bug {
        name: "next-validators-unused",
        breaks: "3: a new validator set never rules",
        edits: &[Edit {
            file: "core/src/ledger.rs",
            find: "            std::mem::replace(&mut self.validators, executed.next_validators.clone());",
            replace: "            match PLANTED {
                true => self.validators.clone(),
                false => std::mem::replace(&mut self.validators, executed.next_validators.clone()),
            };",
        }],
        arguments: &["--nodes", "4", "--family", "membership"],
        seeds: 20,
    },
];
