//! The vectors of docs/formats.md against the code: every file in `tests/vectors`, every case.
//! Holds: a file that no test reads, a case that is passed over and a field that nobody looks at
//! all fail. The files are written by an independent program, `tests/vectors/make.py`.
//! May not enter: a vector bent to the code; bytes that the code made itself.

mod chain;
mod founding;
mod keyfiles;
mod messages;
mod noting;
mod overseeing;
mod proving;
mod records;
mod rules;
mod signing;
mod storage;
mod trees;
mod trusting;
mod values;

pub(crate) use chain::verify as verify_archive;
pub(crate) use proving::shown as verify_proof;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use comity_core::hash::ConsortiumId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Defines one test for each file of vectors, and the list of them.
macro_rules! vectors {
    ($($file:literal => $name:ident: $check:path;)*) => {
        const FILES: &[&str] = &[$($file),*];
        $(
            #[test]
            fn $name() {
                let vectors = read($file);
                $check(&vectors);
                let (seen, count) = (vectors.seen.get(), vectors.cases.len());
                assert_eq!(seen, count, "cases of {}.json that were checked", vectors.file);
            }
        )*
    };
}

vectors! {
    "values" => values_have_one_encoding_and_one_rendering: values::check_values;
    "malformed" => bytes_that_are_no_value_are_refused: values::check_malformed;
    "text" => texts_and_names_are_accepted_by_the_list: values::check_texts;
    "keys" => keys_that_no_honest_holder_has_are_refused: signing::check_keys;
    "signatures" => signatures_are_judged_by_the_exact_predicate: signing::check_signatures;
    "tags" => every_purpose_has_its_tag: signing::check_tags;
    "keyfiles" => key_files_open_or_are_refused_by_reason: keyfiles::check;
    "genesis" => a_genesis_founds_what_the_formats_say: founding::check_genesis;
    "validators" => validators_take_turns_and_make_quorums: founding::check_validators;
    "statements" => statements_are_signed_and_hashed_byte_by_byte: records::check_statements;
    "records" => records_of_bad_form_are_refused_by_name: records::check_records;
    "rules" => rules_refuse_by_name_and_put_the_same_values: rules::check;
    "duties" => what_is_owed_and_by_when_agrees: rules::check_duties;
    "state" => state_keys_roots_and_proofs_agree: trees::check_state;
    "batches" => batches_prove_their_accesses_and_answers_hash_alike: trees::check_batches;
    "draws" => draws_take_the_same_records_and_reviewers: overseeing::check_draws;
    "log" => log_roots_frontiers_and_proofs_agree: trees::check_log;
    "consensus" => votes_proposals_and_certificates_agree: chain::check_consensus;
    "blocks" => headers_and_bodies_agree: chain::check_blocks;
    "archives" => archives_verify_or_fail_where_they_should: chain::check_archives;
    "trustpaths" => trust_paths_prove_or_fail_by_name: trusting::check_paths;
    "snapshots" => snapshots_load_or_fail_by_name: trusting::check_snapshots;
    "checkpoints" => checkpoints_read_the_same_or_fail_by_the_same_name: noting::check;
    "proofs" => proof_files_show_the_same_or_fail_by_the_same_name: proving::check;
    "messages" => messages_of_nodes_agree: messages::check;
    "storage" => files_of_storage_open_as_they_were_written: storage::check;
}

#[test]
fn every_file_of_vectors_is_read() {
    let found: BTreeSet<String> = std::fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let read: BTreeSet<String> = FILES.iter().map(|file| (*file).to_owned()).collect();
    assert_eq!(found, read);
}

#[test]
fn examples_in_the_formats_are_vectors() {
    let vectors: String = FILES.iter().map(|file| text(file)).collect();
    let mut examples = 0;
    for block in formats().split("```hex\n").skip(1) {
        let lines = block.split("```").next().unwrap().lines();
        let digits = lines.map(|line| line.split('#').next().unwrap());
        let example: String = digits.flat_map(str::split_whitespace).collect();
        assert!(hex::decode(&example).is_ok(), "{example}");
        assert!(vectors.contains(&example), "not in any vector: {example}");
        examples += 1;
    }
    assert!(examples >= 5, "{examples} examples");
}

/// A file of vectors.
struct Vectors {
    file: &'static str,
    /// What its cases have in common.
    shared: Value,
    cases: Vec<Value>,
    /// Cases checked so far.
    seen: Cell<usize>,
}

impl Vectors {
    /// Checks every case. A case with a field that `C` does not know fails.
    fn each<C: DeserializeOwned>(&self, mut check: impl FnMut(C)) {
        for (at, case) in self.cases.iter().enumerate() {
            let _named = Named { file: self.file, at, case };
            let case = C::deserialize(case).unwrap_or_else(|error| panic!("{error}"));
            check(case);
            self.seen.set(self.seen.get() + 1);
        }
    }

    /// What the cases have in common.
    fn shared<S: DeserializeOwned>(&self) -> S {
        S::deserialize(&self.shared).unwrap()
    }
}

/// Names the case at hand when its check fails.
struct Named<'a> {
    file: &'a str,
    at: usize,
    case: &'a Value,
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let case: String = self.case.to_string().chars().take(400).collect();
            eprintln!("in tests/vectors/{}.json, case {}: {case}", self.file, self.at);
        }
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    origin: String,
    section: String,
    shared: Value,
    count: usize,
    cases: Vec<Value>,
}

fn read(file: &'static str) -> Vectors {
    let Written { origin, section, shared, count, cases } =
        serde_json::from_str(&text(file)).unwrap();
    assert!(origin.contains("tests/vectors/make.py"), "{file}.json states its origin");
    assert!(formats().contains(&format!("\n## {section}\n")), "{file}.json names its section");
    assert_eq!(cases.len(), count, "{file}.json is whole");
    assert!(count > 0, "{file}.json holds cases");
    Vectors { file, shared, cases, seen: Cell::new(0) }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn directory() -> PathBuf {
    root().join("tests/vectors")
}

fn text(file: &str) -> String {
    std::fs::read_to_string(directory().join(format!("{file}.json"))).unwrap()
}

fn formats() -> String {
    std::fs::read_to_string(root().join("docs/formats.md")).unwrap()
}

/// Bytes, written in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Hex(Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;
    fn try_from(text: String) -> Result<Self, hex::FromHexError> {
        hex::decode(text).map(Hex)
    }
}

impl Hex {
    /// The bytes, where there are exactly so many.
    fn array<const N: usize>(&self) -> [u8; N] {
        self.0.as_slice().try_into().unwrap()
    }
}

/// The preimage of a hash or signature, put together as "Domain separation" says.
fn preimage(tag: &str, consortium: &ConsortiumId, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(tag.len()).unwrap();
    let size = (body.len() as u64).to_le_bytes();
    [&[length][..], tag.as_bytes(), consortium.as_bytes(), &size, body].concat()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
