//! Key files and key cards.

use comity_core::encoding::encode;
use comity_core::key_file::{
    DerivationCost, KEY_FORMAT, KeyCard, KeyFile, KeyFileError, Passphrase, Sealing,
};
use comity_core::keys::SecretKey;
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Hex, Vectors};

#[derive(Deserialize)]
#[serde(untagged)]
enum Case {
    File(FileCase),
    Card(CardCase),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCase {
    what: String,
    file: Value,
    passphrase: Option<String>,
    /// The associated data, where the file is sealed and opens.
    bound: Option<Hex>,
    /// What it opens to.
    seed: Option<Hex>,
    /// Why it does not.
    refused: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardCase {
    what: String,
    card: KeyCard,
    proven: bool,
}

pub(super) fn check(vectors: &Vectors) {
    vectors.each(|case: Case| match case {
        Case::File(case) => check_file(&case),
        Case::Card(case) => assert_eq!(case.card.verify().is_ok(), case.proven, "{}", case.what),
    });
}

fn check_file(case: &FileCase) {
    let what = &case.what;
    let Ok(file) = serde_json::from_value::<KeyFile>(case.file.clone()) else {
        assert_eq!(case.refused.as_deref(), Some("unreadable"), "{what}");
        return;
    };
    let passphrase = case.passphrase.clone().map(|text| Passphrase::new(Zeroizing::new(text)));
    let passphrase = passphrase.map(Result::unwrap);
    let opened = match &passphrase {
        Some(passphrase) => file.unlock(passphrase),
        None => file.secret(),
    };
    match (&case.seed, opened) {
        (Some(seed), Ok(key)) => {
            assert_eq!(*key.seed(), seed.array(), "{what}");
            assert_eq!(
                serde_json::to_value(again(case, &file, &key, passphrase)).unwrap(),
                case.file
            );
        }
        (None, Err(error)) => assert_eq!(case.refused.as_deref(), Some(reason(error)), "{what}"),
        (_, opened) => panic!("{what}: {:?}", opened.err()),
    }
}

/// The same file, made here.
fn again(
    case: &FileCase,
    file: &KeyFile,
    key: &SecretKey,
    passphrase: Option<Passphrase>,
) -> KeyFile {
    let KeyFile { agency, role, post, public_key, .. } = file;
    let Some(passphrase) = passphrase else {
        return KeyFile::new(agency.clone(), *role, post.clone(), key);
    };
    let bound = encode(&(KEY_FORMAT, agency, *role, post, public_key));
    assert_eq!(case.bound, Some(Hex(bound)), "{}", case.what);
    let sealed = &case.file["secret"]["sealed"];
    let number = |name: &str| u32::try_from(sealed[name].as_u64().unwrap()).unwrap();
    let bytes = |name: &str| hex::decode(sealed[name].as_str().unwrap()).unwrap();
    let cost = DerivationCost {
        memory_kib: number("memory_kib"),
        passes: number("passes"),
        lanes: number("lanes"),
    };
    let (salt, nonce) = (bytes("salt").try_into().unwrap(), bytes("nonce").try_into().unwrap());
    let sealing = Sealing { cost, salt, nonce };
    KeyFile::sealed(agency.clone(), *role, post.clone(), key, &passphrase, &sealing).unwrap()
}

/// The reason's name in the vectors.
fn reason(error: KeyFileError) -> &'static str {
    match error {
        KeyFileError::Format => "format",
        KeyFileError::Damaged => "damaged",
        KeyFileError::Mismatch => "mismatch",
        KeyFileError::Sealed => "sealed",
        KeyFileError::UnknownSealing => "unknown-sealing",
        KeyFileError::Cost => "cost",
        KeyFileError::WrongPassphrase => "wrong-passphrase",
    }
}
