//! How single words are read: choices, and text in one normal form.
//! Holds: text that looks alike is signed alike (Unicode NFC, no spaces at the ends).
//! May not enter: options.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use comity_core::agency::KeyRole;
use comity_core::dataset::{DeliveryMode, Grade, Sharing};
use comity_core::text::{ItemName, Text, TextError};
use icu_normalizer::ComposingNormalizerBorrowed;

use super::access::Outcome;

const MODES: [DeliveryMode; 3] = [DeliveryMode::Verify, DeliveryMode::Query, DeliveryMode::Batch];

/// One of the key roles.
pub(super) fn role() -> impl TypedValueParser<Value = KeyRole> {
    PossibleValuesParser::new(KeyRole::ALL.map(KeyRole::as_str)).map(|word| {
        match KeyRole::ALL.into_iter().find(|role| role.as_str() == word) {
            Some(role) => role,
            None => unreachable!("only the listed words pass"),
        }
    })
}

/// One of the delivery modes.
pub(super) fn mode() -> impl TypedValueParser<Value = DeliveryMode> {
    PossibleValuesParser::new(MODES.map(DeliveryMode::as_str)).map(|word| {
        match MODES.into_iter().find(|mode| mode.as_str() == word) {
            Some(mode) => mode,
            None => unreachable!("only the listed words pass"),
        }
    })
}

/// How an access ended.
pub(super) fn outcome() -> impl TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(["allowed", "refused"]).map(|word| match word.as_str() {
        "allowed" => Outcome::Allowed,
        _ => Outcome::Refused,
    })
}

/// One of the grades.
pub(super) fn grade() -> impl TypedValueParser<Value = Grade> {
    choice([("general", Grade::General), ("important", Grade::Important), ("core", Grade::Core)])
}

/// One of the ways of sharing.
pub(super) fn sharing() -> impl TypedValueParser<Value = Sharing> {
    choice([
        ("unconditional", Sharing::Unconditional),
        ("conditional", Sharing::Conditional),
        ("not-shared", Sharing::NotShared),
        ("unclassified", Sharing::Unclassified),
    ])
}

pub(super) fn choice<T: Copy + Send + Sync + 'static, const N: usize>(
    words: [(&'static str, T); N],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words.map(|(word, _)| word)).map(move |typed| {
        match words.iter().find(|(word, _)| *word == typed) {
            Some((_, value)) => *value,
            None => unreachable!("only the listed words pass"),
        }
    })
}

/// How a grant can stand, as the API writes it.
pub(crate) const STANDINGS: [&str; 16] = [
    "in-force",
    "not-yet-in-force",
    "expired",
    "revoked",
    "used-up",
    "suspended",
    "dataset-suspended",
    "dataset-withdrawn",
    "dataset-not-shared",
    "requester-left",
    "requester-hosting-over",
    "provider-left",
    "provider-hosting-over",
    "parent-not-in-force",
    "task-force-ended",
    "lead-gone",
];

/// One of the ways in which a grant can stand.
pub(super) fn standing() -> PossibleValuesParser {
    PossibleValuesParser::new(STANDINGS)
}

/// Text of at most `MAX` bytes.
pub(super) fn text<const MAX: usize>(typed: &str) -> Result<Text<MAX>, TextError> {
    Text::from_str(&normal(typed))
}

/// An item's name.
pub(super) fn item(typed: &str) -> Result<ItemName, TextError> {
    ItemName::from_str(&normal(typed))
}

/// The normal form of what was typed: NFC, without spaces at the ends.
pub(crate) fn normal(typed: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(typed.trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_looks_alike_is_signed_alike() {
        let composed: Text<64> = text("Résumé ").unwrap();
        let decomposed: Text<64> = text("Re\u{301}sume\u{301}").unwrap();
        assert_eq!(composed, decomposed);
        assert_eq!(item(" 姓名 ").unwrap().as_str(), "姓名");
        assert!(text::<4>("12345").is_err());
    }
}
