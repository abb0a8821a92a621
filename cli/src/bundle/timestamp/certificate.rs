//! Certificates of time-stamp authorities, and of who vouches for them.
//! Holds: a certificate is read whole or not at all; an extension that must be understood and is
//! not is kept in mind.
//! May not enter: whether a certificate is to be believed (see `chain`).
//! Source: RFC 5280, sections 4.1 and 4.2.

use comity_core::ids::TimeMs;
use der::Tag;
use der::asn1::ObjectIdentifier;

use super::asn1::{Algorithm, Element, Elements, Malformed, field, value_field};
use super::signature::{PublicKey, whole_bits};
use crate::wrap;

const KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// What may be critical and says nothing that is asked here: names beside the subject's, and policies.
const HARMLESS: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("2.5.29.17"), ObjectIdentifier::new_unwrap("2.5.29.32")];
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
/// Most characters of a name that are shown.
const MAX_NAME_CHARS: usize = 120;

/// What a certificate's key may be used for.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses<'a> {
    /// The first byte of the key usage, where there is one: 0x80 is digital signature, 0x40
    /// non-repudiation, 0x04 signing certificates.
    pub(super) key: Option<u8>,
    /// The extended key usages, where there are any, and whether they are critical.
    pub(super) extended: Option<(bool, Vec<&'a [u8]>)>,
    /// Whether it may vouch for others, and how many may stand between.
    pub(super) authority: Option<Option<u8>>,
    /// Whether it has a critical extension that this program does not know.
    pub(super) has_unknown: bool,
}

/// A certificate.
#[derive(Clone, Debug)]
pub(super) struct Certificate<'a> {
    /// All its bytes.
    pub(super) bytes: &'a [u8],
    /// Who vouches for it.
    pub(super) issuer: &'a [u8],
    /// Its number among theirs.
    pub(super) serial: &'a [u8],
    /// Whose it is.
    pub(super) subject: Element<'a>,
    /// The name of its key.
    pub(super) key_identifier: Option<&'a [u8]>,
    /// From when it is good.
    pub(super) not_before: TimeMs,
    /// Until when, inclusive.
    pub(super) not_after: TimeMs,
    /// The key.
    pub(super) key: PublicKey<'a>,
    /// What for.
    pub(super) uses: Uses<'a>,
    /// What is signed of it.
    pub(super) signed: &'a [u8],
    /// How.
    pub(super) algorithm: Algorithm<'a>,
    /// The signature of who vouches for it.
    pub(super) signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads one that is all of the bytes.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Certificate<'a>, Malformed> {
        let mut outer = Elements::of(Elements::of(bytes)?.only(Tag::Sequence)?.content)?;
        let signed = outer.required(Tag::Sequence)?;
        let algorithm = Algorithm::next_of(&mut outer)?;
        let signature = whole_bits(outer.only(Tag::BitString)?.content)?;

        let mut inside = Elements::of(signed.content)?;
        inside.optional(field(0))?;
        let serial = inside.required(Tag::Integer)?.content;
        if Algorithm::next_of(&mut inside)? != algorithm {
            return Err(Malformed);
        }
        let issuer = inside.required(Tag::Sequence)?.bytes;
        let mut validity = inside.inside(Tag::Sequence)?;
        let (not_before, not_after) = (validity.any()?.time()?, validity.any()?.time()?);
        validity.end()?;
        let subject = inside.required(Tag::Sequence)?;
        let key = PublicKey::next_of(&mut inside)?;
        for unused in [value_field(1), value_field(2)] {
            inside.optional(unused)?;
        }
        let mut extensions = Vec::new();
        if let Some(all) = inside.optional(field(3))? {
            let all = Elements::of(all.content)?.only(Tag::Sequence)?;
            for one in Elements::of(all.content)?.rest()? {
                extensions.push(Extension::read(one)?);
            }
        }
        inside.end()?;
        let key_identifier = extension(&extensions, KEY_IDENTIFIER)?;
        let key_identifier = match key_identifier {
            Some(found) => Some(Elements::of(found.value)?.only(Tag::OctetString)?.content),
            None => None,
        };
        let uses = uses(&extensions)?;
        let (bytes, signed) = (bytes, signed.bytes);
        Ok(Certificate {
            bytes,
            issuer,
            serial,
            subject,
            key_identifier,
            not_before,
            not_after,
            key,
            uses,
            signed,
            algorithm,
            signature,
        })
    }

    /// Whose it is, for people: the common name and the organization.
    pub(super) fn name(&self) -> String {
        let parts = [COMMON_NAME, ORGANIZATION];
        let found = parts.iter().filter_map(|part| name_part(self.subject, part).ok().flatten());
        let name = found.collect::<Vec<_>>().join(", ");
        let name = if name.is_empty() { hex::encode(self.serial) } else { name };
        wrap::visible(&name).chars().take(MAX_NAME_CHARS).collect()
    }
}

/// The first part of a name that is of a kind.
fn name_part(name: Element<'_>, kind: &ObjectIdentifier) -> Result<Option<String>, Malformed> {
    for set in Elements::of(name.content)?.rest()? {
        for part in Elements::of(set.content)?.rest()? {
            let mut inside = Elements::of(part.content)?;
            let id = inside.required(Tag::ObjectIdentifier)?.content;
            let text = inside.any()?;
            if id == kind.as_bytes() {
                return Ok(Some(match text.tag {
                    Tag::BmpString => {
                        let pairs = text.content.chunks(2);
                        let units = pairs.map(|pair| {
                            pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte))
                        });
                        String::from_utf16_lossy(&units.collect::<Vec<_>>())
                    }
                    _ => String::from_utf8_lossy(text.content).replace('\n', "\u{FFFD}"),
                }));
            }
        }
    }
    Ok(None)
}

/// An extension.
pub(super) struct Extension<'a> {
    id: &'a [u8],
    /// Whether who does not know it must not go on.
    pub(super) is_critical: bool,
    value: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The one that an element holds.
    pub(super) fn read(element: Element<'a>) -> Result<Extension<'a>, Malformed> {
        let mut inside = Elements::of(element.content)?;
        let id = inside.required(Tag::ObjectIdentifier)?.content;
        let critical = inside.optional(Tag::Boolean)?;
        let is_critical = critical.map_or(Ok(false), |critical| critical.truth())?;
        let value = inside.only(Tag::OctetString)?.content;
        Ok(Extension { id, is_critical, value })
    }
}

/// The extension of a kind. Errors: there are two.
fn extension<'a, 'b>(
    all: &'b [Extension<'a>],
    kind: ObjectIdentifier,
) -> Result<Option<&'b Extension<'a>>, Malformed> {
    let mut found = all.iter().filter(|extension| extension.id == kind.as_bytes());
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Malformed),
        (first, None) => Ok(first),
    }
}

fn uses<'a>(all: &[Extension<'a>]) -> Result<Uses<'a>, Malformed> {
    let known = [KEY_IDENTIFIER, KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE];
    let is_known = |id: &[u8]| known.iter().chain(&HARMLESS).any(|known| known.as_bytes() == id);
    let has_unknown = all.iter().any(|one| one.is_critical && !is_known(one.id));
    let mut uses = Uses { has_unknown, ..Uses::default() };
    if let Some(usage) = extension(all, KEY_USAGE)? {
        let bits = Elements::of(usage.value)?.only(Tag::BitString)?.content;
        let [_, first, ..] = bits else { return Err(Malformed) };
        uses.key = Some(*first);
    }
    if let Some(extended) = extension(all, EXTENDED_KEY_USAGE)? {
        let listed = Elements::of(extended.value)?.only(Tag::Sequence)?;
        let listed = Elements::of(listed.content)?.rest()?;
        let is_id = |one: &Element<'_>| one.tag == Tag::ObjectIdentifier;
        if !listed.iter().all(is_id) {
            return Err(Malformed);
        }
        let listed = listed.into_iter().map(|one| one.content).collect();
        uses.extended = Some((extended.is_critical, listed));
    }
    if let Some(constraints) = extension(all, BASIC_CONSTRAINTS)? {
        uses.authority = authority(constraints.value)?;
    }
    Ok(uses)
}

fn authority(value: &[u8]) -> Result<Option<Option<u8>>, Malformed> {
    let mut inside = Elements::of(Elements::of(value)?.only(Tag::Sequence)?.content)?;
    let is_authority = inside.optional(Tag::Boolean)?;
    let is_authority = is_authority.map_or(Ok(false), |one| one.truth())?;
    let most = match inside.optional(Tag::Integer)?.map(|most| most.content) {
        None => None,
        Some([most @ 0..0x80]) => Some(*most),
        // More than any chain here may have.
        Some([0..0x80, ..]) => None,
        Some(_) => return Err(Malformed),
    };
    inside.end()?;
    Ok(is_authority.then_some(most))
}
