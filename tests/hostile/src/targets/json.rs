//! JSON, as the API and the files of people bring it.
//! Source: docs/formats.md, "JSON".

use std::fmt::Debug;

use comity_core::access::SignedAttempt;
use comity_core::dataset::Dataset;
use comity_core::encoding::{Decode, Encode, MAX_CLAIM_BYTES, decode, encode};
use comity_core::genesis::Genesis;
use comity_core::grant::GrantTerms;
use comity_core::query::SignedQuery;
use comity_core::request::RequestTerms;
use comity_core::sealed::Opening;
use comity_core::statement::{SignedRecord, check_attempt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::promises::genuine_record;
use crate::lab::lab;

/// A value in JSON, of whatever type it is read as: what is read is written and read the same, and is
/// a value that canonical bytes can say.
pub fn json(data: &[u8]) {
    if let Some(record) = rendering::<SignedRecord>(data) {
        genuine_record(&record.to_bytes());
    }
    if let Some(attempt) = rendering::<SignedAttempt>(data)
        && let Err(error) = check_attempt(&attempt, &lab().consortium)
    {
        assert!(!error.rule().is_empty());
    }
    if let Some(genesis) = rendering::<Genesis>(data) {
        let _ = genesis.check();
        let same = genesis.id() == lab().consortium;
        assert_eq!(same, genesis == lab().genesis, "two genesis files have one id");
    }
    if let Some(query) = rendering::<SignedQuery>(data) {
        assert!(query.verify().is_err(), "nobody here signed a query");
    }
    rendering::<Opening>(data);
    rendering::<Dataset>(data);
    rendering::<GrantTerms>(data);
    rendering::<RequestTerms>(data);
}

fn rendering<T>(data: &[u8]) -> Option<T>
where
    T: Serialize + DeserializeOwned + Encode + Decode<()> + PartialEq + Debug,
{
    let value: T = serde_json::from_slice(data).ok()?;
    let text = serde_json::to_string(&value).expect("what was read can be written");
    let again: T = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(again, value, "{text}");
    let bytes = encode(&value);
    let decoded = decode::<T>(&bytes, MAX_CLAIM_BYTES);
    assert_eq!(decoded.as_ref(), Ok(&value), "JSON says what canonical bytes cannot");
    Some(value)
}
