//! Time stamps: those of OpenSSL are verified, and whatever is wrong with one is called by its name.
//! Holds: every token beside this file is tried; the same again of tokens that are made meanwhile,
//! by other keys (`tokens/make.py`, which says where they come from).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use comity_core::ids::TimeMs;

use super::super::member::Member;
use super::super::report::Outcome;
use super::super::stamps;
use super::super::timestamp::{MAX_EARLY_MS, Stamp, TokenFault, Trusted, verify};

/// 2060-01-01, a quarter of a second past midnight: when the tokens made by hand are of.
const BY_HAND: TimeMs = TimeMs(2_840_140_800_250);
const MAX_BYTES: usize = 65_536;
const START: TimeMs = TimeMs(0);
const NAMES: [TokenFault; 17] = [
    TokenFault::Form,
    TokenFault::Status,
    TokenFault::Content,
    TokenFault::Signers,
    TokenFault::Attributes,
    TokenFault::Imprint,
    TokenFault::Extension,
    TokenFault::Digest,
    TokenFault::Signer,
    TokenFault::Certificate,
    TokenFault::Algorithm,
    TokenFault::Signature,
    TokenFault::Usage,
    TokenFault::Validity,
    TokenFault::Issuer,
    TokenFault::Untrusted,
    TokenFault::Early,
];

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bundle/tests/tokens")
}

fn read(folder: &Path, file: &str) -> Vec<u8> {
    fs::read(folder.join(file)).unwrap()
}

fn trusted(folder: &Path, names: &[&str]) -> Trusted {
    let pem = |name: &&str| String::from_utf8(read(folder, &format!("{name}.pem"))).unwrap();
    names.iter().map(pem).fold(Trusted::default(), |trusted, text| trusted.with(&text).unwrap())
}

fn roots(folder: &Path) -> Trusted {
    trusted(folder, &["root", "curve-root"])
}

/// Every token of a folder, by its name.
fn tokens(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let tokens = files.filter(|path| path.extension().is_some_and(|end| end == "tsr"));
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    tokens.map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

/// Tries every token of a folder: what its name begins with is what comes out.
fn all_are_called_by_their_names(folder: &Path) {
    let (stamped, roots) = (read(folder, "stamped.json"), roots(folder));
    let also = trusted(folder, &["root", "curve-root", "p256"]);
    let mut found = BTreeMap::new();
    for (name, token) in tokens(folder) {
        // The certificate that another signer pretends to have.
        let trusted = if name == "certificate-other" { &also } else { &roots };
        let due = name.split('-').next().unwrap();
        match verify(&token, &stamped, START, trusted) {
            Ok(Stamp { authority, .. }) => {
                assert_eq!(due, "good", "{name}");
                assert!(authority.ends_with(", Example Trust Ltd"), "{name}: {authority}");
            }
            Err(fault) => assert_eq!(due, fault.name(), "{name}"),
        }
        *found.entry(due.to_owned()).or_insert(0) += 1;
    }
    assert_eq!(found["good"], 8);
    for fault in NAMES.map(TokenFault::name) {
        // These two are of no token by itself.
        let is_made = !["signature", "early"].contains(&fault);
        assert_eq!(found.contains_key(fault), is_made, "{fault}");
    }
}

#[test]
fn bundle_tokens_are_verified_or_refused_by_the_name_of_what_is_wrong() {
    all_are_called_by_their_names(&kept());
}

#[test]
fn bundle_tokens_that_openssl_makes_now_are_verified_and_refused_alike() {
    let folder = tempfile::tempdir().unwrap();
    let runs = |program: &str, arg: &str| {
        Command::new(program).arg(arg).output().ok().filter(|ran| ran.status.success())
    };
    let openssl = runs("openssl", "version").map(|ran| String::from_utf8(ran.stdout).unwrap());
    let Some(version) = openssl.filter(|version| version.starts_with("OpenSSL 3")) else {
        println!("skipped: OpenSSL 3 does not run here");
        return;
    };
    if runs("python3", "--version").is_none() {
        println!("skipped: python3 does not run here");
        return;
    }
    let make = kept().join("make.py");
    let ran = Command::new("python3").arg(make).arg(folder.path()).output().unwrap();
    assert!(ran.status.success(), "{version}: {}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(read(folder.path(), "stamped.json"), read(&kept(), "stamped.json"));
    let names = |folder: &Path| tokens(folder).into_keys().collect::<Vec<_>>();
    assert_eq!(names(folder.path()), names(&kept()));
    all_are_called_by_their_names(folder.path());
}

#[test]
fn bundle_stamp_says_who_stamped_and_when() {
    let stamped = read(&kept(), "stamped.json");
    let token = read(&kept(), "good-by-hand.tsr");
    let stamp = verify(&token, &stamped, START, &roots(&kept())).unwrap();
    assert_eq!(
        stamp,
        Stamp { authority: "Test p256, Example Trust Ltd".to_owned(), time: BY_HAND }
    );
}

#[test]
fn bundle_stamp_may_be_a_little_before_its_block_and_no_more() {
    let stamped = read(&kept(), "stamped.json");
    let token = read(&kept(), "good-by-hand.tsr");
    let since = |time| verify(&token, &stamped, time, &roots(&kept())).map(|stamp| stamp.time);
    assert_eq!(since(BY_HAND.plus(MAX_EARLY_MS)), Ok(BY_HAND));
    assert_eq!(since(BY_HAND.plus(MAX_EARLY_MS + 1)), Err(TokenFault::Early));
}

#[test]
fn bundle_stamp_rests_on_what_is_trusted_alone() {
    let stamped = read(&kept(), "stamped.json");
    let found = |token: &str, names: &[&str]| {
        let token = read(&kept(), &format!("{token}.tsr"));
        verify(&token, &stamped, START, &trusted(&kept(), names)).err()
    };
    // The authority's own certificate is enough, with or without those beside it.
    assert_eq!(found("good-rsa", &["rsa"]), None);
    assert_eq!(found("untrusted-between-left-out", &["rsa"]), None);
    assert_eq!(found("signer-left-out", &["p256"]), None);
    for names in [&["stranger"][..], &["curve-root"], &["p256", "stranger"]] {
        assert_eq!(found("good-rsa", names), Some(TokenFault::Untrusted), "{names:?}");
    }
}

#[test]
fn bundle_token_with_any_byte_changed_stamps_nothing_else() {
    let (stamped, roots) = (read(&kept(), "stamped.json"), roots(&kept()));
    for name in ["good-p256", "good-rsa-sha1-name"] {
        let whole = read(&kept(), &format!("{name}.tsr"));
        let due = verify(&whole, &stamped, START, &roots).unwrap();
        let mut faults = BTreeMap::new();
        for at in 0..whole.len() {
            for bit in [1, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= bit;
                match verify(&changed, &stamped, START, &roots) {
                    // Few bytes are not signed: versions, and lists of what is said again elsewhere.
                    Ok(stamp) => {
                        assert_eq!(stamp, due, "{name}, byte {at}");
                        *faults.entry("accepted").or_insert(0) += 1;
                    }
                    Err(fault) => *faults.entry(fault.name()).or_insert(0) += 1,
                }
            }
        }
        assert!(faults["accepted"] < 120, "{name}: {faults:?}");
        assert!(faults["signature"] > 100 && faults["digest"] > 20, "{name}: {faults:?}");
    }
    let last = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
    let mut forged = read(&kept(), "good-rsa.tsr");
    last(&mut forged);
    assert_eq!(verify(&forged, &stamped, START, &roots), Err(TokenFault::Signature));
}

#[test]
fn bundle_token_that_is_cut_or_longer_is_refused_as_malformed() {
    let (stamped, roots) = (read(&kept(), "stamped.json"), roots(&kept()));
    let whole = read(&kept(), "good-p256.tsr");
    let found = |bytes: &[u8]| verify(bytes, &stamped, START, &roots);
    for length in 0..whole.len() {
        assert_eq!(found(&whole[..length]), Err(TokenFault::Form), "{length} bytes");
    }
    for behind in [&b"\0"[..], b"0", &whole] {
        assert_eq!(found(&[&whole[..], behind].concat()), Err(TokenFault::Form));
    }
}

#[test]
fn bundle_tokens_of_hostile_shapes_end_quickly() {
    let (stamped, roots) = (read(&kept(), "stamped.json"), roots(&kept()));
    let whole = read(&kept(), "good-p256.tsr");
    let mut shapes = vec![
        vec![0x30; MAX_BYTES],
        vec![0; MAX_BYTES],
        [&[0x30, 0x80][..], &vec![0x30; MAX_BYTES - 2]].concat(),
        [&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF][..], &whole].concat(),
        [&[0x30, 0x83, 0x00, 0xFF, 0xF0][..], &[0x30; 0xFFF0]].concat(),
    ];
    // Each byte a length, or a tag, that means something else.
    for at in 0..whole.len() {
        for byte in [0x00, 0x1F, 0x30, 0x80, 0x84, 0xFF] {
            let mut changed = whole.clone();
            changed[at] = byte;
            shapes.push(changed);
        }
    }
    let due = verify(&whole, &stamped, START, &roots).unwrap();
    for shape in shapes {
        let found = verify(&shape, &stamped, START, &roots);
        assert!(found.is_err() || found == Ok(due.clone()), "{}", hex::encode(&shape[..40]));
    }
}

#[test]
fn bundle_certificates_are_read_from_pem_or_refused() {
    let pem = String::from_utf8(read(&kept(), "root.pem")).unwrap();
    let with = |text: &str| Trusted::default().with(text);
    let noted = format!("subject = Test root\r\n{}behind\n", pem.replace('\n', "\r\n"));
    assert_eq!(with(&pem), with(&noted));
    assert!(with(&pem).is_some());
    let lines: Vec<_> = pem.lines().collect();
    let cut = [&lines[..3], &lines[4..]].concat().join("\n");
    let bad = [String::new(), lines[1..].join("\n"), lines[..3].join("\n"), cut, pem.repeat(257)];
    for text in bad {
        assert_eq!(with(&text), None, "{text}");
    }
    assert!(with(&pem.repeat(256)).is_some());
    let more = with(&pem).unwrap();
    assert_eq!(more.clone().with(&pem.repeat(256)), None);
    assert_ne!(more.clone().with(&pem), Some(more));
}

#[test]
fn bundle_check_of_time_stamps_asks_for_one_and_verifies_all() {
    let (stamped, roots) = (read(&kept(), "stamped.json"), roots(&kept()));
    let token = |name: &str| read(&kept(), &format!("{name}.tsr"));
    let found = |names: &[&str], authorities| {
        let stamps = (1..).zip(names.iter().map(|name| token(name)));
        let stamps = stamps.map(|(number, token)| (Member::Timestamp(number), token));
        let manifest = [(Member::Manifest, stamped.clone())];
        let (outcome, stamps) =
            stamps::judge(&manifest.into_iter().chain(stamps).collect(), START, authorities);
        (outcome, stamps.len())
    };
    let fault = |names: &[&str]| match found(names, Some(&roots)) {
        (Outcome::Failed(failure), _) => failure.fault,
        (other, _) => panic!("{other:?}"),
    };
    assert!(matches!(found(&[], None), (Outcome::NotChecked(_), 0)));
    assert!(matches!(found(&["good-p256"], None), (Outcome::NotChecked(_), 0)));
    let (outcome, count) = found(&["good-p256", "good-by-hand"], Some(&roots));
    let Outcome::Passed(seen) = outcome else { panic!("{outcome:?}") };
    assert!(seen.ends_with("stamped at 2060-01-01T00:00:00Z by Test p256, Example Trust Ltd"));
    assert_eq!(count, 2);
    assert_eq!(fault(&[]), "missing");
    assert_eq!(fault(&["imprint-other"]), "token");
    assert_eq!(fault(&["good-p256", "validity-ended"]), "validity");
    assert_eq!(fault(&["good-p256", "untrusted-between-left-out"]), "untrusted");
}
