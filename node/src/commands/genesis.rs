//! `comityd genesis`: assembles the founding document of a consortium from its members' parts.
//! Holds: the same parts, in whatever order they are named, give the same id.
//! May not enter: secrets; agreement between the members (they compare the id themselves).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use comity_core::agency::Standing;
use comity_core::codes::CodeEntry;
use comity_core::genesis::{GENESIS_VERSION, Genesis, GenesisError, GenesisMember, Params};
use comity_core::hash::ConsortiumId;
use comity_core::ids::TimeMs;
use comity_core::text::{AgencyId, Code, Text};
use serde::Deserialize;

use crate::args::GenesisArgs;
use crate::clock::system_time;
use crate::data_dir::{DataDirError, PUBLIC_FILE, write_new};
use crate::failure::{Ending, Failure};
use crate::toml_text::{self, Mistake};

const SAMPLE_CODES: &str = include_str!("genesis/sample_codes.toml");

#[derive(Debug, thiserror::Error)]
enum FoundingError {
    #[error("could not read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} cannot be read as a member.json")]
    MemberText {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{path} cannot be used")]
    Member {
        path: PathBuf,
        #[source]
        source: GenesisError,
    },
    #[error("{first} and {second} are both the member.json of {agency}")]
    MemberTwice { agency: AgencyId, first: PathBuf, second: PathBuf },
    #[error("{path}, {mistake}")]
    Codes { path: PathBuf, mistake: Mistake },
    #[error("the code {code} stands twice among the {list} in {path}")]
    CodeTwice { path: PathBuf, list: &'static str, code: Code },
    #[error("these members and rules found no consortium")]
    Unfit(#[source] GenesisError),
    #[error(transparent)]
    Write(#[from] DataDirError),
}

/// What a code list says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "lists of codes")]
struct Codes {
    #[serde(default)]
    matters: Vec<CodeEntry>,
    #[serde(default)]
    duty_bases: Vec<CodeEntry>,
}

/// All that a genesis is made of, in any order.
struct Founding {
    name: Text<128>,
    authority: AgencyId,
    time: TimeMs,
    params: Params,
    codes: Codes,
    members: Vec<GenesisMember>,
}

pub(super) fn perform(args: &GenesisArgs) -> Result<String, Failure> {
    // The command line was refused if one of them is missing for any other reason.
    let (false, Some(name), Some(authority), Some(out)) =
        (args.sample_codes, &args.name, &args.authority, &args.out)
    else {
        return Ok(SAMPLE_CODES.to_owned());
    };
    let codes = match &args.codes {
        Some(path) => read_codes(path)?,
        None => Codes::default(),
    };
    let genesis = assemble(Founding {
        name: name.clone(),
        authority: authority.clone(),
        time: system_time(),
        params: args.params.params(),
        codes,
        members: read_members(&args.member)?,
    })?;
    let Ok(mut text) = serde_json::to_vec_pretty(&genesis) else {
        unreachable!("a genesis is text and numbers");
    };
    text.push(b'\n');
    write_new(out, &text, PUBLIC_FILE)?;
    Ok(report(&genesis, out))
}

fn read_members(paths: &[PathBuf]) -> Result<Vec<GenesisMember>, FoundingError> {
    let mut members: Vec<(PathBuf, GenesisMember)> = Vec::new();
    for path in paths {
        let path = path.clone();
        let member = read_member(&path)?;
        if let Some((first, _)) = members.iter().find(|(_, m)| m.agency.id == member.agency.id) {
            let (agency, first) = (member.agency.id, first.clone());
            return Err(FoundingError::MemberTwice { agency, first, second: path });
        }
        members.push((path, member));
    }
    Ok(members.into_iter().map(|(_, member)| member).collect())
}

fn read_member(path: &Path) -> Result<GenesisMember, FoundingError> {
    let path = path.to_owned();
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(source) => return Err(FoundingError::Read { path, source }),
    };
    let member: GenesisMember = match serde_json::from_slice(&text) {
        Ok(member) => member,
        Err(source) => return Err(FoundingError::MemberText { path, source }),
    };
    match member.check() {
        Ok(()) => Ok(member),
        Err(source) => Err(FoundingError::Member { path, source }),
    }
}

fn read_codes(path: &Path) -> Result<Codes, FoundingError> {
    let path = path.to_owned();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(FoundingError::Read { path, source }),
    };
    let codes: Codes = match toml_text::read(&text) {
        Ok(codes) => codes,
        Err(mistake) => return Err(FoundingError::Codes { path, mistake }),
    };
    for (list, entries) in [("matters", &codes.matters), ("duty bases", &codes.duty_bases)] {
        let twice = entries
            .iter()
            .enumerate()
            .find(|(at, entry)| entries[..*at].iter().any(|earlier| earlier.code == entry.code));
        if let Some((_, entry)) = twice {
            return Err(FoundingError::CodeTwice { path, list, code: entry.code.clone() });
        }
    }
    Ok(codes)
}

/// Puts everything into its one order, and checks the whole.
fn assemble(founding: Founding) -> Result<Genesis, FoundingError> {
    let Founding { name, authority, time, params, mut codes, mut members } = founding;
    codes.matters.sort();
    codes.duty_bases.sort();
    for member in &mut members {
        member.keys.sort_by_key(|key| (key.role, key.key));
    }
    members.sort_by(|a, b| a.agency.id.cmp(&b.agency.id));
    let genesis = Genesis {
        version: GENESIS_VERSION,
        name,
        time,
        params,
        competent_authority: authority,
        matters: codes.matters,
        duty_bases: codes.duty_bases,
        members,
    };
    genesis.check().map_err(FoundingError::Unfit)?;
    Ok(genesis)
}

fn report(genesis: &Genesis, out: &Path) -> String {
    let members: String = genesis.members.iter().map(member_line).collect();
    format!(
        "The genesis of \"{}\" is in {}.\n\
         \n\
         Members:\n{members}{}\
         Codes: {} matters, {} duty bases\n\
         \n\
         {}\
         \n\
         Next:\n  \
         1. Send {} to every member.\n  \
         2. Every member compares the consortium id with the others by telephone. It must be the\n     \
         same everywhere; if it is not, somebody has another file.\n  \
         3. Every member copies the file into its node's directory as genesis.json, sees the id of\n     \
         its copy with comityd config check, and starts its node: comityd run --help\n",
        genesis.name,
        out.display(),
        voting_lines(genesis),
        genesis.matters.len(),
        genesis.duty_bases.len(),
        spoken(&genesis.id()),
        out.display(),
    )
}

/// A consortium's id, also in groups that two people can compare by telephone.
pub(super) fn spoken(id: &ConsortiumId) -> String {
    let groups: Vec<String> = id.as_bytes().chunks(4).map(hex::encode).collect();
    format!(
        "Consortium id: {id}\nTo read aloud: {}\n               {}\n",
        groups[..4].join(" "),
        groups[4..].join(" "),
    )
}

fn member_line(member: &GenesisMember) -> String {
    let standing = match &member.agency.standing {
        Standing::Validator { power: 1 } => "votes".to_owned(),
        Standing::Validator { power } => format!("votes with weight {power}"),
        Standing::Observer => "follows".to_owned(),
        Standing::Hosted { sponsor, .. } => format!("hosted by {sponsor}"),
    };
    let agency = &member.agency;
    format!("  {} ({}), {standing}; operated by {}\n", agency.id, agency.name, agency.operated_by)
}

/// What the distribution of votes means for the people who rely on it.
fn voting_lines(genesis: &Genesis) -> String {
    let voting = || {
        genesis.members.iter().filter_map(|member| match member.agency.standing {
            Standing::Validator { power } => Some((&member.agency, power)),
            Standing::Observer | Standing::Hosted { .. } => None,
        })
    };
    let total: u64 = voting().map(|(_, power)| power).sum();
    let mut powers: Vec<u64> = voting().map(|(_, power)| power).collect();
    powers.sort_unstable_by(|a, b| b.cmp(a));
    // The heaviest fail first: so many may fail whichever they are.
    let spare = powers.iter().scan(0, |failed, power| {
        *failed += power;
        Some(*failed)
    });
    let spare = spare.take_while(|failed| 3 * failed < total).count();
    let mut lines = match spare {
        0 => {
            "Every voting node must run: with fewer than four equal votes, none may fail.\n".into()
        }
        1 => "Any one of the voting nodes may fail or lie without harm.\n".to_owned(),
        many => format!("Any {many} of the voting nodes may fail or lie without harm.\n"),
    };
    let mut operators: Vec<&str> =
        voting().map(|(agency, _)| agency.operated_by.as_str()).collect();
    operators.sort_unstable();
    operators.dedup();
    for operator in operators {
        let runs = || voting().filter(|(agency, _)| agency.operated_by.as_str() == operator);
        if runs().count() > 1 && 3 * runs().map(|(_, power)| power).sum::<u64>() >= total {
            lines += &format!(
                "Warning: {operator} operates a third of the votes or more, and could stop or \
                 split the record.\n"
            );
        }
    }
    lines
}

impl From<FoundingError> for Failure {
    fn from(error: FoundingError) -> Failure {
        let nothing = "Nothing was written.";
        let (ending, meaning, next) = match error {
            FoundingError::Write(error) => return error.into(),
            FoundingError::Read { .. } => (Ending::Failed, nothing, "check the path"),
            FoundingError::MemberText { .. } | FoundingError::Member { .. } => (
                Ending::Failed,
                "It was damaged or changed on its way. Nothing was written.",
                "ask that agency for its member.json again",
            ),
            FoundingError::MemberTwice { .. } => (
                Ending::Failed,
                "An agency takes part once. Nothing was written.",
                "ask that agency which of the two is right, and leave the other out",
            ),
            FoundingError::Codes { .. } | FoundingError::CodeTwice { .. } => (
                Ending::NotUnderstood,
                nothing,
                "correct the list; comityd genesis --sample-codes shows its form",
            ),
            FoundingError::Unfit(_) => (
                Ending::Failed,
                nothing,
                "correct what is named, then run the command again; see comityd genesis --help",
            ),
        };
        Failure::because(ending, &error, meaning, next)
    }
}

#[cfg(test)]
mod tests;
