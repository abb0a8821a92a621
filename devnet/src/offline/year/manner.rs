//! How agencies behave: what is drawn of each reply, delivery and receipt.
//! Holds: one table; chance decides within it.

/// What an agency is like. Shares are in a hundred, times in working days.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// How long it takes to reply.
    pub(super) reply_days: (u64, u64),
    /// Requests that it never answers.
    pub(super) lapses: u64,
    /// Requests that it refuses.
    pub(super) refuses: u64,
    /// Approvals that give less than was asked.
    pub(super) narrows: u64,
    /// Replies that it puts off, where they take long.
    pub(super) extends: u64,
    /// How long it takes to have the data ready.
    pub(super) delivery_days: (u64, u64),
    /// What it received and acknowledges.
    pub(super) acknowledges: u64,
    /// Updates that it makes when they are promised.
    pub(super) updates: u64,
    /// Checks that it finds justified.
    pub(super) upholds: u64,
}

/// Answers within days, keeps what it promised.
pub(super) const PROMPT: Manner = Manner {
    reply_days: (1, 6),
    lapses: 1,
    refuses: 8,
    narrows: 25,
    extends: 30,
    delivery_days: (1, 12),
    acknowledges: 95,
    updates: 95,
    upholds: 60,
};

/// Answers late or not at all.
pub(super) const SLOW: Manner = Manner {
    reply_days: (6, 24),
    lapses: 14,
    refuses: 10,
    narrows: 20,
    extends: 45,
    delivery_days: (10, 40),
    acknowledges: 70,
    updates: 55,
    upholds: 45,
};

/// Answers in time, and mostly with no.
pub(super) const REFUSING: Manner = Manner {
    reply_days: (2, 9),
    lapses: 3,
    refuses: 58,
    narrows: 60,
    extends: 20,
    delivery_days: (4, 18),
    acknowledges: 88,
    updates: 85,
    upholds: 20,
};

/// Gives what is asked for, at once.
pub(super) const GENEROUS: Manner = Manner {
    reply_days: (1, 3),
    lapses: 0,
    refuses: 2,
    narrows: 4,
    extends: 5,
    delivery_days: (1, 5),
    acknowledges: 97,
    updates: 90,
    upholds: 80,
};
