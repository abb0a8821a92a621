//! False answers to requests.

use comity_core::ids::Height;
use comity_replica::message::{Response, Status, Witnessed};

use super::Liar;
use crate::family::Family;

/// What it answers in place of the truth, and the kind of lie; `None` where it says the truth.
/// `old` is a status that it gave before.
pub fn false_answer(
    liar: &mut Liar<'_>,
    response: &Response,
    old: Option<&Status>,
) -> Option<(Family, Response)> {
    let family = *liar.families.get(liar.chance.index(liar.families.len().max(1)))?;
    let answer = match (family, response) {
        (Family::FalseAnswer, Response::Status(status)) => {
            let mut status = (**status).clone();
            // A tip that it does not have and cannot prove, or a vote that the asker never cast.
            match liar.chance.per_mille(500) {
                true => status.height = Height(status.height.0 + liar.chance.between(1, 50)),
                false => status.newest_of_yours = status.newest_of_yours.map(much_later),
            }
            Response::Status(Box::new(status))
        }
        (Family::FalseAnswer, Response::Blocks(blocks)) => {
            if liar.chance.per_mille(850) {
                let bent = liar.false_blocks(blocks)?;
                return Some((family, Response::Blocks(bent)));
            }
            let mut blocks = blocks.clone();
            let at = liar.chance.index(blocks.len().max(1));
            let block = blocks.get_mut(at)?;
            let byte = liar.chance.index(block.len().max(1));
            *block.get_mut(byte)? ^= 1 << liar.chance.index(8);
            Response::Blocks(blocks)
        }
        (Family::FalseAnswer, Response::Body(Some(body))) => {
            let mut body = body.clone();
            let byte = liar.chance.index(body.len().max(1));
            *body.get_mut(byte)? ^= 1 << liar.chance.index(8);
            Response::Body(Some(body))
        }
        (Family::WithheldBody, Response::Body(Some(_))) => Response::Body(None),
        (Family::StaleCertificate, Response::Status(now)) => {
            let mut status = old.filter(|old| old.height < now.height)?.clone();
            if liar.chance.per_mille(500) {
                // The old certificate under the new height.
                (status.height, status.header_hash) = (now.height, now.header_hash);
            }
            Response::Status(Box::new(status))
        }
        (Family::ForgedCertificate, Response::Status(now)) => {
            let height = Height(now.height.0 + liar.chance.between(0, 3));
            let certificate = liar.forged_commit(height);
            let header_hash = certificate.header_hash;
            let certificate = Some(certificate);
            Response::Status(Box::new(Status {
                height,
                header_hash,
                certificate,
                ..(**now).clone()
            }))
        }
        _ => return None,
    };
    Some((family, answer))
}

/// The same witness of a much later height: its signature does not fit.
fn much_later(witnessed: Witnessed) -> Witnessed {
    match witnessed {
        Witnessed::Vote(mut signed) => {
            signed.vote.height.0 += 1_000;
            Witnessed::Vote(signed)
        }
        Witnessed::Proposal { mut proposal, signature } => {
            proposal.height.0 += 1_000;
            Witnessed::Proposal { proposal, signature }
        }
    }
}
