//! Archives: a whole one verifies; one that was changed, cut or patched anywhere does not, and the
//! fault names the block.

use comity_core::agency::KeyRole;
use comity_core::archive::{
    ArchiveError, BlockFault, FRAME_HEAD_BYTES, Frame, HEAD_BYTES, Verified, Verifier, block_frame,
    block_frames, certificate_frame, check_block, decode_frame, frame_head, head,
};
use comity_core::block::CommittedBlock;
use comity_core::genesis::{Genesis, Params};
use comity_core::hash::HeaderHash;
use comity_core::ids::Height;
use comity_core::ledger::BlockError;
use comity_core::polka::{MAX_POLKAS, PolkaCertificate, PolkasError};
use comity_core::statement::RecordError;
use comity_core::vote::{
    CertificateError, CertificateSignature, CommitCertificate, Vote, VoteKind,
};

use crate::story::{FINANCE, MEMBERS, Story, certificate, genesis, new_key, secret, terms, text};

/// Blocks in the archive.
const BLOCKS: usize = 5;

/// An archive and where its parts are.
struct Archive {
    story: Story,
    bytes: Vec<u8>,
    /// Where each block's frame begins, then the certificate's, then the end.
    starts: Vec<usize>,
    /// The verifier before each block, then before the certificate.
    verifiers: Vec<Verifier>,
}

fn told() -> Story {
    let (mut story, grant) = Story::with_grant(terms());
    let records = vec![story.access(grant), story.access(grant)];
    story.commit(records);
    story.commit(Vec::new());
    let records = vec![story.register(FINANCE, KeyRole::Officer, &new_key(1), None)];
    story.commit(records);
    assert_eq!(story.blocks.len(), BLOCKS);
    story
}

/// The archive of these blocks, ended by this certificate.
fn packed(story: &Story, blocks: &[CommittedBlock], last: &CommitCertificate) -> Vec<u8> {
    let frames = blocks.iter().flat_map(|beside| block_frames(&beside.block, &beside.polkas));
    let mut bytes = head(&story.consortium());
    bytes.extend(frames);
    bytes.extend(certificate_frame(last));
    bytes
}

fn archive() -> Archive {
    let story = told();
    let mut verifier = Verifier::new(&story.genesis).unwrap();
    let (mut bytes, mut starts) = (head(&story.consortium()), Vec::new());
    let mut verifiers = vec![verifier.clone()];
    for CommittedBlock { block, .. } in &story.blocks {
        starts.push(bytes.len());
        bytes.extend(block_frame(block));
        let checked = check_block(&story.consortium(), Box::new(block.clone())).unwrap();
        verifier.push(checked).unwrap();
        verifiers.push(verifier.clone());
    }
    starts.push(bytes.len());
    let last = story.certificate.clone().unwrap();
    bytes.extend(certificate_frame(&last));
    starts.push(bytes.len());
    assert_eq!(bytes, packed(&story, &story.blocks, &last));
    Archive { story, bytes, starts, verifiers }
}

/// Verifies a whole archive.
fn verify(genesis: &Genesis, bytes: &[u8]) -> Result<Verified, ArchiveError> {
    let verifier = Verifier::new(genesis)?;
    let Some((head, frames)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return Err(ArchiveError::NotAnArchive);
    };
    verifier.check_head(head)?;
    verify_frames(verifier, frames)
}

/// Verifies the frames that follow what `verifier` has seen.
fn verify_frames(mut verifier: Verifier, mut bytes: &[u8]) -> Result<Verified, ArchiveError> {
    let consortium = *verifier.ledger().consortium();
    loop {
        let (frame, rest) = next_frame(bytes).map_err(|fault| verifier.fault(fault))?;
        match frame {
            Frame::Block(block) => {
                let checked =
                    check_block(&consortium, block).map_err(|fault| verifier.fault(fault))?;
                verifier.push(checked)?;
            }
            Frame::Polkas(polkas) => verifier.polkas(&polkas)?,
            Frame::Certificate(_) if !rest.is_empty() => {
                let height = verifier.ledger().tip().height;
                return Err(ArchiveError::Block { height, cause: Box::new(BlockFault::Trailing) });
            }
            Frame::Certificate(certificate) => return verifier.finish(certificate),
        }
        bytes = rest;
    }
}

fn next_frame(bytes: &[u8]) -> Result<(Frame, &[u8]), BlockFault> {
    let (head, rest) =
        bytes.split_first_chunk::<FRAME_HEAD_BYTES>().ok_or(BlockFault::Truncated)?;
    let (kind, length) = frame_head(head)?;
    let (content, rest) = rest.split_at_checked(length).ok_or(BlockFault::Truncated)?;
    Ok((decode_frame(kind, content)?, rest))
}

/// The height that a fault names, and the fault.
fn fault(verified: Result<Verified, ArchiveError>) -> (u64, BlockFault) {
    match verified {
        Err(ArchiveError::Block { height, cause }) => (height.0, *cause),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_archive_verifies() {
    let Archive { story, bytes, .. } = archive();
    let verified = verify(&story.genesis, &bytes).unwrap();
    assert_eq!(verified, Verified { tip: story.ledger.tip(), entries: 5, signers: 3 });
    assert_eq!(verified.tip.height, Height(BLOCKS as u64));
}

/// Prevotes of these members for a block at a height.
fn polka(story: &Story, height: Height, round: u32, members: &[&str]) -> PolkaCertificate {
    let value = HeaderHash([7; 32]);
    let sign = |member: &&str| {
        let key = secret(member, KeyRole::Validator);
        let (kind, validator) = (VoteKind::Prevote, key.public());
        let vote = Vote { kind, height, round, value: Some(value), validator };
        let signature = key.sign_vote(&story.consortium(), &vote);
        CertificateSignature { validator, signature }
    };
    let mut signatures: Vec<_> = members.iter().map(sign).collect();
    signatures.sort_by_key(|signed| signed.validator);
    PolkaCertificate { height, round, value, signatures }
}

#[test]
fn polka_certificates_beside_a_block_are_optional_and_each_must_prove_a_quorum() {
    let story = told();
    let last = story.certificate.clone().unwrap();
    let verified = |polkas: Vec<PolkaCertificate>| {
        let mut blocks = story.blocks.clone();
        blocks[1].polkas = polkas;
        verify(&story.genesis, &packed(&story, &blocks, &last))
    };
    let quorum = |height, round| polka(&story, Height(height), round, &MEMBERS[..3]);
    let proven = verified(Vec::new()).unwrap();
    assert_eq!(verified(vec![quorum(2, 0), quorum(2, 4)]).unwrap(), proven);
    let faults = [
        (vec![quorum(2, 4), quorum(2, 0)], PolkasError::Order),
        (vec![quorum(2, 0), quorum(3, 1)], PolkasError::Height { round: 1 }),
        (vec![quorum(2, 0); MAX_POLKAS + 1], PolkasError::Count(MAX_POLKAS + 1)),
    ];
    for (polkas, due) in faults {
        let (height, fault) = fault(verified(polkas));
        assert!(matches!(&fault, BlockFault::Polkas(found) if *found == due), "{fault}");
        assert_eq!(height, 2);
    }
    let few = polka(&story, Height(2), 0, &MEMBERS[..2]);
    let source = CertificateError::NoQuorum { power: 2, total: 4 };
    let due = PolkasError::Certificate { round: 0, source };
    assert!(matches!(fault(verified(vec![few])).1, BlockFault::Polkas(found) if found == due));
}

#[test]
fn any_byte_changed_in_a_block_or_its_certificate_names_that_block() {
    let Archive { bytes, starts, verifiers, .. } = archive();
    for (at, verifier) in verifiers.iter().enumerate() {
        let (start, end) = (starts[at], starts[at + 1]);
        let number = at as u64 + 1;
        for place in start..end {
            for flip in [0x01, 0x80, 0xFF] {
                // What comes before is unchanged, and was verified once.
                let mut frames = bytes[start..].to_vec();
                frames[place - start] ^= flip;
                let (height, fault) = fault(verify_frames(verifier.clone(), &frames));
                let right = match at {
                    // The last certificate is the last block's; a frame in its place that cannot
                    // be read may have been the next block's.
                    BLOCKS => (BLOCKS as u64..=BLOCKS as u64 + 1).contains(&height),
                    _ => height == number,
                };
                assert!(right, "byte {place} of block {number}: block {height}: {fault}");
            }
        }
    }
}

#[test]
fn any_byte_changed_in_the_head_is_noticed_there() {
    let Archive { story, bytes, .. } = archive();
    for place in 0..HEAD_BYTES {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let error = verify(&story.genesis, &changed).unwrap_err();
        match place {
            0..8 => assert!(matches!(error, ArchiveError::NotAnArchive), "{place}: {error}"),
            _ => assert!(matches!(error, ArchiveError::OtherConsortium { .. }), "{place}: {error}"),
        }
    }
}

#[test]
fn an_archive_cut_anywhere_ends_too_early() {
    let Archive { story, bytes, starts, verifiers } = archive();
    for (at, verifier) in verifiers.iter().enumerate() {
        for end in starts[at]..starts[at + 1] {
            let cut = &bytes[starts[at]..end];
            let (height, fault) = fault(verify_frames(verifier.clone(), cut));
            assert!(matches!(fault, BlockFault::Truncated), "cut at {end}: {fault}");
            assert_eq!(height, at as u64 + 1, "cut at {end}");
        }
    }
    for end in 0..HEAD_BYTES {
        assert!(matches!(verify(&story.genesis, &bytes[..end]), Err(ArchiveError::NotAnArchive)));
    }
}

#[test]
fn nothing_may_follow_the_last_certificate() {
    let Archive { story, bytes, starts, .. } = archive();
    let block = &bytes[starts[0]..starts[1]];
    let certificate = &bytes[starts[BLOCKS]..];
    for tail in [&[0][..], &[1, 0, 0, 0, 0, 0], block, certificate] {
        let (height, fault) = fault(verify(&story.genesis, &[&bytes[..], tail].concat()));
        assert!(matches!(fault, BlockFault::Trailing), "{fault}");
        assert_eq!(height, BLOCKS as u64);
    }
}

#[test]
fn blocks_swapped_left_out_or_put_twice_are_named() {
    let Archive { story, .. } = archive();
    let last = story.certificate.clone().unwrap();
    for at in 0..BLOCKS - 1 {
        let mut swapped = story.blocks.clone();
        swapped.swap(at, at + 1);
        let mut shorter = story.blocks.clone();
        shorter.remove(at);
        let mut longer = story.blocks.clone();
        longer.insert(at, story.blocks[at].clone());
        for (blocks, height) in [(swapped, at + 1), (shorter, at + 1), (longer, at + 2)] {
            let (found, fault) = fault(verify(&story.genesis, &packed(&story, &blocks, &last)));
            assert_eq!(found, height as u64, "{fault}");
        }
    }
    let without_last = &story.blocks[..BLOCKS - 1];
    let (height, fault) = fault(verify(&story.genesis, &packed(&story, without_last, &last)));
    let other = BlockFault::Certificate(CertificateError::OtherBlock);
    assert_eq!((height, fault.to_string()), (BLOCKS as u64 - 1, other.to_string()));
}

/// What becomes of the archive when block 4 carries this in place of the certificate of block 3.
fn with_parent_of_fourth(
    change: impl Fn(&Story) -> Option<CommitCertificate>,
) -> (u64, BlockFault) {
    let mut story = told();
    let parent = change(&story);
    let consortium = story.consortium();
    let block = &mut story.blocks[3].block;
    let hash = parent.as_ref().map(|parent| parent.hash(&consortium));
    block.header.parent_certificate = hash.unwrap_or_default();
    block.parent_certificate = parent;
    let last = story.certificate.clone().unwrap();
    fault(verify(&story.genesis, &packed(&story, &story.blocks, &last)))
}

#[test]
fn a_certificate_left_out_or_of_another_block_is_named() {
    let wrong_parent = |fault: &BlockFault| {
        let field = "parent certificate";
        matches!(fault, BlockFault::Execution(BlockError::Header { field: found }) if *found == field)
    };
    let (height, fault) = with_parent_of_fourth(|_| None);
    assert!(height == 4 && wrong_parent(&fault), "{height}: {fault}");
    let (height, fault) = with_parent_of_fourth(|story| Some(story.blocks[0].certificate.clone()));
    assert!(height == 4 && wrong_parent(&fault), "{height}: {fault}");
    let (height, fault) = with_parent_of_fourth(|story| {
        let mut few = story.blocks[2].certificate.clone();
        few.signatures.truncate(2);
        Some(few)
    });
    let few = CertificateError::NoQuorum { power: 2, total: 4 };
    assert_eq!((height, fault.to_string()), (4, BlockFault::Certificate(few).to_string()));
}

#[test]
fn a_last_certificate_that_does_not_prove_the_last_block_is_refused() {
    let Archive { story, .. } = archive();
    let tip = story.ledger.tip();
    let few = certificate(&story.consortium(), tip, 0, &MEMBERS[..2]);
    let mut later = certificate(&story.consortium(), tip, 0, &MEMBERS);
    later.height = later.height.next();
    let cases = [
        (few, CertificateError::NoQuorum { power: 2, total: 4 }),
        (story.blocks[3].certificate.clone(), CertificateError::OtherBlock),
        (later, CertificateError::OtherBlock),
    ];
    for (last, expected) in cases {
        let bytes = packed(&story, &story.blocks, &last);
        let (height, fault) = fault(verify(&story.genesis, &bytes));
        let expected = BlockFault::Certificate(expected).to_string();
        assert_eq!((height, fault.to_string()), (BLOCKS as u64, expected));
    }
}

#[test]
fn a_block_that_was_not_the_committed_one_is_named_itself() {
    // The same records, proposed when the same validator's turn came again: consistent in itself,
    // but nobody signed it. What shows it is the certificate in the block after it.
    let mut story = told();
    story.blocks[1].block.header.proposal_round += 4;
    let last = story.certificate.clone().unwrap();
    let (height, fault) = fault(verify(&story.genesis, &packed(&story, &story.blocks, &last)));
    let expected = BlockFault::Certificate(CertificateError::OtherBlock);
    assert_eq!((height, fault.to_string()), (2, expected.to_string()));
}

#[test]
fn a_record_with_a_bad_signature_is_named_by_its_place() {
    let mut story = told();
    let record = &mut story.blocks[2].block.records[1];
    *record.last_mut().unwrap() ^= 1;
    let last = story.certificate.clone().unwrap();
    let (height, fault) = fault(verify(&story.genesis, &packed(&story, &story.blocks, &last)));
    assert_eq!(height, 3);
    let expected =
        matches!(fault, BlockFault::Record { position: 1, source: RecordError::Signature { .. } });
    assert!(expected, "{fault}");
}

#[test]
fn an_archive_verifies_under_its_own_genesis_alone() {
    let Archive { story, bytes, .. } = archive();
    let mut renamed = story.genesis.clone();
    renamed.name = text("Another consortium");
    let elsewhere = verify(&renamed, &bytes);
    assert!(matches!(elsewhere, Err(ArchiveError::OtherConsortium { .. })), "{elsewhere:?}");
    // Nor when the head is made to say so.
    let patched = [head(&renamed.id()), bytes[HEAD_BYTES..].to_vec()].concat();
    assert_eq!(fault(verify(&renamed, &patched)).0, 1);
    let mut unusable = genesis(Params::default());
    unusable.members.swap(0, 1);
    assert!(matches!(verify(&unusable, &bytes), Err(ArchiveError::Genesis(_))));
}
