//! An authority's answer, taken apart: what it stamped and when, who signed that, and how.
//! Holds: the answer is read whole, nothing before, behind or beside it; what is signed is kept as
//! the bytes that are signed.
//! May not enter: keys and hashes; whether any of it is true.
//! Source: RFC 3161, section 2.4.2; RFC 5652, sections 3, 5.1 and 5.3; RFC 5035, section 4; RFC 2634,
//! section 5.4.

use comity_core::ids::TimeMs;
use der::Tag;
use der::asn1::ObjectIdentifier;

use super::TokenFault;
use super::asn1::{Algorithm, Element, Elements, Malformed, field, value_field};
use super::certificate::Extension;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// Most certificates in a token.
const MAX_CERTIFICATES: usize = 16;

/// Whether a content type is that of time stamps.
pub(super) fn is_stamp(content_type: &[u8]) -> bool {
    content_type == TST_INFO.as_bytes()
}

/// What is stamped, and when.
#[derive(Clone, Debug)]
pub(super) struct Stamped<'a> {
    /// The function of the hash.
    pub(super) algorithm: Algorithm<'a>,
    /// The hash of what is stamped.
    pub(super) hash: &'a [u8],
    /// When (`genTime`).
    pub(super) time: TimeMs,
    /// Whether it has a critical extension; none is known.
    pub(super) has_unknown: bool,
}

/// How a signer's certificate is named.
#[derive(Clone, Copy, Debug)]
pub(super) enum SignerId<'a> {
    /// By who vouches for it, and its number among theirs.
    Number {
        /// Who.
        issuer: &'a [u8],
        /// The number.
        serial: &'a [u8],
    },
    /// By its key's name.
    Key(&'a [u8]),
}

/// The hash of a certificate, and its function: SHA-1 where none is named, in the older form.
#[derive(Clone, Copy, Debug)]
pub(super) enum CertificateHash<'a> {
    /// Of the older form.
    Sha1(&'a [u8]),
    /// Of the newer form, in which SHA-256 need not be named.
    Named(Option<Algorithm<'a>>, &'a [u8]),
}

/// Who signed, and how.
#[derive(Clone, Debug)]
pub(super) struct Signer<'a> {
    /// Whose certificate.
    pub(super) id: SignerId<'a>,
    /// The hash function of `digest`.
    pub(super) digest_algorithm: Algorithm<'a>,
    /// What is signed, in the form that is signed.
    pub(super) signed: Vec<u8>,
    /// The content type that is signed.
    pub(super) content_type: &'a [u8],
    /// The hash of the content that is signed.
    pub(super) digest: &'a [u8],
    /// The hashes of the certificate that are signed, at least one.
    pub(super) certificates: Vec<CertificateHash<'a>>,
    /// How it is signed.
    pub(super) algorithm: Algorithm<'a>,
    /// The signature.
    pub(super) signature: &'a [u8],
}

/// A token.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    /// What is signed over.
    pub(super) content: &'a [u8],
    /// What that says.
    pub(super) stamped: Stamped<'a>,
    /// The certificates beside it.
    pub(super) certificates: Vec<&'a [u8]>,
    /// Who signed.
    pub(super) signer: Signer<'a>,
}

impl<'a> Token<'a> {
    /// Takes an answer apart. Errors: `Form`, `Status`, `Content`, `Signers`, `Attributes`.
    pub(super) fn read(answer: &'a [u8]) -> Result<Token<'a>, TokenFault> {
        let mut answer = Elements::of(Elements::of(answer)?.only(Tag::Sequence)?.content)?;
        let mut status = answer.inside(Tag::Sequence)?;
        // 0 is granted, 1 granted with changes to what was asked.
        if !matches!(status.required(Tag::Integer)?.content, [0 | 1]) {
            return Err(TokenFault::Status);
        }
        let mut token = Elements::of(answer.only(Tag::Sequence)?.content)?;
        if token.required(Tag::ObjectIdentifier)?.content != SIGNED_DATA.as_bytes() {
            return Err(TokenFault::Content);
        }
        let data = Elements::of(token.only(field(0))?.content)?.only(Tag::Sequence)?;
        Token::of_signed_data(Elements::of(data.content)?)
    }

    fn of_signed_data(mut data: Elements<'a>) -> Result<Token<'a>, TokenFault> {
        data.required(Tag::Integer)?;
        data.required(Tag::Set)?;
        let mut inside = data.inside(Tag::Sequence)?;
        if !is_stamp(inside.required(Tag::ObjectIdentifier)?.content) {
            return Err(TokenFault::Content);
        }
        let content = Elements::of(inside.only(field(0))?.content)?.only(Tag::OctetString)?.content;
        let certificates = match data.optional(field(0))? {
            Some(all) => Elements::of(all.content)?.rest()?,
            None => vec![],
        };
        // Others than those of X.509 (attribute certificates) have tags of their own.
        let certificates = certificates.iter().filter(|one| one.tag == Tag::Sequence);
        let certificates: Vec<_> = certificates.map(|one| one.bytes).collect();
        if certificates.len() > MAX_CERTIFICATES {
            return Err(TokenFault::Form);
        }
        // Lists of revoked certificates: see docs/formats.md, "Time stamps".
        data.optional(field(1))?;
        let signers = Elements::of(data.only(Tag::Set)?.content)?.rest()?;
        let [signer] = signers[..] else { return Err(TokenFault::Signers) };
        if signer.tag != Tag::Sequence {
            return Err(TokenFault::Form);
        }
        let stamped = Stamped::read(content)?;
        Ok(Token { content, stamped, certificates, signer: Signer::read(signer)? })
    }
}

impl<'a> Stamped<'a> {
    fn read(content: &'a [u8]) -> Result<Stamped<'a>, TokenFault> {
        let mut inside = Elements::of(Elements::of(content)?.only(Tag::Sequence)?.content)?;
        if inside.required(Tag::Integer)?.content != [1] {
            return Err(TokenFault::Form);
        }
        inside.required(Tag::ObjectIdentifier)?;
        let mut imprint = inside.inside(Tag::Sequence)?;
        let algorithm = Algorithm::next_of(&mut imprint)?;
        let hash = imprint.only(Tag::OctetString)?.content;
        inside.required(Tag::Integer)?;
        let time = inside.required(Tag::GeneralizedTime)?.fine_time()?;
        for unused in [Tag::Sequence, Tag::Boolean, Tag::Integer, field(0)] {
            inside.optional(unused)?;
        }
        let mut has_unknown = false;
        if let Some(extensions) = inside.optional(field(1))? {
            for one in Elements::of(extensions.content)?.rest()? {
                has_unknown |= Extension::read(one)?.is_critical;
            }
        }
        inside.end()?;
        Ok(Stamped { algorithm, hash, time, has_unknown })
    }
}

impl<'a> Signer<'a> {
    fn read(element: Element<'a>) -> Result<Signer<'a>, TokenFault> {
        let mut inside = Elements::of(element.content)?;
        inside.required(Tag::Integer)?;
        let id = match inside.optional(value_field(0))? {
            Some(key) => SignerId::Key(key.content),
            None => {
                let mut number = inside.inside(Tag::Sequence)?;
                let issuer = number.required(Tag::Sequence)?.bytes;
                let serial = number.only(Tag::Integer)?.content;
                SignerId::Number { issuer, serial }
            }
        };
        let digest_algorithm = Algorithm::next_of(&mut inside)?;
        let signed = inside.optional(field(0))?.ok_or(TokenFault::Attributes)?;
        let algorithm = Algorithm::next_of(&mut inside)?;
        let signature = inside.required(Tag::OctetString)?.content;
        inside.optional(field(1))?;
        inside.end()?;

        let attributes = Elements::of(signed.content)?.rest()?;
        let attributes = attributes.into_iter().map(attribute);
        let attributes = attributes.collect::<Result<Vec<_>, _>>()?;
        let required = |kind| one(&attributes, kind)?.ok_or(TokenFault::Attributes);
        let content_type = value(required(CONTENT_TYPE)?, Tag::ObjectIdentifier)?;
        let digest = value(required(MESSAGE_DIGEST)?, Tag::OctetString)?;
        let older = one(&attributes, SIGNING_CERTIFICATE)?.map(certificate_hash).transpose()?;
        let newer =
            one(&attributes, SIGNING_CERTIFICATE_V2)?.map(certificate_hash_v2).transpose()?;
        let certificates: Vec<_> = older.into_iter().chain(newer).collect();
        if certificates.is_empty() {
            return Err(TokenFault::Attributes);
        }
        // The attributes are signed as a set; in the token they stand under a field's tag.
        let mut signed = signed.bytes.to_vec();
        signed[0] = 0x31;
        Ok(Signer {
            id,
            digest_algorithm,
            signed,
            content_type,
            digest,
            certificates,
            algorithm,
            signature,
        })
    }
}

type Attribute<'a> = (&'a [u8], Vec<Element<'a>>);

fn attribute(element: Element<'_>) -> Result<Attribute<'_>, Malformed> {
    let mut inside = Elements::of(element.content)?;
    let id = inside.required(Tag::ObjectIdentifier)?.content;
    Ok((id, Elements::of(inside.only(Tag::Set)?.content)?.rest()?))
}

/// The only value of the only attribute of a kind.
fn one<'a>(
    all: &[Attribute<'a>],
    kind: ObjectIdentifier,
) -> Result<Option<Element<'a>>, TokenFault> {
    let mut found = all.iter().filter(|(id, _)| *id == kind.as_bytes());
    match (found.next().map(|(_, values)| &values[..]), found.next()) {
        (None, _) => Ok(None),
        (Some([value]), None) => Ok(Some(*value)),
        _ => Err(TokenFault::Attributes),
    }
}

fn value(element: Element<'_>, tag: Tag) -> Result<&[u8], TokenFault> {
    (element.tag == tag).then_some(element.content).ok_or(TokenFault::Attributes)
}

/// The first certificate named, which is the signer's; others may follow, and policies.
fn first(element: Element<'_>) -> Result<Elements<'_>, Malformed> {
    Elements::of(element.content)?.inside(Tag::Sequence)?.inside(Tag::Sequence)
}

fn certificate_hash(element: Element<'_>) -> Result<CertificateHash<'_>, TokenFault> {
    Ok(CertificateHash::Sha1(first(element)?.required(Tag::OctetString)?.content))
}

fn certificate_hash_v2(element: Element<'_>) -> Result<CertificateHash<'_>, TokenFault> {
    let mut first = first(element)?;
    let named = first.optional(Tag::Sequence)?.map(Algorithm::of).transpose()?;
    Ok(CertificateHash::Named(named, first.required(Tag::OctetString)?.content))
}
