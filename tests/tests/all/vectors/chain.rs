//! Votes, certificates, blocks and archives.

use comity_core::archive::{
    ArchiveError, BlockFault, FRAME_HEAD_BYTES, Frame, HEAD_BYTES, MAGIC, Verifier, check_block,
    decode_frame, frame_head,
};
use comity_core::block::{Block, CommittedBlock, Header, body_hash};
use comity_core::encoding::encode;
use comity_core::genesis::Genesis;
use comity_core::hash::{BodyHash, CertificateHash, ConsortiumId, HeaderHash, LeafHash, leaf_hash};
use comity_core::ids::Height;
use comity_core::keys::{SecretKey, Signature};
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::polka::{PolkaCertificate, PolkasError, check_polkas};
use comity_core::statement::VerifiedRecord;
use comity_core::validators::ValidatorSet;
use comity_core::vote::{CertificateError, CommitCertificate, Proposal, Vote};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Hex, Vectors, preimage, sha256};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Voters {
    validators: ValidatorSet,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Vote(SignedVote),
    Proposal(SignedProposal),
    Certificate(Certified),
    Polkas(Beside),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedVote {
    vote: Vote,
    seed: Hex,
    consortium: ConsortiumId,
    bytes: Hex,
    preimage: Hex,
    hash: Hex,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedProposal {
    proposal: Proposal,
    seed: Hex,
    consortium: ConsortiumId,
    bytes: Hex,
    preimage: Hex,
    hash: Hex,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Certified {
    what: String,
    certificate: CommitCertificate,
    consortium: ConsortiumId,
    bytes: Hex,
    hash: CertificateHash,
    fault: Option<String>,
}

/// Polka certificates beside a block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Beside {
    what: String,
    polkas: Vec<PolkaCertificate>,
    height: Height,
    consortium: ConsortiumId,
    bytes: Hex,
    fault: Option<String>,
}

pub(super) fn check_consensus(vectors: &Vectors) {
    let Voters { validators } = vectors.shared();
    vectors.each(|case: Message| match case {
        Message::Vote(case) => {
            let SignedVote { vote, seed, consortium, bytes, preimage: expected, hash, signature } =
                case;
            assert_eq!(encode(&vote), bytes.0);
            assert_eq!(preimage("comity/vote/1", &consortium, &bytes.0), expected.0);
            assert_eq!(vote.hash(&consortium).to_vec(), hash.0);
            assert_eq!(
                SecretKey::from_seed(&seed.array()).sign_vote(&consortium, &vote),
                signature
            );
            vote.validator.verify_vote(&consortium, &vote, &signature).unwrap();
        }
        Message::Proposal(case) => {
            let SignedProposal { proposal, seed, consortium, bytes, preimage: expected, .. } = case;
            assert_eq!(encode(&proposal), bytes.0);
            assert_eq!(preimage("comity/proposal/1", &consortium, &bytes.0), expected.0);
            assert_eq!(proposal.hash(&consortium).to_vec(), case.hash.0);
            let secret = SecretKey::from_seed(&seed.array());
            assert_eq!(secret.sign_proposal(&consortium, &proposal), case.signature);
            let key = proposal.validator;
            key.verify_proposal(&consortium, &proposal, &case.signature).unwrap();
        }
        Message::Certificate(Certified { what, certificate, consortium, bytes, hash, fault }) => {
            assert_eq!(encode(&certificate), bytes.0, "{what}");
            assert_eq!(certificate.hash(&consortium), hash, "{what}");
            let refused = certificate.verify(&consortium, &validators).err();
            let found = refused.as_ref().map(CertificateError::name);
            assert_eq!(found, fault.as_deref(), "{what}: {refused:?}");
        }
        Message::Polkas(Beside { what, polkas, height, consortium, bytes, fault }) => {
            assert_eq!(encode(&polkas), bytes.0, "{what}");
            let refused = check_polkas(&polkas, height, &consortium, &validators).err();
            assert_eq!(refused.as_ref().map(PolkasError::name), fault, "{what}: {refused:?}");
        }
    });
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Blocks {
    Whole(Box<Whole>),
    Body(Body),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    header: Header,
    header_bytes: Hex,
    preimage: Hex,
    header_hash: HeaderHash,
    leaves: Vec<LeafHash>,
    body_hash: BodyHash,
    block: Hex,
    committed: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    consortium: ConsortiumId,
    leaves: Vec<LeafHash>,
    body_hash: BodyHash,
}

pub(super) fn check_blocks(vectors: &Vectors) {
    vectors.each(|case: Blocks| match case {
        Blocks::Whole(case) => {
            assert_eq!(encode(&case.header), case.header_bytes.0);
            assert_eq!(case.header.hash(), case.header_hash);
            assert_eq!(sha256(&case.preimage.0), *case.header_hash.as_bytes());
            let block = Block::from_bytes(&case.block.0).unwrap();
            assert_eq!(block.header, case.header);
            assert_eq!(block.to_bytes(), case.block.0);
            let leaves: Vec<LeafHash> = block.records.iter().map(|r| leaf_hash(r)).collect();
            assert_eq!(leaves, case.leaves);
            assert_eq!(body_hash(&case.header.consortium, &leaves), case.body_hash);
            assert_eq!(case.header.body, case.body_hash);
            let committed = CommittedBlock::from_bytes(&case.committed.0).unwrap();
            assert_eq!(committed.to_bytes(), case.committed.0);
            assert_eq!(committed.block, block);
            assert_eq!(committed.certificate.header_hash, case.header_hash);
            assert!(committed.polkas.iter().all(|polka| polka.value == case.header_hash));
        }
        Blocks::Body(Body { consortium, leaves, body_hash: expected }) => {
            assert_eq!(body_hash(&consortium, &leaves), expected);
        }
    });
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Founded {
    genesis: Genesis,
    consortium: ConsortiumId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Archived {
    what: String,
    archive: Hex,
    result: Value,
}

pub(super) fn check_archives(vectors: &Vectors) {
    let Founded { genesis, consortium } = vectors.shared();
    assert_eq!(genesis.id(), consortium);
    vectors.each(|case: Archived| {
        assert_eq!(verify(&genesis, &case.archive.0), case.result, "{}", case.what);
        if case.result.get("fault").is_none() {
            check_building(&genesis, &case.archive.0);
        }
    });
}

/// A proposer with the same records builds the same blocks, byte by byte.
fn check_building(genesis: &Genesis, archive: &[u8]) {
    let mut ledger = Ledger::new(genesis).unwrap();
    let mut rest = &archive[HEAD_BYTES..];
    loop {
        let (frame, after) = next_frame(rest).unwrap();
        rest = after;
        let block = match frame {
            Frame::Block(block) => block,
            Frame::Polkas(_) => continue,
            Frame::Certificate(_) => return,
        };
        let checked = |proof: CommitCertificate| {
            proof.verify(ledger.consortium(), ledger.tip_validators()).unwrap()
        };
        let parent = block.parent_certificate.clone().map(checked);
        let Header { time, proposal_round: round, .. } = block.header;
        let records = block.records.iter();
        let records = records.map(|r| VerifiedRecord::verify(r, ledger.consortium()).unwrap());
        let new = NewBlock { time, round, parent: parent.as_ref() };
        let built = ledger.build(&new, records.collect::<Vec<_>>());
        assert!(built.refused.is_empty());
        assert_eq!(hex::encode(built.block.to_bytes()), hex::encode(block.to_bytes()));
        ledger.commit(&built.executed);
    }
}

/// The ledger after the blocks of an archive that is known to be good.
pub(super) fn replay(genesis: &Genesis, archive: &[u8]) -> Ledger {
    let mut verifier = Verifier::new(genesis).unwrap();
    push_all(&mut verifier, archive).unwrap();
    verifier.ledger().clone()
}

/// What an archive proves, in the words of the vectors.
pub(crate) fn verify(genesis: &Genesis, archive: &[u8]) -> Value {
    let mut verifier = Verifier::new(genesis).unwrap();
    let proven = push_all(&mut verifier, archive).and_then(|last| verifier.finish(last));
    match proven {
        Ok(proven) => json!({
            "height": proven.tip.height, "header_hash": proven.tip.hash,
            "entries": proven.entries, "signers": proven.signers,
        }),
        Err(ArchiveError::Block { height, cause }) => {
            json!({ "height": height, "fault": cause.name() })
        }
        Err(error) => json!({ "fault": error.name() }),
    }
}

/// Executes the blocks of an archive; its last certificate.
fn push_all(verifier: &mut Verifier, archive: &[u8]) -> Result<CommitCertificate, ArchiveError> {
    let Some((head, mut rest)) = archive.split_first_chunk::<HEAD_BYTES>() else {
        let is_archive = archive.starts_with(&MAGIC);
        let fault = || verifier.fault(BlockFault::Truncated);
        return Err(if is_archive { fault() } else { ArchiveError::NotAnArchive });
    };
    verifier.check_head(head)?;
    loop {
        let (frame, after) = next_frame(rest).map_err(|fault| verifier.fault(fault))?;
        rest = after;
        match frame {
            Frame::Block(block) => {
                let checked = check_block(verifier.ledger().consortium(), block)
                    .map_err(|fault| verifier.fault(fault))?;
                verifier.push(checked)?;
            }
            Frame::Polkas(polkas) => verifier.polkas(&polkas)?,
            Frame::Certificate(last) if rest.is_empty() => return Ok(last),
            Frame::Certificate(_) => {
                let height = verifier.ledger().tip().height;
                return Err(ArchiveError::Block { height, cause: Box::new(BlockFault::Trailing) });
            }
        }
    }
}

fn next_frame(bytes: &[u8]) -> Result<(Frame, &[u8]), BlockFault> {
    let (head, rest) =
        bytes.split_first_chunk::<FRAME_HEAD_BYTES>().ok_or(BlockFault::Truncated)?;
    let (kind, length) = frame_head(head)?;
    let (content, rest) = rest.split_at_checked(length).ok_or(BlockFault::Truncated)?;
    Ok((decode_frame(kind, content)?, rest))
}
