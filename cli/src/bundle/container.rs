//! The container of an evidence bundle: a ZIP file of which the members determine every byte.
//! Holds: what is read is exactly what a writer would write; nothing is decompressed, nothing is
//! looked for at a place that the file names.
//! May not enter: what the members mean. Source: docs/formats.md, "Evidence bundles".

use std::collections::BTreeMap;

use super::crc::crc32;
use super::member::{MAX_NAME_BYTES, MAX_OPENINGS, Member};

/// No bundle is longer than this (bytes).
pub(crate) const MAX_BUNDLE_BYTES: usize = 64 * 1024 * 1024;

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const LOCAL_BYTES: usize = 30;
/// The version of ZIP that is needed and made: nothing but stored files.
const VERSION: u16 = 10;
/// 1980-01-01, the first day that a ZIP file can name.
const DATE: u16 = 33;

/// The members with their contents, in the container's order.
pub(crate) type Members = BTreeMap<Member, Vec<u8>>;

/// Why bytes are no container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ContainerFault {
    /// Longer than allowed, or a member is.
    #[error("too large")]
    TooLarge,
    /// Other first bytes.
    #[error("not a bundle")]
    NotABundle,
    /// It ends before its end.
    #[error("truncated")]
    Truncated,
    /// A member is compressed.
    #[error("compressed")]
    Compressed,
    /// A member's head is none that a writer writes.
    #[error("a member's head has another form")]
    MemberForm,
    /// A name that no member has.
    #[error("no member is called {0:?}")]
    Name(String),
    /// A member twice.
    #[error("{0} is there twice")]
    Duplicate(Member),
    /// A member out of its place.
    #[error("{0} is not in its place")]
    Order(Member),
    /// Too many openings.
    #[error("too many openings")]
    TooMany,
    /// A member's content is not what its CRC-32 says.
    #[error("{0} is damaged")]
    Checksum(Member),
    /// A member that must be there is not.
    #[error("{0} is missing")]
    Missing(Member),
    /// The directory is not what the members make.
    #[error("the directory is of other members")]
    Directory,
    /// Bytes after the end.
    #[error("bytes after the end")]
    Trailing,
}

impl ContainerFault {
    /// The fault's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            ContainerFault::TooLarge => "too-large",
            ContainerFault::NotABundle => "not-a-bundle",
            ContainerFault::Truncated => "truncated",
            ContainerFault::Compressed => "compressed",
            ContainerFault::MemberForm => "member-form",
            ContainerFault::Name(_) => "name",
            ContainerFault::Duplicate(_) => "duplicate",
            ContainerFault::Order(_) => "order",
            ContainerFault::TooMany => "too-many",
            ContainerFault::Checksum(_) => "checksum",
            ContainerFault::Missing(_) => "missing",
            ContainerFault::Directory => "directory",
            ContainerFault::Trailing => "trailing",
        }
    }
}

/// The container of these members. Errors: too large for one.
pub(crate) fn write(members: &Members) -> Result<Vec<u8>, ContainerFault> {
    let mut bytes = Vec::new();
    for (member, content) in members {
        if content.len() > member.max_bytes() {
            return Err(ContainerFault::TooLarge);
        }
        bytes.extend(LOCAL);
        bytes.extend(head(*member, content));
        bytes.extend(member.name().as_bytes());
        bytes.extend(content);
    }
    bytes.extend(directory(members));
    if bytes.len() > MAX_BUNDLE_BYTES { Err(ContainerFault::TooLarge) } else { Ok(bytes) }
}

/// The members of a container. Errors: the first fault from the front.
pub(crate) fn read(bytes: &[u8]) -> Result<Members, ContainerFault> {
    if bytes.len() > MAX_BUNDLE_BYTES {
        return Err(ContainerFault::TooLarge);
    }
    if !bytes.starts_with(&LOCAL) {
        return Err(ContainerFault::NotABundle);
    }
    let mut members = Members::new();
    let mut rest = bytes;
    while rest.starts_with(&LOCAL) {
        let (member, content, after) = next_member(rest, &members)?;
        members.insert(member, content.to_vec());
        rest = after;
    }
    if let Some(missing) = Member::REQUIRED.into_iter().find(|one| !members.contains_key(one)) {
        return Err(ContainerFault::Missing(missing));
    }
    let end = directory(&members);
    match rest {
        _ if rest == end => Ok(members),
        _ if end.starts_with(rest) || LOCAL.starts_with(rest) => Err(ContainerFault::Truncated),
        _ if rest.starts_with(&end) => Err(ContainerFault::Trailing),
        _ => Err(ContainerFault::Directory),
    }
}

/// The member at the front, its content, and what follows it.
fn next_member<'a>(
    bytes: &'a [u8],
    before: &Members,
) -> Result<(Member, &'a [u8], &'a [u8]), ContainerFault> {
    let (fixed, rest) = bytes.split_at_checked(LOCAL_BYTES).ok_or(ContainerFault::Truncated)?;
    if u16_at(fixed, 8) != 0 {
        return Err(ContainerFault::Compressed);
    }
    let (size, name_bytes) = (u32_at(fixed, 18), usize::from(u16_at(fixed, 26)));
    let same = u16_at(fixed, 4) == VERSION
        && u16_at(fixed, 6) == 0
        && u16_at(fixed, 10) == 0
        && u16_at(fixed, 12) == DATE
        && u32_at(fixed, 22) == size
        && u16_at(fixed, 28) == 0;
    if !same {
        return Err(ContainerFault::MemberForm);
    }
    let (name, rest) = rest.split_at_checked(name_bytes).ok_or(ContainerFault::Truncated)?;
    let member = member_named(name)?;
    if before.contains_key(&member) {
        return Err(ContainerFault::Duplicate(member));
    }
    if !follows(member, before) {
        return Err(ContainerFault::Order(member));
    }
    let openings = before.keys().filter(|one| matches!(one, Member::Opening(_))).count();
    if matches!(member, Member::Opening(_)) && openings >= MAX_OPENINGS {
        return Err(ContainerFault::TooMany);
    }
    let size = usize::try_from(size).map_err(|_| ContainerFault::TooLarge)?;
    if size > member.max_bytes() {
        return Err(ContainerFault::TooLarge);
    }
    let (content, after) = rest.split_at_checked(size).ok_or(ContainerFault::Truncated)?;
    if crc32(content) != u32_at(fixed, 14) {
        return Err(ContainerFault::Checksum(member));
    }
    Ok((member, content, after))
}

fn member_named(name: &[u8]) -> Result<Member, ContainerFault> {
    let named = (name.len() <= MAX_NAME_BYTES).then(|| std::str::from_utf8(name).ok());
    let unknown = || {
        let shown: Vec<u8> = name.iter().copied().take(MAX_NAME_BYTES).collect();
        ContainerFault::Name(String::from_utf8_lossy(&shown).into_owned())
    };
    named.flatten().and_then(Member::named).ok_or_else(unknown)
}

/// Whether a member may come after those before it.
fn follows(member: Member, before: &Members) -> bool {
    let last = before.keys().next_back();
    let place = match (member, last) {
        (Member::Timestamp(number), Some(Member::Timestamp(last))) => number == last + 1,
        (Member::Timestamp(number), _) => number == 1,
        _ => true,
    };
    place && last.is_none_or(|last| *last < member)
}

/// What stands in the member and in the directory alike.
fn head(member: Member, content: &[u8]) -> Vec<u8> {
    let size = number(content.len());
    let mut bytes = Vec::new();
    for word in [VERSION, 0, 0, 0, DATE] {
        bytes.extend(word.to_le_bytes());
    }
    for word in [crc32(content), size, size] {
        bytes.extend(word.to_le_bytes());
    }
    // Names are of a closed list, and short.
    let name_bytes = u16::try_from(member.name().len()).unwrap_or(u16::MAX);
    for word in [name_bytes, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes
}

/// The directory and its end.
fn directory(members: &Members) -> Vec<u8> {
    let (mut bytes, mut offset) = (Vec::new(), 0);
    for (member, content) in members {
        let name = member.name();
        bytes.extend(CENTRAL);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(head(*member, content));
        bytes.extend([0; 10]);
        bytes.extend(number(offset).to_le_bytes());
        bytes.extend(name.as_bytes());
        offset += LOCAL_BYTES + name.len() + content.len();
    }
    let (count, size) = (u16::try_from(members.len()).unwrap_or(u16::MAX), number(bytes.len()));
    bytes.extend(END);
    for word in [0, 0, count, count] {
        bytes.extend(word.to_le_bytes());
    }
    for word in [size, number(offset)] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend([0; 2]);
    bytes
}

/// A size within a bundle: all are far below 2^32.
fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}
