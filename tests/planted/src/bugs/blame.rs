//! Equivocations: who is named, and whether it comes onto the log.

use crate::bug::{Bug, Edit};

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "rounds-confused",
        breaks: "9: votes of two rounds count as an equivocation, and correct validators are blamed",
        edits: &[
            Edit {
                file: "node/replica/src/replica/consensus.rs",
                find: "        keep_newest(&mut self.newest_seen, message);",
                replace: "        if let (true, Some(Witnessed::Vote(one)), Witnessed::Vote(other)) =
            (PLANTED, self.newest_seen.get(&message.validator()).cloned(), &message)
        {
            let differ = one.vote.value.is_some() && other.vote.value.is_some();
            if differ && one.vote.height == other.vote.height && one.vote.kind == other.vote.kind {
                self.accuse(comity_core::equivocation::Equivocation::Votes {
                    first: one.vote,
                    first_signature: one.signature,
                    second: other.vote,
                    second_signature: other.signature,
                });
            }
        }
        keep_newest(&mut self.newest_seen, message);",
            },
            Edit {
                file: "core/src/equivocation.rs",
                find: "        (one == other && differ).then_some(one)",
                replace: "        let other = if PLANTED { Place { round: one.round, ..other } } else { other };
        (one == other && differ).then_some(one)",
            },
        ],
        arguments: &["--nodes", "4", "--family", "loss"],
        seeds: 20,
    },
    Bug {
        name: "accusation-never-raised",
        breaks: "9: an equivocation that was seen does not come onto the log",
        edits: &[Edit {
            file: "node/replica/src/replica/accusations.rs",
            find: "        self.accusations.insert(place, equivocation);",
            replace: "        if !PLANTED {
            self.accusations.insert(place, equivocation);
        }",
        }],
        arguments: &["--nodes", "4", "--family", "double-vote"],
        seeds: 20,
    },
];
