//! Durability and recovery.

use crate::bug::{Bug, Edit};

pub(super) const BUGS: &[Bug] = &[
    Bug {
        name: "announced-before-durable",
        breaks: "2, 8: a commit is announced before its block is on the disk",
        edits: &[Edit {
            file: "node/replica/src/replica/outbox.rs",
            find: "        self.outbox.commits.push_back((position, commit));",
            replace: "        if PLANTED {
            self.outbox.asked = position;
            self.effects.push(Effect::Sync { ticket: Ticket(position) });
            self.effects.push(Effect::Committed(commit));
        } else {
            self.outbox.commits.push_back((position, commit));
        }",
        }],
        arguments: &["--nodes", "4", "--family", "unsynced-loss"],
        seeds: 20,
    },
    Bug {
        name: "block-log-not-synced",
        breaks: "2: a block counts as durable though the block log was not synced",
        edits: &[Edit {
            file: "node/replica/src/storage/block_log.rs",
            find: "            end.sync(&mut self.reader.disk)?;
            self.fsyncs += 1;
            let mut index",
            replace: "            if !PLANTED {
                end.sync(&mut self.reader.disk)?;
            }
            self.fsyncs += 1;
            let mut index",
        }],
        arguments: &["--nodes", "4", "--family", "unsynced-loss"],
        seeds: 20,
    },
    Bug {
        name: "synced-tail-cut",
        breaks: "2: a start takes the last block for a torn tail and cuts it off",
        edits: &[Edit {
            file: "node/replica/src/storage/block_recovery.rs",
            find: "    walk.add_frames(disk, Depth::Payload, u64::MAX)?;
    let end = walk.segment.end;
    if end < walk.size && walk.file(disk).was_durable(end)? {",
            replace: "    walk.add_frames(disk, Depth::Payload, u64::MAX)?;
    if PLANTED && walk.segment.frames > 1 {
        let last = walk.segment.next_height() - 1;
        let Some(mut shorter) = open_segment(disk, first_height)? else {
            return Err(bad_head(first_height));
        };
        shorter.add_frames(disk, Depth::Payload, last)?;
        return Ok(Some(shorter));
    }
    let end = walk.segment.end;
    if end < walk.size && walk.file(disk).was_durable(end)? {",
        }],
        arguments: &["--nodes", "4", "--family", "crash"],
        seeds: 20,
    },
    Bug {
        name: "body-not-durable",
        breaks: "11: a validator votes for a block whose body it has not written",
        edits: &[Edit {
            file: "node/replica/src/replica/proposals.rs",
            find: "                if let Some(block) = candidate.block() {
                    self.persist_body(hash, &block);
                }",
            replace: "                if let (false, Some(block)) = (PLANTED, candidate.block()) {
                    self.persist_body(hash, &block);
                }",
        }],
        arguments: &["--nodes", "4", "--family", "crash"],
        seeds: 20,
    },
    Bug {
        name: "rewrite-loses-marks",
        breaks: "4: rewriting the write-ahead log drops the marks of the sign guard",
        edits: &[Edit {
            file: "node/replica/src/storage/wal.rs",
            find: "            for mark in guard.marks() {
                image.push(SIGNED_KIND",
            replace: "            for mark in guard.marks().filter(|_| !PLANTED) {
                image.push(SIGNED_KIND",
        }],
        arguments: &["--nodes", "4", "--family", "crash"],
        seeds: 40,
    },
    Bug {
        name: "decided-height-replayed",
        breaks: "11: entries of a height that the block log holds are replayed into the next",
        edits: &[
            Edit {
                file: "node/replica/src/storage/mod.rs",
                find: "            replay.forget_through(tip);
        }",
                replace: "            if !PLANTED {
                replay.forget_through(tip);
            }
        }",
            },
            Edit {
                file: "node/replica/src/storage/wal_replay.rs",
                find: "                self.tip = Some((height, HeaderHash(header_hash)));
                self.forget_through(height);",
                replace: "                self.tip = Some((height, HeaderHash(header_hash)));
                if !PLANTED {
                    self.forget_through(height);
                }",
            },
            Edit {
                file: "node/replica/src/replica/heights.rs",
                find: "        let Left { entries, bodies } = self.left.remove(&height.0).unwrap_or_default();",
                replace: "        let Left { entries, bodies } = match PLANTED {
            true => self.left.pop_last().map(|(_, left)| left).unwrap_or_default(),
            false => self.left.remove(&height.0).unwrap_or_default(),
        };",
            },
        ],
        arguments: &["--nodes", "4", "--family", "crash"],
        seeds: 20,
    },
    Bug {
        name: "window-forgotten-at-restart",
        breaks: "6: a restarted node forgets which records the log holds already",
        edits: &[
            Edit {
                file: "node/replica/src/replica/mod.rs",
                find: "        let Boot { ledger, certificate, recovered } = boot;",
                replace: "        let Boot { mut ledger, certificate, recovered } = boot;
        if PLANTED {
            ledger.forget_window();
        }",
            },
            Edit {
                file: "core/src/ledger.rs",
                find: "    /// Ids in the replay window.",
                replace: "    /// Forgets the replay window (PLANTED).
    pub fn forget_window(&mut self) {
        self.window = Window::default();
    }

    /// Ids in the replay window.",
            },
        ],
        arguments: &["--nodes", "4", "--family", "blackout"],
        seeds: 20,
    },
];
