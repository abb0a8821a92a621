//! Whether an authority's certificate is to be believed: by whom, for what, and when.
//! Holds: a certificate is believed that was given as trusted, or that one vouches for which is
//! believed and may vouch; every one on the way was good at the time of the stamp.
//! May not enter: lists of revoked certificates (there is no network), the current time.
//! Source: RFC 5280, section 6.1, without policies and names; RFC 3161, section 2.3.

use comity_core::ids::TimeMs;
use der::asn1::ObjectIdentifier;

use super::TokenFault;
use super::certificate::Certificate;

const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
/// Most certificates between a signer's and a trusted one, that one included.
const MAX_STEPS: u8 = 8;
/// Digital signature, non-repudiation.
const MAY_SIGN: u8 = 0x80 | 0x40;
/// Signing certificates.
const MAY_VOUCH: u8 = 0x04;

/// That a certificate's key may sign stamps, was good then, and is believed.
/// Errors: `Extension`, `Usage`, `Validity`, `Issuer`, `Algorithm`, `Untrusted`.
pub(super) fn verify(
    signer: &Certificate<'_>,
    beside: &[Certificate<'_>],
    trusted: &[Certificate<'_>],
    at: TimeMs,
) -> Result<(), TokenFault> {
    good(signer, at)?;
    let stamps_only = matches!(&signer.uses.extended, Some((true, listed))
        if matches!(listed[..], [only] if only == TIME_STAMPING.as_bytes()));
    if !stamps_only || signer.uses.key.is_some_and(|usage| usage & MAY_SIGN == 0) {
        return Err(TokenFault::Usage);
    }
    let is_trusted = |one: &Certificate<'_>| trusted.iter().any(|other| other.bytes == one.bytes);
    if is_trusted(signer) {
        return Ok(());
    }
    // Step by step all that vouch, each once: the first step that reaches one is the shortest.
    let mut left: Vec<_> = trusted.iter().chain(beside).collect();
    let mut step = vec![signer];
    let mut why = TokenFault::Untrusted;
    for between in 0..MAX_STEPS {
        let mut next = Vec::new();
        for below in &step {
            left.retain(|above| match vouches(above, below, between, at) {
                None => true,
                Some(Ok(())) => {
                    next.push(*above);
                    false
                }
                Some(Err(fault)) => {
                    if why == TokenFault::Untrusted {
                        why = fault;
                    }
                    true
                }
            });
        }
        if next.iter().any(|one| is_trusted(one)) {
            return Ok(());
        }
        step = next;
    }
    Err(why)
}

/// That a certificate was good at a time, and says nothing that this program does not know.
fn good(one: &Certificate<'_>, at: TimeMs) -> Result<(), TokenFault> {
    // A certificate is good to the end of its last second.
    let last = one.not_after.plus(999);
    if one.uses.has_unknown {
        return Err(TokenFault::Extension);
    }
    if at < one.not_before || at > last {
        return Err(TokenFault::Validity);
    }
    Ok(())
}

/// Whether one certificate vouches for another, which `between` stand below: `None` if it does
/// not, an error if it must not.
fn vouches(
    above: &Certificate<'_>,
    below: &Certificate<'_>,
    between: u8,
    at: TimeMs,
) -> Option<Result<(), TokenFault>> {
    if above.subject.bytes != below.issuer {
        return None;
    }
    match above.key.verify((&below.algorithm, None), below.signed, below.signature) {
        Ok(()) => Some(good(above, at).and_then(|()| may_vouch(above, between))),
        Err(TokenFault::Signature) => None,
        Err(fault) => Some(Err(fault)),
    }
}

fn may_vouch(one: &Certificate<'_>, between: u8) -> Result<(), TokenFault> {
    let for_stamps = |listed: &[&[u8]]| {
        listed.iter().any(|id| *id == TIME_STAMPING.as_bytes() || *id == ANY_USAGE.as_bytes())
    };
    let is_authority =
        one.uses.authority.is_some_and(|most| most.is_none_or(|most| most >= between));
    let may_vouch = one.uses.key.is_none_or(|usage| usage & MAY_VOUCH != 0);
    let is_for_stamps = one.uses.extended.as_ref().is_none_or(|(_, listed)| for_stamps(listed));
    (is_authority && may_vouch && is_for_stamps).then_some(()).ok_or(TokenFault::Issuer)
}
