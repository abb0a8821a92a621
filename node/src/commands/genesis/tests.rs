//! The genesis: stable for given parts, and plain about what is wrong with them.

use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level};
use comity_core::genesis::{GenesisKey, NO_CONSORTIUM};
use comity_core::keys::SecretKey;

use super::*;
use crate::terminal::Terminal;

fn member(name: &str, seed: u8) -> GenesisMember {
    let agency: AgencyId = name.parse().unwrap();
    let key = |role: KeyRole, seed: u8| {
        let secret = SecretKey::from_seed(&[seed; 32]);
        let possession = secret.sign_possession(&NO_CONSORTIUM, &agency, role);
        GenesisKey {
            role,
            algorithm: KeyAlgorithm::Ed25519,
            key: secret.public(),
            post: Text::default(),
            possession,
        }
    };
    let roles = [KeyRole::Admin, KeyRole::Note, KeyRole::Validator, KeyRole::Transport];
    GenesisMember {
        agency: Agency {
            id: agency.clone(),
            name: name.parse().unwrap(),
            level: Level::County,
            region: "440100".parse().unwrap(),
            kind: AgencyKind::Government,
            superior: None,
            authority: None,
            operated_by: name.parse().unwrap(),
            standing: Standing::Validator { power: 1 },
            sponsor: None,
        },
        keys: roles.into_iter().zip(seed..).map(|(role, seed)| key(role, seed)).collect(),
    }
}

fn four_members() -> Vec<GenesisMember> {
    [("tax.gd", 10), ("data.gd", 20), ("health.gd", 30), ("civil.gd", 40)]
        .map(|(name, seed)| member(name, seed))
        .into()
}

fn founding(members: Vec<GenesisMember>) -> Founding {
    Founding {
        name: "County data sharing".parse().unwrap(),
        authority: "data.gd".parse().unwrap(),
        time: TimeMs(1_777_777_777_000),
        params: Params::default(),
        codes: toml::from_str(SAMPLE_CODES).unwrap(),
        members,
    }
}

#[test]
fn same_parts_in_any_order_give_the_same_id() {
    let genesis = assemble(founding(four_members())).unwrap();
    genesis.check().unwrap();
    let mut shuffled = four_members();
    shuffled.reverse();
    for member in &mut shuffled {
        member.keys.reverse();
    }
    let mut other = founding(shuffled);
    other.codes.matters.reverse();
    assert_eq!(assemble(other).unwrap().id(), genesis.id());
    let mut later = founding(four_members());
    later.time = TimeMs(1_777_777_777_001);
    assert_ne!(assemble(later).unwrap().id(), genesis.id());
}

#[test]
fn genesis_written_and_read_again_has_the_same_id() {
    let temp = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for member in four_members() {
        let path = temp.path().join(format!("{}.json", member.agency.id));
        fs::write(&path, serde_json::to_vec(&member).unwrap()).unwrap();
        paths.push(path);
    }
    let codes = temp.path().join("codes.toml");
    fs::write(&codes, SAMPLE_CODES).unwrap();
    let out = temp.path().join("genesis.json");
    let word = |path: &Path| path.display().to_string();
    let mut words = vec!["comityd".to_owned(), "genesis".to_owned()];
    for (option, value) in [
        ("--name", "County data sharing".to_owned()),
        ("--authority", "data.gd".to_owned()),
        ("--heartbeat-ms", "500".to_owned()),
        ("--codes", word(&codes)),
        ("--out", word(&out)),
    ] {
        words.extend([option.to_owned(), value]);
    }
    for path in &paths {
        words.extend(["--member".to_owned(), word(path)]);
    }
    let run = || {
        let args = crate::args::parse(words.iter().map(Into::into)).unwrap();
        super::super::perform(args.command, &mut Terminal::nobody())
    };
    let report = run().unwrap();
    let genesis: Genesis = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    genesis.check().unwrap();
    assert_eq!((genesis.params.heartbeat_ms, genesis.matters.len()), (500, 6));
    assert!(report.contains(&format!("\nConsortium id: {}\n", genesis.id())), "{report}");
    assert!(report.contains("\nAny one of the voting nodes may fail or lie without harm.\n"));
    assert!(!report.contains("Warning"), "{report}");
    let refused = run().unwrap_err();
    assert_eq!(refused.ending(), Ending::Refused);
    assert!(refused.to_string().contains("genesis.json exists already.\n"), "{refused}");
}

#[test]
fn sample_codes_need_no_other_argument() {
    let args = crate::args::parse(["comityd", "genesis", "--sample-codes"].map(Into::into));
    let text = super::super::perform(args.unwrap().command, &mut Terminal::nobody()).unwrap();
    let codes: Codes = toml::from_str(&text).unwrap();
    assert_eq!((codes.matters.len(), codes.duty_bases.len()), (6, 4));
    let bare = crate::args::parse(["comityd", "genesis"].map(Into::into)).unwrap_err();
    assert!(bare.to_string().contains("--member <FILE>"), "{bare}");
}

#[test]
fn member_file_that_was_changed_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("tax.json");
    let mut changed = member("tax.gd", 10);
    changed.agency.id = "civil.gd".parse().unwrap();
    fs::write(&path, serde_json::to_vec(&changed).unwrap()).unwrap();
    let failure = Failure::from(read_members(std::slice::from_ref(&path)).unwrap_err());
    assert_eq!(
        failure.to_string(),
        format!(
            "Error: {} cannot be used: the proof of possession of the admin key of civil.gd \
             does not verify.\n\
             It was damaged or changed on its way. Nothing was written.\n\
             Next: ask that agency for its member.json again\n",
            path.display()
        )
    );
}

#[test]
fn agency_that_stands_twice_is_named_with_both_files() {
    let temp = tempfile::tempdir().unwrap();
    let paths = ["a.json", "b.json"].map(|name| temp.path().join(name));
    for path in &paths {
        fs::write(path, serde_json::to_vec(&member("tax.gd", 10)).unwrap()).unwrap();
    }
    let error = read_members(&paths).unwrap_err().to_string();
    assert!(error.ends_with("b.json are both the member.json of tax.gd"), "{error}");
}

#[test]
fn authority_that_is_no_member_is_named() {
    let mut stranger = founding(four_members());
    stranger.authority = "police.gd".parse().unwrap();
    let failure = Failure::from(assemble(stranger).unwrap_err()).to_string();
    assert!(failure.contains("the competent authority police.gd is not a member.\n"));
}

#[test]
fn votes_in_one_hand_are_pointed_out() {
    let mut members = four_members();
    members[0].agency.operated_by = "Contractor".parse().unwrap();
    members[1].agency.operated_by = "Contractor".parse().unwrap();
    let lines = voting_lines(&assemble(founding(members)).unwrap());
    assert!(lines.contains("Warning: Contractor operates a third of the votes or more"), "{lines}");
    let few = assemble(founding(four_members().into_iter().take(3).collect())).unwrap();
    assert!(voting_lines(&few).starts_with("Every voting node must run: "));
}

#[test]
fn mistake_in_a_code_list_is_told_with_its_line() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("codes.toml");
    fs::write(&path, "[[matters]]\ncode = \"A B\"\ntitle = \"x\"\n").unwrap();
    let error = read_codes(&path).unwrap_err().to_string();
    assert!(error.contains("codes.toml, line 2, column 8: \"A B\" is not a code"), "{error}");
    let twice = "[[matters]]\ncode = \"A\"\ntitle = \"x\"\n".repeat(2);
    fs::write(&path, twice).unwrap();
    let error = read_codes(&path).unwrap_err().to_string();
    assert!(error.starts_with("the code A stands twice among the matters"), "{error}");
}
