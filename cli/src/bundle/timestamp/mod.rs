//! Time stamps of outside authorities, verified: what was stamped, when, by whom.
//! Holds: a stamp is one of these bytes, signed by an authority that whoever verifies trusts; each
//! way in which it is not has a name.
//! May not enter: the network, the current time, which authorities are good ones.
//! Source: docs/formats.md, "Time stamps"; RFC 3161; RFC 5816.

mod asn1;
mod certificate;
mod chain;
mod signature;
mod token;
mod trusted;

use comity_core::ids::TimeMs;

use asn1::Malformed;
use certificate::Certificate;
use signature::Hash;
use token::{CertificateHash, Signer, SignerId, Token};
pub(crate) use trusted::Trusted;

/// How long before the block that it stamps an authority's clock may say that it was (ms).
pub(crate) const MAX_EARLY_MS: u64 = 5 * 60 * 1000;

/// Why a token is no stamp of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenFault {
    /// It is not in the form of an answer.
    Form,
    /// The authority refused.
    Status,
    /// It is not a signed time stamp, but something else.
    Content,
    /// It is signed by none, or by several.
    Signers,
    /// What has to be signed beside the stamp is not, or twice.
    Attributes,
    /// It stamps something else.
    Imprint,
    /// A certificate or the stamp asks for something that this program does not know.
    Extension,
    /// What is signed is not the stamp that is there.
    Digest,
    /// The signer's certificate is not there.
    Signer,
    /// The certificate is not the one that is signed beside the stamp.
    Certificate,
    /// Something is hashed or signed in a way that this program does not know.
    Algorithm,
    /// The signature is not the signer's.
    Signature,
    /// The signer's key is not for time stamps, or not for them alone.
    Usage,
    /// A certificate was not good at the time of the stamp.
    Validity,
    /// A certificate vouches for another that must not.
    Issuer,
    /// Nobody who is trusted vouches for the signer.
    Untrusted,
    /// It is older than what it stamps.
    Early,
}

impl TokenFault {
    /// Its name in docs/formats.md.
    pub(crate) fn name(self) -> &'static str {
        match self {
            TokenFault::Form => "form",
            TokenFault::Status => "status",
            TokenFault::Content => "content",
            TokenFault::Signers => "signers",
            TokenFault::Attributes => "attributes",
            TokenFault::Imprint => "imprint",
            TokenFault::Extension => "extension",
            TokenFault::Digest => "digest",
            TokenFault::Signer => "signer",
            TokenFault::Certificate => "certificate",
            TokenFault::Algorithm => "algorithm",
            TokenFault::Signature => "signature",
            TokenFault::Usage => "usage",
            TokenFault::Validity => "validity",
            TokenFault::Issuer => "issuer",
            TokenFault::Untrusted => "untrusted",
            TokenFault::Early => "early",
        }
    }
}

impl From<Malformed> for TokenFault {
    fn from(_: Malformed) -> TokenFault {
        TokenFault::Form
    }
}

/// A time stamp that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Whose, as the certificate names it.
    pub(crate) authority: String,
    /// When.
    pub(crate) time: TimeMs,
}

/// Verifies an authority's answer: a stamp of `stamped`, which was not there before `since`.
pub(crate) fn verify(
    answer: &[u8],
    stamped: &[u8],
    since: TimeMs,
    trusted: &Trusted,
) -> Result<Stamp, TokenFault> {
    let token = Token::read(answer)?;
    let beside = token.certificates.iter().map(|bytes| Certificate::read(bytes));
    let beside = beside.collect::<Result<Vec<_>, _>>()?;
    let trusted = trusted.certificates();
    if Hash::of(&token.stamped.algorithm) != Ok(Hash::Sha256)
        || token.stamped.hash != Hash::Sha256.digest(stamped)
    {
        return Err(TokenFault::Imprint);
    }
    if token.stamped.has_unknown {
        return Err(TokenFault::Extension);
    }
    let signer = &token.signer;
    let hash = Hash::of(&signer.digest_algorithm)?;
    if !token::is_stamp(signer.content_type) || signer.digest != hash.digest(token.content) {
        return Err(TokenFault::Digest);
    }
    let certificate = named(signer, trusted.iter().chain(&beside))?;
    let how = (&signer.algorithm, Some(hash));
    certificate.key.verify(how, &signer.signed, signer.signature)?;
    chain::verify(certificate, &beside, &trusted, token.stamped.time)?;
    if token.stamped.time.plus(MAX_EARLY_MS) < since {
        return Err(TokenFault::Early);
    }
    Ok(Stamp { authority: certificate.name(), time: token.stamped.time })
}

/// The signer's certificate, by the name in the token and by the hashes that are signed.
fn named<'a, 'b: 'a>(
    signer: &Signer<'_>,
    all: impl Iterator<Item = &'a Certificate<'b>>,
) -> Result<&'a Certificate<'b>, TokenFault> {
    let is_named = |one: &Certificate<'_>| match signer.id {
        SignerId::Number { issuer, serial } => one.issuer == issuer && one.serial == serial,
        SignerId::Key(key) => one.key_identifier == Some(key),
    };
    let mut fault = TokenFault::Signer;
    for one in all.filter(|one| is_named(one)) {
        fault = TokenFault::Certificate;
        if is_signed_beside(one.bytes, &signer.certificates)? {
            return Ok(one);
        }
    }
    Err(fault)
}

fn is_signed_beside(
    certificate: &[u8],
    hashes: &[CertificateHash<'_>],
) -> Result<bool, TokenFault> {
    for hash in hashes {
        let (function, due) = match hash {
            CertificateHash::Sha1(due) => (Hash::Sha1, due),
            CertificateHash::Named(None, due) => (Hash::Sha256, due),
            CertificateHash::Named(Some(named), due) => (Hash::of(named)?, due),
        };
        if function.digest(certificate) != **due {
            return Ok(false);
        }
    }
    Ok(true)
}
