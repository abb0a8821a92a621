//! The two legs of an exchange: what the provider says to have handed over, and what the requesting
//! side says to have received.
//! Holds: the legs are two independent words; whether they match stands nowhere, and follows from
//! them. Source: docs/formats.md, "Two legs".

mod matching;

use serde::{Deserialize, Serialize};

use crate::encoding::{Decode, Encode};
use crate::hash::{AnswerHash, ConsortiumId, Purpose, Tagger};
use crate::ids::{ExchangeId, LogIndex};
use crate::sealed::Salt;

pub use matching::{Disclosure, Legs, Receipt, Unmatched};

/// Most accesses that one statement acknowledges.
pub const MAX_ACKNOWLEDGED: usize = 256;

/// What the provider says of what it handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Hash of what was handed over.
    pub digest: AnswerHash,
    /// Whether it may be relied on without a further document 结果互认.
    pub reliable: bool,
}

/// What the requesting side says of one access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// The entry that records the access.
    pub access: LogIndex,
    /// Its exchange.
    pub exchange: ExchangeId,
    /// Hash of what was received, where the requesting side says.
    pub digest: Option<AnswerHash>,
    /// How many answers were received: 1, or of a batch as many as came.
    pub count: u32,
}

/// The hash of what was handed over in an exchange. `answer` is hashed as it stands; `salt`, which
/// the provider draws and hands over with it, keeps a short answer from being guessed.
pub fn answer_hash(
    consortium: &ConsortiumId,
    exchange: &ExchangeId,
    salt: &Salt,
    answer: &[u8],
) -> AnswerHash {
    let tagger = Tagger::new(Purpose::Answer, consortium);
    AnswerHash(tagger.hash(&[&exchange.0, &salt.0, answer]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_answer_depends_on_all_that_it_is_of() {
        let hash = |consortium: u8, exchange: u8, salt: u8, answer: &[u8]| {
            let consortium = ConsortiumId([consortium; 32]);
            answer_hash(&consortium, &ExchangeId([exchange; 16]), &Salt([salt; 32]), answer)
        };
        let first = hash(1, 2, 3, b"yes");
        assert_eq!(first, hash(1, 2, 3, b"yes"));
        for other in [
            hash(9, 2, 3, b"yes"),
            hash(1, 9, 3, b"yes"),
            hash(1, 2, 9, b"yes"),
            hash(1, 2, 3, b"no"),
        ] {
            assert_ne!(first, other);
        }
    }
}
