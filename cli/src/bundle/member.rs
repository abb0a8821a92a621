//! The members of an evidence bundle: their names, their order, how long each may be.
//! Holds: the list is closed; a name has one spelling.
//! Source: docs/formats.md, "Evidence bundles".

use std::fmt;

/// Most openings.
pub(crate) const MAX_OPENINGS: usize = 1_024;
/// Most time stamps.
pub(crate) const MAX_TIMESTAMPS: u16 = 16;
/// No name is longer than this (bytes).
pub(crate) const MAX_NAME_BYTES: usize = 40;
/// Longest member (bytes), but for the small ones.
const MAX_MEMBER_BYTES: usize = 16 * 1024 * 1024;
/// Longest opening or time stamp (bytes).
const MAX_SMALL_BYTES: usize = 65_536;

/// A member, in the order in which they lie in the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Member {
    /// What is in it.
    Manifest,
    /// The genesis.
    Genesis,
    /// The entries.
    Entries,
    /// The objects.
    State,
    /// Openings of what an entry seals.
    Opening(u64),
    /// The case in English.
    SummaryEn,
    /// The case in Chinese.
    SummaryZh,
    /// A time stamp over the manifest, from 1.
    Timestamp(u16),
}

impl Member {
    /// Those that are in every bundle.
    pub(crate) const REQUIRED: [Member; 6] = [
        Member::Manifest,
        Member::Genesis,
        Member::Entries,
        Member::State,
        Member::SummaryEn,
        Member::SummaryZh,
    ];

    /// Its name.
    pub(crate) fn name(self) -> String {
        match self {
            Member::Manifest => "manifest.json".to_owned(),
            Member::Genesis => "genesis.json".to_owned(),
            Member::Entries => "entries.proof".to_owned(),
            Member::State => "state.proof".to_owned(),
            Member::Opening(index) => format!("openings/{index}.json"),
            Member::SummaryEn => "summary.en.html".to_owned(),
            Member::SummaryZh => "summary.zh.html".to_owned(),
            Member::Timestamp(number) => format!("timestamps/{number}.tsr"),
        }
    }

    /// The member of that very name.
    pub(crate) fn named(name: &str) -> Option<Member> {
        let between = |before: &str, after: &str| {
            name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))?.parse::<u64>().ok()
        };
        let timestamp = || {
            let number = u16::try_from(between("timestamps/", ".tsr")?).ok()?;
            (1..=MAX_TIMESTAMPS).contains(&number).then_some(Member::Timestamp(number))
        };
        let opening = || between("openings/", ".json").map(Member::Opening);
        let fixed = Member::REQUIRED.into_iter().find(|member| member.name() == name);
        // Another spelling of a number is another name.
        fixed.or_else(opening).or_else(timestamp).filter(|member| member.name() == name)
    }

    /// How long it may be (bytes).
    pub(crate) fn max_bytes(self) -> usize {
        match self {
            Member::Opening(_) | Member::Timestamp(_) => MAX_SMALL_BYTES,
            _ => MAX_MEMBER_BYTES,
        }
    }

    /// Whether the manifest lists it.
    pub(crate) fn is_listed(self) -> bool {
        !matches!(self, Member::Manifest | Member::Timestamp(_))
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
