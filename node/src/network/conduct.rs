//! How peers behave: what each may do wrong, and how much it may say.
//! Holds: a peer that goes too far is shut out, for longer each time; one that does as the protocol says
//! never is, however fast the consortium commits, and slowness alone is no offence.
//! May not enter: sockets; who is allowed at all (see `peers`).

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use libp2p::PeerId;
use tokio::time::Instant;

/// What offences may add up to. Each is forgotten at [`FORGIVEN_PER_S`].
const MOST_OFFENCE: f64 = 100.0;
/// Offence forgotten in a second.
const FORGIVEN_PER_S: f64 = 1.0;
/// Messages that a peer may send in a second, over time, beside those for which a block gives cause:
/// what four nodes say at 500 blocks a second, to one that fetches a snapshot meanwhile.
const MESSAGES_PER_S: f64 = 2_000.0;
/// Messages that may come at once, beyond: what has gathered while this node stood still.
const MESSAGES_AT_ONCE: f64 = 20_000.0;
/// Bytes that a peer may send in a second, over time, and at once.
const BYTES_PER_S: f64 = 16.0 * 1024.0 * 1024.0;
const BYTES_AT_ONCE: f64 = 64.0 * 1024.0 * 1024.0;
/// Bytes of a message beside those of records, about.
const MESSAGE_BYTES: f64 = 1024.0;
/// How long a peer is kept out the first time. It doubles each time.
const FIRST_BAN: Duration = Duration::from_secs(30);
/// How long at most.
const LONGEST_BAN: Duration = Duration::from_secs(600);
/// How long a peer must have behaved for its past to be forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(1800);

/// What a peer did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offence {
    /// A gossip message that is none, or that nobody who checked it would have passed on.
    WrongMessage,
    /// A request that is none, or too long.
    WrongRequest,
    /// A request that ends before it is whole.
    BrokenRequest,
    /// An answer that is none, too long, or to another question.
    WrongAnswer,
    /// It asks and does not read the answers.
    UnreadAnswer,
    /// It does not read what is gossiped to it.
    UnreadGossip,
}

impl Offence {
    fn weight(self) -> f64 {
        match self {
            // The fourth in a row is one too many: after it gossipsub hears the peer no more, and so
            // would nobody learn of a fifth.
            Offence::WrongMessage => 30.0,
            Offence::WrongRequest | Offence::WrongAnswer => 20.0,
            // A node that gives up what it asks over a slow link breaks off a few at a time.
            Offence::BrokenRequest => 2.0,
            // A slow link leaves an answer unread once in its time limit, which is forgiven as fast.
            Offence::UnreadAnswer => 10.0,
            // Once a second while it lasts: a link is slow for a while without anyone's doing.
            Offence::UnreadGossip => 3.0,
        }
    }
}

/// Why a peer is to be shut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooFar {
    /// By what it did wrong, this last.
    Offences(Offence),
    /// It sends more messages than anyone has to say.
    Messages,
    /// It sends more bytes.
    Bytes,
}

impl fmt::Display for TooFar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TooFar::Offences(Offence::WrongMessage) => "it sends messages that are not valid",
            TooFar::Offences(Offence::WrongRequest) => "it sends requests that cannot be read",
            TooFar::Offences(Offence::BrokenRequest) => "it begins requests and does not end them",
            TooFar::Offences(Offence::WrongAnswer) => "it sends answers that cannot be read",
            TooFar::Offences(Offence::UnreadAnswer) => "it asks and does not read the answers",
            TooFar::Offences(Offence::UnreadGossip) => "it does not read what it is sent",
            TooFar::Messages => "it sends more messages than a node has to say",
            TooFar::Bytes => "it sends more bytes than a node has to say",
        })
    }
}

/// A block that was committed, as far as it gave cause to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Its validators (count).
    pub(crate) validators: usize,
    /// Its records (count).
    pub(crate) records: usize,
    /// Bytes of its records.
    pub(crate) size_bytes: usize,
}

/// Messages and bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Volume {
    messages: f64,
    bytes: f64,
}

impl Volume {
    /// What one peer has to say about a block, at most: each record, the proposal, and two votes of each
    /// validator, where a round is enough; and the records once more with a proposal.
    // Counts in memory are far below 2^52.
    fn about(block: Progress) -> Volume {
        let messages = (2 + 2 * block.validators + block.records) as f64;
        Volume { messages, bytes: messages * MESSAGE_BYTES + 2.0 * block.size_bytes as f64 }
    }

    /// What is left of it without `other`, and no less than nothing.
    fn without(self, other: Volume) -> Volume {
        Volume {
            messages: (self.messages - other.messages).max(0.0),
            bytes: (self.bytes - other.bytes).max(0.0),
        }
    }
}

/// What is remembered of a peer.
#[derive(Debug)]
struct Record {
    at: Instant,
    offence: f64,
    /// What it said and is not allowed for yet.
    said: Volume,
    /// What blocks gave cause for in all, when it was last looked at.
    caused: Volume,
    bans: u32,
    banned_at: Option<Instant>,
}

/// What is remembered of the peers: members and configured ones only, since nobody else is let in.
#[derive(Debug, Default)]
pub(crate) struct Conduct {
    records: BTreeMap<PeerId, Record>,
    /// What blocks gave cause to say, in all.
    caused: Volume,
}

impl Conduct {
    /// A block was committed: each peer may have said what there was to say about it.
    pub(crate) fn progress(&mut self, block: Progress) {
        let more = Volume::about(block);
        self.caused.messages += more.messages;
        self.caused.bytes += more.bytes;
    }

    /// A peer did wrong. Errors: once too often.
    pub(crate) fn offend(
        &mut self,
        peer: &PeerId,
        offence: Offence,
        now: Instant,
    ) -> Result<(), TooFar> {
        let record = self.record(peer, now);
        record.offence += offence.weight();
        if record.offence < MOST_OFFENCE { Ok(()) } else { Err(TooFar::Offences(offence)) }
    }

    /// A peer sent a message of so many bytes. Errors: more than it may.
    pub(crate) fn hear(
        &mut self,
        peer: &PeerId,
        size_bytes: usize,
        now: Instant,
    ) -> Result<(), TooFar> {
        let record = self.record(peer, now);
        record.said.messages += 1.0;
        // Messages are far below 2^52 bytes.
        record.said.bytes += size_bytes as f64;
        if record.said.messages > MESSAGES_AT_ONCE {
            Err(TooFar::Messages)
        } else if record.said.bytes > BYTES_AT_ONCE {
            Err(TooFar::Bytes)
        } else {
            Ok(())
        }
    }

    /// Until when a peer that went too far is kept out. It begins anew afterwards, but for how often this
    /// has happened.
    pub(crate) fn ban(&mut self, peer: &PeerId, now: Instant) -> Instant {
        let record = self.record(peer, now);
        if record.banned_at.is_some_and(|last| now.duration_since(last) > FORGOTTEN_AFTER) {
            record.bans = 0;
        }
        let length = FIRST_BAN.saturating_mul(1 << record.bans.min(16)).min(LONGEST_BAN);
        record.bans += 1;
        record.banned_at = Some(now);
        (record.offence, record.said) = (0.0, Volume::default());
        now + length
    }

    /// Forgets peers of whom there is nothing to remember.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.records.retain(|_, record| now.duration_since(record.at) <= FORGOTTEN_AFTER);
    }

    fn record(&mut self, peer: &PeerId, now: Instant) -> &mut Record {
        let caused = self.caused;
        let begin = || Record {
            at: now,
            offence: 0.0,
            said: Volume::default(),
            caused,
            bans: 0,
            banned_at: None,
        };
        let record = self.records.entry(*peer).or_insert_with(begin);
        let passed = now.saturating_duration_since(record.at).as_secs_f64();
        let since = caused.without(record.caused);
        (record.at, record.caused) = (now, caused);
        record.offence = (record.offence - passed * FORGIVEN_PER_S).max(0.0);
        record.said = record.said.without(Volume {
            messages: passed * MESSAGES_PER_S + since.messages,
            bytes: passed * BYTES_PER_S + since.bytes,
        });
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn peer_that_errs_now_and_then_stays() {
        let (mut conduct, peer, mut now) = (Conduct::default(), PeerId::random(), Instant::now());
        for _ in 0..100 {
            assert_eq!(conduct.offend(&peer, Offence::WrongMessage, now), Ok(()));
            now += 40 * SECOND;
        }
    }

    #[test]
    fn peer_that_errs_in_a_row_goes_and_longer_each_time() {
        let (mut conduct, peer, mut now) = (Conduct::default(), PeerId::random(), Instant::now());
        for expected in [30, 60, 120, 240, 480, 600, 600] {
            let times = (1..).find(|_| conduct.offend(&peer, Offence::WrongRequest, now).is_err());
            assert_eq!(times, Some(5));
            let until = conduct.ban(&peer, now);
            assert_eq!(until, now + expected * SECOND);
            now = until;
        }
        now += FORGOTTEN_AFTER + SECOND;
        assert_eq!(conduct.ban(&peer, now), now + FIRST_BAN);
    }

    #[test]
    fn what_a_busy_consortium_says_is_not_too_much() {
        let (mut conduct, peer, mut now) = (Conduct::default(), PeerId::random(), Instant::now());
        for _ in 0..60 {
            for _ in 0..900 {
                assert_eq!(conduct.hear(&peer, 8 * 1024, now), Ok(()));
            }
            now += SECOND;
        }
    }

    /// What comes of a minute in which each peer passes on `per_block` messages of `size_bytes` about
    /// each of `blocks_per_s` blocks.
    fn minute(
        blocks_per_s: u32,
        block: Progress,
        per_block: usize,
        size_bytes: usize,
    ) -> Result<(), TooFar> {
        let (mut conduct, peer, mut now) = (Conduct::default(), PeerId::random(), Instant::now());
        for _ in 0..60 * blocks_per_s {
            for _ in 0..per_block {
                conduct.hear(&peer, size_bytes, now)?;
            }
            conduct.progress(block);
            now += SECOND / blocks_per_s;
        }
        Ok(())
    }

    #[test]
    fn what_fast_blocks_give_cause_for_is_not_too_much() {
        // Four nodes that commit one record after another, as fast as memory takes them.
        let one = Progress { validators: 4, records: 1, size_bytes: 700 };
        assert_eq!(minute(2_000, one, 10, 700), Ok(()));
        assert_eq!(minute(2_000, one, 30, 700), Err(TooFar::Messages));
        // A hundred of whom one passes on everything.
        let many = Progress { validators: 100, records: 1, size_bytes: 700 };
        assert_eq!(minute(100, many, 202, 400), Ok(()));
        // One that takes in all the records of a busy consortium, and proposes them.
        let full = Progress { validators: 4, records: 4_000, size_bytes: 4_000 * 700 };
        assert_eq!(minute(20, full, 4_010, 700), Ok(()));
    }

    #[test]
    fn peer_is_not_allowed_for_what_was_committed_before_it_came() {
        let (mut conduct, now) = (Conduct::default(), Instant::now());
        for _ in 0..1_000_000 {
            conduct.progress(Progress { validators: 4, records: 1, size_bytes: 700 });
        }
        let peer = PeerId::random();
        let first = (0..100_000).position(|_| conduct.hear(&peer, 100, now).is_err());
        assert_eq!(first, Some(20_000));
    }

    #[test]
    fn flood_of_messages_or_of_bytes_is_too_much() {
        let (mut conduct, now) = (Conduct::default(), Instant::now());
        let (small, large) = (PeerId::random(), PeerId::random());
        let first = (0..30_000).find_map(|_| conduct.hear(&small, 100, now).err());
        assert_eq!(first, Some(TooFar::Messages));
        let first = (0..100).find_map(|_| conduct.hear(&large, 1024 * 1024, now).err());
        assert_eq!(first, Some(TooFar::Bytes));
    }
}
