//! Notes, checkpoints and cosignatures: the examples of their specifications, and what is refused.

use comity_core::agency::KeyRole;
use comity_core::checkpoint::{Checkpoint, CheckpointError, cosign, origin, verify_cosignature};
use comity_core::genesis::Params;
use comity_core::hash::LogRoot;
use comity_core::note::{Note, NoteError, NoteKey, NoteKind, signature_lines};

use crate::story::{MEMBERS, Story, secret};

/// The checkpoint of c2sp.org/tlog-checkpoint, with a cosignature of c2sp.org/tlog-cosignature.
const PUBLISHED: &str = "example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
";

fn signed() -> (Note, NoteKey, String) {
    let story = Story::new(Params::default());
    let origin = origin(&story.consortium());
    let key = secret(MEMBERS[0], KeyRole::Note);
    let root = LogRoot([7; 32]);
    let note = Checkpoint { origin: origin.clone(), size: 42, root }.sign(&key).unwrap();
    let known = NoteKey::new(&origin, NoteKind::Ed25519, key.public()).unwrap();
    (note, known, origin)
}

#[test]
fn published_checkpoint_reads_as_its_specification_says_and_prints_the_same() {
    let note = Note::parse(PUBLISHED.as_bytes()).unwrap();
    assert_eq!(note.to_string(), PUBLISHED);
    let checkpoint = Checkpoint::parse(&note.text).unwrap();
    assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size, 20_852_163);
    assert_eq!(checkpoint.to_string(), note.text);
    assert_eq!(note.signatures.len(), 2);
    assert_eq!(note.signatures[1].name, "witness.example.com/w1");
    // The time of the cosignature that the specification shows.
    assert_eq!(note.signatures[1].signature[..8], 1_679_315_147u64.to_be_bytes());
}

#[test]
fn checkpoint_of_a_node_verifies_under_its_key_and_origin_alone() {
    let (note, known, origin) = signed();
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(read, note);
    assert_eq!(Checkpoint::verify(&read, &known, &origin).unwrap().size, 42);
    assert_eq!(known.to_string().parse::<NoteKey>().unwrap(), known);

    let other = secret(MEMBERS[1], KeyRole::Note).public();
    let other = NoteKey::new(&origin, NoteKind::Ed25519, other).unwrap();
    let unknown = NoteError::UnknownKeys { name: origin.clone() };
    assert_eq!(Checkpoint::verify(&read, &other, &origin), Err(unknown.into()));
    let elsewhere = Checkpoint::verify(&read, &known, "comity/elsewhere");
    assert!(matches!(elsewhere, Err(CheckpointError::OtherLog { .. })), "{elsewhere:?}");

    let mut bent = read.clone();
    bent.text = bent.text.replace("42", "43");
    let bad = NoteError::BadSignature { name: origin.clone() };
    assert_eq!(Checkpoint::verify(&bent, &known, &origin), Err(bad.into()));
}

#[test]
fn witness_cosigns_a_checkpoint_at_a_time() {
    let (mut note, _, _) = signed();
    let key = secret(MEMBERS[2], KeyRole::Note);
    let known = NoteKey::new("witness.example/w1", NoteKind::Cosignature, key.public()).unwrap();
    let line = cosign(&note.text, "witness.example/w1", &key, 1_777_777_777).unwrap();
    note.signatures.extend(signature_lines(&line.to_string()).unwrap());
    let line = &note.signatures[1];
    let seen = verify_cosignature(&note.text, line, &known).unwrap();
    assert_eq!(seen.time_s, 1_777_777_777);

    let mut later = line.clone();
    later.signature[7] ^= 1;
    let bad = NoteError::BadSignature { name: "witness.example/w1".to_owned() };
    assert_eq!(verify_cosignature(&note.text, &later, &known), Err(bad));
    let plain = NoteKey::new("witness.example/w1", NoteKind::Ed25519, key.public()).unwrap();
    assert!(verify_cosignature(&note.text, line, &plain).is_err());
}

#[test]
fn notes_of_another_form_are_refused_by_their_own_reason() {
    let refused = |text: &str| Note::parse(text.as_bytes()).unwrap_err();
    assert_eq!(refused(""), NoteError::Shape);
    assert_eq!(refused("text\n"), NoteError::Shape);
    assert_eq!(refused("text\n\n"), NoteError::Shape);
    assert_eq!(refused("\n\n\u{2014} a AAAAAAA=\n"), NoteError::Shape);
    assert_eq!(refused("a\ttab\n\n\u{2014} a AAAAAAA=\n"), NoteError::NotText);
    let line = NoteError::SignatureLine { line: 1 };
    for bad in [
        "- a AAAAAAA=",
        "\u{2014} a",
        "\u{2014} a AAAA",
        "\u{2014} a+b AAAAAAA=",
        "\u{2014}  AAAAAAA=",
    ] {
        assert_eq!(refused(&format!("text\n\n{bad}\n")), line, "{bad}");
    }
    assert_eq!(Note::parse(&[0xff; 4]), Err(NoteError::NotText));
    assert_eq!(Note::parse(&vec![b'a'; 70_000]), Err(NoteError::TooLong));
    let many = "\u{2014} a AAAAAAA=\n".repeat(65);
    assert_eq!(refused(&format!("text\n\n{many}")), NoteError::TooLong);
}

#[test]
fn texts_that_are_no_checkpoint_are_refused() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for text in [
        String::new(),
        "origin\n".to_owned(),
        format!("origin\n01\n{root}\n"),
        format!("origin\n-1\n{root}\n"),
        format!("origin\n18446744073709551616\n{root}\n"),
        format!("origin\n1\n{}\n", &root[4..]),
        format!("\n1\n{root}\n"),
        format!("origin\n1\n{root}\n\nmore\n"),
        format!("origin\n1\n{root}"),
    ] {
        assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::Shape), "{text:?}");
    }
    assert!(Checkpoint::parse(&format!("origin\n0\n{root}\nextension\n")).is_ok());
}

#[test]
fn keys_of_notes_that_are_none_are_refused() {
    let (_, known, _) = signed();
    let good = known.to_string();
    let key = |text: &str| text.parse::<NoteKey>();
    assert!(matches!(key("name"), Err(NoteError::Key { .. })));
    assert!(matches!(key(&good.replace("comity/", "comitx/")), Err(NoteError::Key { .. })));
    assert!(matches!(key(&good[..good.len() - 4]), Err(NoteError::Key { .. })));
    let public = *known.key();
    assert!(matches!(NoteKey::new("a b", NoteKind::Ed25519, public), Err(NoteError::Name { .. })));
    assert!(matches!(NoteKey::new("", NoteKind::Ed25519, public), Err(NoteError::Name { .. })));
}
