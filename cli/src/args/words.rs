//! How single words are read: choices, and text in one normal form.
//! Holds: text that looks alike is signed alike (Unicode NFC, no spaces at the ends).
//! May not enter: options.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use comity_core::agency::KeyRole;
use comity_core::dataset::DeliveryMode;
use comity_core::text::{ItemName, Text, TextError};
use icu_normalizer::ComposingNormalizerBorrowed;

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
