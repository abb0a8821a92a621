//! What pure code may not touch, and which file alone may name a crate.

use super::assert_none;
use super::code::{code_of, code_without_tests, words};
use super::tree::{File, rust_files};

/// Words that no pure code has a use for.
const IMPURE_WORDS: &[&str] = &[
    "HashMap",
    "HashSet",
    "Instant",
    "RandomState",
    "SystemTime",
    "async",
    "await",
    "dbg",
    "eprint",
    "eprintln",
    "f32",
    "f64",
    "getrandom",
    "libp2p",
    "print",
    "println",
    "rand",
    "sled",
    "tokio",
    "tracing",
];
/// Paths likewise.
const IMPURE_PATHS: &[&str] = &["std::env", "std::fs", "std::net", "std::process", "std::thread"];

const PURE: [&str; 2] = ["core/src", "node/replica/src"];

/// The lines of `code` on which `is_offence` finds something, and what.
fn offences<'a>(
    file: &'a File,
    code: &'a str,
    is_offence: impl Fn(&str) -> Option<String> + 'a,
) -> impl Iterator<Item = String> + 'a {
    code.lines().enumerate().filter_map(move |(at, line)| {
        let what = is_offence(line)?;
        Some(format!("{}:{}: {what}", file.path, at + 1))
    })
}

#[test]
fn core_and_replica_touch_nothing_but_their_inputs() {
    let mut offenders = Vec::new();
    for file in rust_files().iter().filter(|f| PURE.iter().any(|pure| f.is_under(pure))) {
        let code = code_without_tests(file);
        offenders.extend(offences(file, &code, |line| {
            let word = words(line).find(|word| IMPURE_WORDS.contains(word));
            let path = IMPURE_PATHS.iter().copied().find(|path| line.contains(path));
            word.or(path).map(str::to_owned)
        }));
    }
    assert_none(offenders);
}

#[test]
fn one_file_names_the_codec() {
    let mut offenders = Vec::new();
    for file in rust_files().iter().filter(|file| file.path != "core/src/encoding.rs") {
        let code = code_of(&file.text);
        let named = |line: &str| words(line).find(|word| *word == "bincode").map(str::to_owned);
        offenders.extend(offences(file, &code, named));
    }
    assert_none(offenders);
}

#[test]
fn one_folder_names_the_consensus_engine() {
    let mut offenders = Vec::new();
    for file in rust_files().iter().filter(|f| !f.is_under("node/replica/src/engine")) {
        let code = code_of(&file.text);
        let is_engine =
            |word: &&str| word.starts_with("malachite_") || word.starts_with("arc_malachite");
        let named = move |line: &str| words(line).find(is_engine).map(str::to_owned);
        offenders.extend(offences(file, &code, named));
    }
    assert_none(offenders);
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_left_out() {
    let unfinished = ["todo", "unimplemented", "ignore"];
    let mut offenders = Vec::new();
    for file in rust_files() {
        let code = code_of(&file.text);
        offenders.extend(offences(&file, &code, |line| {
            let marks = unfinished.iter().filter(|mark| {
                line.contains(&format!("{mark}!("))
                    || line.trim_start().starts_with(&format!("#[{mark}"))
            });
            marks.map(|mark| (*mark).to_owned()).next()
        }));
    }
    assert_none(offenders);
}

#[test]
fn no_test_sleeps() {
    let mut offenders = Vec::new();
    for file in rust_files() {
        let (all, shipped) = (code_of(&file.text), code_without_tests(&file));
        let mut shipped = shipped.lines();
        for (at, line) in all.lines().enumerate() {
            let is_shipped = shipped.next().is_some_and(|line| !line.trim().is_empty());
            let sleeps =
                words(line).any(|word| matches!(word, "sleep" | "sleep_until" | "sleep_ms"));
            if sleeps && !is_shipped {
                offenders.push(format!(
                    "{}:{}: waits for time, not for a condition",
                    file.path,
                    at + 1
                ));
            }
        }
    }
    assert_none(offenders);
}
