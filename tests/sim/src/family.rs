//! The families of faults, each with a name by which a run can be restricted to it.
//! Holds: every family is drawn by some plan, counted each time that it really happens, and asked
//! for by a test: a fault that never fires proves nothing.
//! May not enter: how a fault is made (see `world` and `byzantine`).

use std::collections::BTreeMap;

/// What is wrong with one member, for as long as a run lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Its node lies.
    Byzantine,
    /// Two nodes run with its key, each shown to a part of the network.
    Twins,
    /// Its node forgets what it made durable.
    Amnesiac,
    /// Its disk changes what was durable.
    BadDisk,
    /// Its clock is minutes off.
    BadClock,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 5] =
        [Role::Byzantine, Role::Twins, Role::Amnesiac, Role::BadDisk, Role::BadClock];
}

macro_rules! families {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal $(by $role:ident)?,)*) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Family {
            $($(#[doc = $doc])* $name,)*
        }

        impl Family {
            /// All of them, in the order in which they are listed.
            pub const ALL: &'static [Family] = &[$(Family::$name),*];

            /// The name, as on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $(Family::$name => $text,)*
                }
            }

            /// What a member must be for this to happen to it; `None` for what befalls anyone.
            pub fn role(self) -> Option<Role> {
                match self {
                    $($(Family::$name => Some(Role::$role),)?)*
                    _ => None,
                }
            }
        }
    };
}

families! {
    /// Messages are lost, up to 30 in a hundred.
    Loss = "loss",
    /// Messages come twice, up to 50 in a hundred.
    Duplicates = "duplicates",
    /// Messages overtake one another.
    Reordering = "reordering",
    /// Messages take up to five seconds.
    Delay = "delay",
    /// A part of the network hears nothing of the rest, but is heard.
    OneWayCut = "one-way-cut",
    /// The network is in two parts.
    TwoWayCut = "two-way-cut",
    /// A node stands still for seconds, and is then fed all that came meanwhile.
    Pause = "pause",
    /// A process is killed; what it wrote without syncing can still be read.
    Crash = "crash",
    /// All nodes lose power at once.
    Blackout = "blackout",
    /// A node loses power, and with it every unsynced write.
    UnsyncedLoss = "unsynced-loss",
    /// A node loses power in the middle of a disk operation; the last write is torn.
    TornWrite = "torn-write",
    /// A disk is full for a while.
    NoSpace = "no-space",
    /// A write fails, done in part.
    WriteError = "write-error",
    /// A sync fails; what it was to make durable counts as clean and is not.
    SyncError = "sync-error",
    /// Correct nodes' clocks step to and fro within what the rules allow.
    ClockSkew = "clock-skew",
    /// A clock jumps by up to ten minutes either way.
    ClockJump = "clock-jump" by BadClock,
    /// A node comes back with an old copy of its whole disk.
    OldBackup = "old-backup" by Amnesiac,
    /// A node comes back without its write-ahead log, the block log intact.
    LostWal = "lost-wal" by Amnesiac,
    /// A node comes back with an empty disk.
    EmptyDisk = "empty-disk" by Amnesiac,
    /// A bit turns among bytes that were durable.
    BitFlip = "bit-flip" by BadDisk,
    /// A write lands in another place than it was meant for.
    MisdirectedWrite = "misdirected-write" by BadDisk,
    /// Members are admitted, removed, given the vote, a new key or more power.
    Membership = "membership",
    /// Records are submitted several times and to several nodes, and garbled ones beside them.
    Resubmission = "resubmission",
    /// One validator key runs on two nodes, which different parts of the network see.
    Twins = "twins" by Twins,
    /// Two votes for one step.
    DoubleVote = "double-vote" by Byzantine,
    /// Two blocks proposed for one round.
    RivalBlocks = "rival-blocks" by Byzantine,
    /// A block that no rule allows is proposed.
    InvalidBlock = "invalid-block" by Byzantine,
    /// A block far off the time is proposed, now and then as if it had had a quorum.
    UntimelyBlock = "untimely-block" by Byzantine,
    /// A block is proposed and its records are kept back.
    WithheldBody = "withheld-body" by Byzantine,
    /// Requests are answered with what is not so.
    FalseAnswer = "false-answer" by Byzantine,
    /// Far more messages than anyone can keep.
    Flood = "flood" by Byzantine,
    /// Certificates and statuses of the past are shown as news.
    StaleCertificate = "stale-certificate" by Byzantine,
    /// Certificates that do not prove what they say.
    ForgedCertificate = "forged-certificate" by Byzantine,
    /// More than a third of the power lies: a fork may happen, and blame must be right.
    BeyondBound = "beyond-bound",
}

impl Family {
    /// The family of that name.
    pub fn from_name(name: &str) -> Option<Family> {
        Family::ALL.iter().copied().find(|family| family.name() == name)
    }
}

/// How often each family really happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Family, u64>);

impl Tally {
    /// One more.
    pub fn add(&mut self, family: Family) {
        *self.0.entry(family).or_default() += 1;
    }

    /// How often.
    pub fn of(&self, family: Family) -> u64 {
        self.0.get(&family).copied().unwrap_or(0)
    }

    /// Adds what happened in another run.
    pub fn extend(&mut self, other: &Tally) {
        for (family, count) in &other.0 {
            *self.0.entry(*family).or_default() += count;
        }
    }

    /// The families that happened, with how often.
    pub fn iter(&self) -> impl Iterator<Item = (Family, u64)> {
        self.0.iter().map(|(family, count)| (*family, *count))
    }
}
