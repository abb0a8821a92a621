//! Sealed files open with their passphrase alone, and with nothing about them changed.

use serde_json::{Value, json};

use super::*;

/// Small enough for tests; what costs are accepted is tested by itself.
const CHEAP: DerivationCost = DerivationCost { memory_kib: 64, passes: 1, lanes: 1 };

fn words(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

fn sealed(cost: DerivationCost) -> Result<KeyFile, KeyFileError> {
    let sealing = Sealing { cost, salt: [1; 16], nonce: [2; 24] };
    let (agency, post) = ("finance.gd".parse().unwrap(), "Desk 4".parse().unwrap());
    let passphrase = words("correct horse battery");
    KeyFile::sealed(agency, KeyRole::Officer, post, &key(), &passphrase, &sealing)
}

fn as_json() -> Value {
    serde_json::to_value(sealed(CHEAP).unwrap()).unwrap()
}

fn opened(json: Value, passphrase: &str) -> Result<SecretKey, KeyFileError> {
    serde_json::from_value::<KeyFile>(json).unwrap().unlock(&words(passphrase))
}

#[test]
fn sealed_key_opens_with_its_passphrase_alone() {
    let json = as_json();
    assert_eq!(opened(json.clone(), "correct horse battery").unwrap().public(), key().public());
    let wrong = opened(json.clone(), "Correct horse battery").unwrap_err();
    assert_eq!(wrong, KeyFileError::WrongPassphrase);
    let file: KeyFile = serde_json::from_value(json).unwrap();
    assert!(file.is_sealed());
    assert_eq!(file.secret().unwrap_err(), KeyFileError::Sealed);
    assert_eq!(file.card(&ConsortiumId([9; 32])).unwrap_err(), KeyFileError::Sealed);
    let card = file.card_signed_by(&key(), &ConsortiumId([9; 32])).unwrap();
    card.verify().unwrap();
    let other = SecretKey::from_seed(&[8; 32]);
    let refused = file.card_signed_by(&other, &ConsortiumId([9; 32])).unwrap_err();
    assert_eq!(refused, KeyFileError::Mismatch);
}

#[test]
fn nothing_about_a_sealed_key_can_be_exchanged() {
    let other = SecretKey::from_seed(&[8; 32]).public().to_string();
    let changes = [
        ("/agency", json!("health.gd")),
        ("/role", json!("steward")),
        ("/post", json!("Desk 5")),
        ("/public_key", json!(other)),
        ("/format", json!("comity-key-2")),
        ("/secret/sealed/salt", json!("03".repeat(16))),
        ("/secret/sealed/nonce", json!("03".repeat(24))),
        ("/secret/sealed/box", json!("03".repeat(48))),
        ("/secret/sealed/memory_kib", json!(72)),
        ("/secret/sealed/passes", json!(2)),
    ];
    for (place, value) in changes {
        let mut json = as_json();
        *json.pointer_mut(place).unwrap() = value;
        let refused = opened(json, "correct horse battery").unwrap_err();
        assert_eq!(refused, KeyFileError::WrongPassphrase, "{place}");
    }
}

#[test]
fn damaged_or_unknown_sealing_is_told_apart_from_a_wrong_passphrase() {
    let changes = [
        ("kdf", json!("scrypt"), KeyFileError::UnknownSealing),
        ("cipher", json!("rot13"), KeyFileError::UnknownSealing),
        ("salt", json!("00"), KeyFileError::Damaged),
        ("nonce", json!("zz".repeat(24)), KeyFileError::Damaged),
        ("box", json!(""), KeyFileError::Damaged),
    ];
    for (member, value, expected) in changes {
        let mut json = as_json();
        json["secret"]["sealed"][member] = value;
        assert_eq!(opened(json, "correct horse battery").unwrap_err(), expected, "{member}");
    }
    let mut json = as_json();
    json["secret"]["sealed"]["more"] = json!(1);
    assert!(serde_json::from_value::<KeyFile>(json).is_err(), "unknown members are refused");
}

#[test]
fn hostile_file_cannot_take_all_memory_or_time() {
    let costs = [
        (u32::MAX, 1, 1),
        ((1 << 20) + 1, 1, 1),
        (1 << 20, 5, 1),
        (64, u32::MAX, 1),
        (64, 17, 1),
        (1024, 1, 9),
        (1024, 1, u32::MAX),
        (64, 1, 0),
        (64, 0, 1),
        (15, 1, 2),
        (0, 1, 1),
    ];
    for (memory_kib, passes, lanes) in costs {
        let cost = DerivationCost { memory_kib, passes, lanes };
        assert_eq!(sealed(cost).err(), Some(KeyFileError::Cost), "{cost:?}");
        let mut json = as_json();
        let stored = &mut json["secret"]["sealed"];
        stored["memory_kib"] = json!(memory_kib);
        stored["passes"] = json!(passes);
        stored["lanes"] = json!(lanes);
        let refused = opened(json, "correct horse battery").unwrap_err();
        assert_eq!(refused, KeyFileError::Cost, "{cost:?}");
    }
    let least = DerivationCost { memory_kib: 16, passes: 1, lanes: 2 };
    assert!(sealed(least).is_ok());
}

#[test]
fn plain_key_needs_no_passphrase_and_its_halves_must_fit() {
    let file =
        KeyFile::new("finance.gd".parse().unwrap(), KeyRole::Gateway, Text::default(), &key());
    assert!(!file.is_sealed());
    let mut json = serde_json::to_value(&file).unwrap();
    assert_eq!(json["secret"]["plain"], json!("07".repeat(32)));
    assert_eq!(opened(json.clone(), "anything").unwrap().public(), key().public());
    json["secret"]["plain"] = json!("08".repeat(32));
    assert_eq!(opened(json.clone(), "x").unwrap_err(), KeyFileError::Mismatch);
    json["secret"]["plain"] = json!("0x");
    assert_eq!(opened(json.clone(), "x").unwrap_err(), KeyFileError::Damaged);
    json["secret"] = json!({"plain": "07".repeat(32)});
    json["format"] = json!("comity-key-9");
    assert_eq!(opened(json, "x").unwrap_err(), KeyFileError::Format);
}

#[test]
fn passphrase_is_never_shown_and_a_poor_one_is_not_chosen() {
    let read = |text: &str| Passphrase::new(Zeroizing::new(text.to_owned()));
    assert_eq!(format!("{:?}", words("open sesame")), "Passphrase(not shown)");
    assert_eq!(read("").unwrap_err(), PassphraseError::Empty);
    assert_eq!(read(&"x".repeat(1025)).unwrap_err(), PassphraseError::Long);
    assert_eq!(words("sesame!").for_new_key().unwrap_err(), PassphraseError::Short);
    assert!(words("芝麻开门芝麻开门").for_new_key().is_ok(), "characters count, not bytes");
    assert!(words("sesame").matches(&words("sesame")) && !words("a").matches(&words("b")));
}
