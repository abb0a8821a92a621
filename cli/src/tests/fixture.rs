//! A small consortium with known keys, and a shell that writes into memory.
//! Holds: the same seeds, clock and "random" bytes in every run.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level, Standing};
use comity_core::codes::CodeEntry;
use comity_core::genesis::{
    GENESIS_VERSION, Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM, Params,
};
use comity_core::hash::HeaderHash;
use comity_core::ids::{Height, TimeMs};
use comity_core::key_file::KeyFile;
use comity_core::keys::SecretKey;
use comity_core::text::AgencyId;
use comity_core::vote::{CertificateSignature, CommitCertificate, Vote, VoteKind};
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;

use crate::fault::Exit;
use crate::keys::{self, Readers};
use crate::messages::Language;
use crate::shell::{Input, Shell, Widths};

/// This computer's time in tests.
pub(super) const NOW: TimeMs = TimeMs(1_777_777_777_000);
/// The members, in order.
pub(super) const MEMBERS: [&str; 4] = ["audit.gd", "civil.gd", "finance.gd", "health.gd"];

/// The key of a member in a role: by its place, so that runs are alike.
pub(super) fn secret(member: &str, role: KeyRole) -> SecretKey {
    let place = MEMBERS.iter().position(|m| *m == member).unwrap();
    let mut seed = [7u8; 32];
    seed[0] = u8::try_from(place).unwrap();
    seed[1] = u8::try_from(KeyRole::ALL.iter().position(|r| *r == role).unwrap()).unwrap();
    SecretKey::from_seed(&seed)
}

fn member(id: &str) -> GenesisMember {
    let agency: AgencyId = id.parse().unwrap();
    let key = |role: KeyRole| {
        let secret = secret(id, role);
        let possession = secret.sign_possession(&NO_CONSORTIUM, &agency, role);
        GenesisKey {
            role,
            algorithm: KeyAlgorithm::Ed25519,
            key: secret.public(),
            post: "Duty desk".parse().unwrap(),
            possession,
        }
    };
    let roles = KeyRole::ALL.into_iter().filter(|r| !matches!(r, KeyRole::Note | KeyRole::Auditor));
    let keys = roles.map(key).collect();
    let agency = Agency {
        id: agency.clone(),
        name: id.parse().unwrap(),
        level: Level::Provincial,
        region: "GD".parse().unwrap(),
        kind: AgencyKind::Government,
        superior: None,
        authority: None,
        operated_by: id.parse().unwrap(),
        standing: Standing::Validator { power: 1 },
        sponsor: None,
    };
    GenesisMember { agency, keys }
}

/// The consortium.
pub(super) fn genesis() -> Genesis {
    let code = |code: &str| CodeEntry {
        code: code.parse().unwrap(),
        title: "As published".parse().unwrap(),
    };
    Genesis {
        version: GENESIS_VERSION,
        name: "Test consortium".parse().unwrap(),
        time: TimeMs(NOW.0 - 60_000),
        params: Params::default(),
        competent_authority: "audit.gd".parse().unwrap(),
        matters: vec![code("LOW-INCOME-CHECK"), code("TAX-RELIEF")],
        duty_bases: vec![code("ACT-12")],
        members: MEMBERS.map(member).into(),
    }
}

/// The certificate by which every validator commits a block in round 0.
pub(super) fn certificate(height: Height, header_hash: HeaderHash) -> CommitCertificate {
    let consortium = genesis().id();
    let sign = |member: &str| {
        let key = secret(member, KeyRole::Validator);
        let vote = Vote {
            kind: VoteKind::Precommit,
            height,
            round: 0,
            value: Some(header_hash),
            validator: key.public(),
        };
        let signature = key.sign_vote(&consortium, &vote);
        CertificateSignature { validator: key.public(), signature }
    };
    let mut signatures = MEMBERS.map(sign).to_vec();
    signatures.sort_by_key(|signature| signature.validator);
    CommitCertificate { height, round: 0, header_hash, signatures }
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) exit: Exit,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ran {
    /// The result as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Asserts how it ended.
    pub(super) fn ended(self, exit: Exit) -> Ran {
        assert_eq!(self.exit, exit, "{self:?}");
        self
    }
}

#[derive(Clone, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

/// A desk: a folder with everyone's key files.
pub(super) struct Office {
    dir: TempDir,
    /// How often random bytes were drawn: the n-th draw is all n.
    drawn: Rc<Cell<u8>>,
    /// How wide its terminal is, if it has one.
    widths: Cell<Widths>,
    /// What its people read.
    language: Cell<Language>,
}

impl Office {
    pub(super) fn new() -> Office {
        let office = Office {
            dir: tempfile::tempdir().unwrap(),
            drawn: Rc::default(),
            widths: Cell::default(),
            language: Cell::default(),
        };
        for member in MEMBERS {
            let agency: AgencyId = member.parse().unwrap();
            for role in [KeyRole::Admin, KeyRole::Steward, KeyRole::Officer, KeyRole::Gateway] {
                let post = "Duty desk".parse().unwrap();
                let file = KeyFile::new(agency.clone(), role, post, &secret(member, role));
                let path = office.key(member, role);
                let json = serde_json::to_vec(&file).unwrap();
                keys::write_new(Path::new(&path), &json, Readers::Owner).unwrap();
            }
        }
        office.put("genesis.json", &serde_json::to_vec(&genesis()).unwrap());
        office
    }

    /// From now on, commands run at a terminal so wide.
    pub(super) fn at_terminal(&self, columns: usize) {
        self.widths.set(Widths { out: Some(columns), err: Some(columns) });
    }

    /// From now on, its people read another language.
    pub(super) fn reads(&self, language: Language) {
        self.language.set(language);
    }

    /// A path in the folder.
    pub(super) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// A member's key file.
    pub(super) fn key(&self, member: &str, role: KeyRole) -> String {
        self.path(&format!("{member}.{role}.key"))
    }

    /// Writes a file.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Records that are kept because their outcome is unknown.
    pub(super) fn pending(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.dir.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|e| e == "record")).collect()
    }

    /// Runs a command with nobody at the terminal.
    pub(super) fn run(&self, args: &[&str]) -> Ran {
        self.run_as(Input::Program, "", &[], args)
    }

    /// Runs a command with a person at the terminal who types `answers`.
    pub(super) fn run_answering(&self, answers: &'static str, args: &[&str]) -> Ran {
        self.run_as(Input::Person, answers, &[], args)
    }

    /// Runs a command with a person at the terminal who types these passphrases when asked for
    /// one, and yes to all else. Questions stand on standard error, in brackets.
    pub(super) fn run_typing(&self, passphrases: &[&str], args: &[&str]) -> Ran {
        self.run_as(Input::Person, "y\ny\n", passphrases, args)
    }

    fn run_as(
        &self,
        input: Input,
        answers: &'static str,
        passphrases: &[&str],
        args: &[&str],
    ) -> Ran {
        let (out, err) = (Written::default(), Written::default());
        let mut asked = err.clone();
        let mut typed: VecDeque<String> = passphrases.iter().map(|s| (*s).to_owned()).collect();
        let drawn = self.drawn.clone();
        let mut shell = Shell {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            answers: Box::new(Cursor::new(answers)),
            secret: Box::new(move |question| {
                writeln!(asked, "[{question}]")?;
                typed.pop_front().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }),
            input,
            widths: self.widths.get(),
            language: self.language.get(),
            progress: false,
            clock: || NOW,
            random: Box::new(move |bytes| {
                drawn.set(drawn.get() + 1);
                bytes.fill(drawn.get());
                Ok(())
            }),
            zone: TimeZone::fixed(jiff::tz::offset(8)),
            pending_dir: self.dir.path().to_owned(),
        };
        let args = std::iter::once("comity").chain(args.iter().copied()).map(Into::into);
        let exit = crate::run(args.collect(), &mut shell);
        Ran { exit, out: out.text(), err: err.text() }
    }
}
