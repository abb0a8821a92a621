//! Step 11: the auditor verifies everything without trusting any node, and finds one changed byte.

use std::fs;

use crate::failure::DevnetError;
use crate::place::io_error;
use crate::process::Program;

use super::stage::Stage;

/// The exit code of `comity verify` where the evidence does not hold.
const UNVERIFIED: u8 = 5;

pub(super) fn verify(stage: &mut Stage<'_>) -> Result<(), DevnetError> {
    stage.step("The auditor, who trusts nobody")?;
    stage.say(
        "The whole chain is one file. Any member can write it; the auditor needs only that file \
         and the genesis, and no node.",
    )?;
    stage.page.gap()?;
    stage.auditor(Program::Comityd, "export --dir ../../nodes/data.gd --out chain.comity", 0)?;
    let genesis = "--genesis ../../genesis.json";
    stage.auditor(Program::Comity, &format!("verify archive chain.comity {genesis}"), 0)?;
    stage.say(
        "Every signature was checked and every rule applied again, from the first entry to the \
         last, by a program that reads nothing else. Now a copy in which one byte is changed:",
    )?;
    stage.page.gap()?;
    let (at, size) = change_a_byte(stage)?;
    stage.auditor(
        Program::Comity,
        &format!("verify archive forged.comity {genesis}"),
        UNVERIFIED,
    )?;
    stage.say(&format!(
        "Byte {at} of {size} differs by one bit, and the archive is refused, naming the block. \
         Whoever rewrites the log needs the keys of more than two thirds of the agencies, for \
         every block from there on.",
    ))
}

/// Writes a copy of the archive with one bit changed in the middle. Returns which byte of how many.
fn change_a_byte(stage: &Stage<'_>) -> Result<(usize, usize), DevnetError> {
    let place = &stage.network.place;
    let from = place.auditor().join("chain.comity");
    let mut bytes = fs::read(&from).map_err(|source| io_error("read", &from, source))?;
    let (at, size) = (bytes.len() / 2, bytes.len());
    match bytes.get_mut(at) {
        Some(byte) => *byte ^= 1,
        None => return Err(DevnetError::Unexpected("the archive is empty".to_owned())),
    }
    place.write(&place.auditor().join("forged.comity"), &bytes)?;
    Ok((at, size))
}
