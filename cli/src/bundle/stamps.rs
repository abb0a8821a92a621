//! Time stamps of outside authorities (RFC 3161) in a bundle: of its manifest, attached later.
//! Holds: a time stamp in a bundle names the SHA-256 of the manifest beside it; it is called verified
//! only where its authority's signature was (see `timestamp`).
//! May not enter: files; which authorities are trusted.
//! Source: docs/formats.md, "Time stamps"; RFC 3161, section 2.4.

use comity_core::ids::TimeMs;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::container::Members;
use super::member::{MAX_TIMESTAMPS, Member};
use super::report::{Failure, Outcome};
use super::timestamp::{self, MAX_EARLY_MS, Stamp, TokenFault, Trusted};
use crate::messages::say;
use crate::time;

/// An octet string of 32 bytes, in DER.
const OCTETS_32: [u8; 2] = [0x04, 0x20];

/// Why a time stamp is not attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StampFault {
    /// It is of something else.
    Other,
    /// There are as many as there may be, or it is too long.
    TooMuch,
}

/// How the check of the time stamps ends, and those that hold. `since` is the time of the block of
/// which the bundle speaks.
pub(crate) fn judge(
    members: &Members,
    since: TimeMs,
    authorities: Option<&Trusted>,
) -> (Outcome, Vec<(Member, Stamp)>) {
    if let Some(member) = unfit(members) {
        let what = say!("bundle-timestamps-token", member = member);
        return (Outcome::Failed(Failure { fault: "token", what }), vec![]);
    }
    let tokens = members.iter().filter(|(member, _)| matches!(member, Member::Timestamp(_)));
    let tokens: Vec<_> = tokens.collect();
    let outcome = match (authorities, tokens.len()) {
        (None, 0) => Outcome::NotChecked(say!("bundle-timestamps-none")),
        (None, count) => Outcome::NotChecked(say!("bundle-timestamps-unchecked", count = count)),
        (Some(_), 0) => {
            let what = say!("bundle-timestamps-missing");
            Outcome::Failed(Failure { fault: "missing", what })
        }
        (Some(trusted), _) => return verified(members, &tokens, since, trusted),
    };
    (outcome, vec![])
}

fn verified(
    members: &Members,
    tokens: &[(&Member, &Vec<u8>)],
    since: TimeMs,
    trusted: &Trusted,
) -> (Outcome, Vec<(Member, Stamp)>) {
    let manifest = members.get(&Member::Manifest).map_or(&[][..], Vec::as_slice);
    let mut stamps = Vec::new();
    for (member, token) in tokens {
        match timestamp::verify(token, manifest, since, trusted) {
            Ok(stamp) => stamps.push((**member, stamp)),
            Err(fault) => {
                let what = say!("bundle-timestamps-refused", member = member, why = words(fault));
                return (Outcome::Failed(Failure { fault: fault.name(), what }), stamps);
            }
        }
    }
    let seen = stamps.iter().map(|(_, stamp)| {
        let (authority, time) = (&stamp.authority, time::show(stamp.time, &TimeZone::UTC));
        say!("bundle-timestamps-ok", authority = authority, time = time)
    });
    (Outcome::Passed(seen.collect::<Vec<_>>().join("; ")), stamps)
}

/// Why a token is refused, in plain words.
fn words(fault: TokenFault) -> String {
    match fault {
        TokenFault::Form => say!("bundle-timestamps-form"),
        TokenFault::Status => say!("bundle-timestamps-status"),
        TokenFault::Content => say!("bundle-timestamps-content"),
        TokenFault::Signers => say!("bundle-timestamps-signers"),
        TokenFault::Attributes => say!("bundle-timestamps-attributes"),
        TokenFault::Imprint => say!("bundle-timestamps-imprint"),
        TokenFault::Extension => say!("bundle-timestamps-extension"),
        TokenFault::Digest => say!("bundle-timestamps-digest"),
        TokenFault::Signer => say!("bundle-timestamps-signer"),
        TokenFault::Certificate => say!("bundle-timestamps-certificate"),
        TokenFault::Algorithm => say!("bundle-timestamps-algorithm"),
        TokenFault::Signature => say!("bundle-timestamps-signature"),
        TokenFault::Usage => say!("bundle-timestamps-usage"),
        TokenFault::Validity => say!("bundle-timestamps-validity"),
        TokenFault::Issuer => say!("bundle-timestamps-issuer"),
        TokenFault::Untrusted => say!("bundle-timestamps-untrusted"),
        TokenFault::Early => {
            say!("bundle-timestamps-early", minutes = MAX_EARLY_MS / 60_000)
        }
    }
}

/// The first time stamp that is not of the manifest beside it.
fn unfit(members: &Members) -> Option<Member> {
    let manifest = members.get(&Member::Manifest).map_or(&[][..], Vec::as_slice);
    let mut stamps = members.iter().filter(|(member, _)| matches!(member, Member::Timestamp(_)));
    stamps.find(|(_, token)| !is_of(token, manifest)).map(|(member, _)| *member)
}

/// Adds a time stamp behind those that are there. Errors: it is not of the manifest; no room.
pub(crate) fn attach(members: &mut Members, token: Vec<u8>) -> Result<Member, StampFault> {
    let manifest = members.get(&Member::Manifest).map_or(&[][..], Vec::as_slice);
    if !is_of(&token, manifest) {
        return Err(StampFault::Other);
    }
    let mut numbers = (1..=MAX_TIMESTAMPS).map(Member::Timestamp);
    let free = numbers.find(|member| !members.contains_key(member));
    let free = free.filter(|member| token.len() <= member.max_bytes());
    let member = free.ok_or(StampFault::TooMuch)?;
    members.insert(member, token);
    Ok(member)
}

/// Whether a token names the SHA-256 of a manifest as what it stamps.
fn is_of(token: &[u8], manifest: &[u8]) -> bool {
    let imprint = [&OCTETS_32[..], &Sha256::digest(manifest)].concat();
    token.windows(imprint.len()).any(|window| window == imprint)
}
