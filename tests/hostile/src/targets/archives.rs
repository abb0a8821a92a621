//! Archives, which anyone may hand to an auditor.

use comity_core::archive::{
    ArchiveError, FRAME_HEAD_BYTES, Frame, HEAD_BYTES, Verified, Verifier, check_block,
    decode_frame, frame_head,
};

use crate::lab::lab;

/// An archive: what verifies is the chain, from its beginning, as far as it goes.
pub fn archive(data: &[u8]) {
    match verify(data) {
        Ok(Some(verified)) => {
            let tip = (verified.tip.height, verified.tip.hash);
            assert!(lab().headers.contains(&tip), "a chain that never was verifies: {verified:?}");
            assert!(verified.signers >= 3, "of four, three sign");
            assert!(lab().archive().starts_with(&data[..HEAD_BYTES]));
        }
        Ok(None) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Verifies a whole archive; `None` where it ends too early or goes on too long.
fn verify(data: &[u8]) -> Result<Option<Verified>, ArchiveError> {
    let mut verifier = Verifier::new(&lab().genesis)?;
    let Some((head, mut rest)) = data.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
    verifier.check_head(head)?;
    loop {
        let Some((head, after)) = rest.split_first_chunk::<FRAME_HEAD_BYTES>() else {
            return Ok(None);
        };
        let (kind, length) = frame_head(head).map_err(|fault| verifier.fault(fault))?;
        let Some((content, after)) = after.split_at_checked(length) else { return Ok(None) };
        rest = after;
        match decode_frame(kind, content).map_err(|fault| verifier.fault(fault))? {
            Frame::Block(block) => {
                let checked = check_block(&lab().consortium, block);
                verifier.push(checked.map_err(|fault| verifier.fault(fault))?)?;
            }
            Frame::Polkas(polkas) => verifier.polkas(&polkas)?,
            Frame::Certificate(certificate) if rest.is_empty() => {
                return verifier.finish(certificate).map(Some);
            }
            Frame::Certificate(_) => return Ok(None),
        }
    }
}
