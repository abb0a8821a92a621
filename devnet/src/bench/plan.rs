//! What the benchmark tells its client process, and what that tells it: three files.
//! Holds: the client reads nothing but these; records are bytes to it.
//! May not enter: signing; what the numbers mean.
//!
//! | file | what |
//! |---|---|
//! | `plan.json` | a [`Plan`] |
//! | `records` | for each record: the list (u16), its length (u32), its bytes; little-endian |
//! | `answers` | for each committed record: an [`Answered`], four u64, little-endian |

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::DevnetError;
use crate::place::io_error;

/// Bytes of an [`Answered`] in its file.
const ANSWERED_BYTES: usize = 32;

/// What a client is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The nodes' API ports, one for each list of records.
    pub(super) ports: Vec<u16>,
    /// How many records are under way at once, at most.
    pub(super) in_flight: usize,
    /// How long records are submitted.
    pub(super) limit: Duration,
    /// Between two arrivals, where records arrive whether earlier ones are answered or not.
    pub(super) interval: Option<Duration>,
    /// The records.
    pub(super) input: PathBuf,
    /// Where the answers go.
    pub(super) output: PathBuf,
}

/// What came of it, as the client prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Done {
    /// From the first submission to the last answer.
    pub(super) elapsed: Duration,
    /// The client's processor time meanwhile (seconds).
    pub(super) cpu_s: f64,
    /// Of each list, how many records at its end were not submitted.
    pub(super) left: Vec<usize>,
}

/// A record that was answered as committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    /// In which list it stood.
    pub(super) list: usize,
    /// At which place of it.
    pub(super) place: usize,
    /// From its submission, or from when it should have been submitted, to the answer.
    pub(super) latency: Duration,
    /// Its entry on the log, as the answer says.
    pub(super) entry: u64,
}

/// Writes records for a client. Errors: the file cannot be written.
pub(super) fn write_records(path: &Path, lists: &[Vec<Vec<u8>>]) -> Result<(), DevnetError> {
    let failed = |source| DevnetError::from(io_error("write", path, source));
    let mut file = BufWriter::new(fs::File::create(path).map_err(failed)?);
    for (list, records) in (0u16..).zip(lists) {
        for record in records {
            let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
            file.write_all(&list.to_le_bytes()).map_err(failed)?;
            file.write_all(&length.to_le_bytes()).map_err(failed)?;
            file.write_all(record).map_err(failed)?;
        }
    }
    file.flush().map_err(failed)
}

/// Reads what [`write_records`] wrote: so many lists. Errors: the file cannot be read, or is cut.
pub(super) fn read_records(path: &Path, lists: usize) -> Result<Vec<Vec<Vec<u8>>>, DevnetError> {
    let bytes = fs::read(path).map_err(|source| io_error("read", path, source))?;
    let (mut found, mut rest) = (vec![Vec::new(); lists], &bytes[..]);
    let cut = || DevnetError::Unexpected(format!("{} is cut", path.display()));
    while !rest.is_empty() {
        let (list, after) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
        let (length, after) = after.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| cut())?;
        let (record, after) = after.split_at_checked(length).ok_or_else(cut)?;
        let list = found.get_mut(usize::from(u16::from_le_bytes(*list))).ok_or_else(cut)?;
        list.push(record.to_vec());
        rest = after;
    }
    Ok(found)
}

/// Writes answers for the benchmark. Errors: the file cannot be written.
pub(super) fn write_answers(path: &Path, answers: &[Answered]) -> Result<(), DevnetError> {
    let mut bytes = Vec::with_capacity(answers.len() * ANSWERED_BYTES);
    for Answered { list, place, latency, entry } in answers {
        let latency = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        for number in [*list as u64, *place as u64, latency, *entry] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
    Ok(fs::write(path, bytes).map_err(|source| io_error("write", path, source))?)
}

/// Reads what [`write_answers`] wrote. Errors: the file cannot be read.
pub(super) fn read_answers(path: &Path) -> Result<Vec<Answered>, DevnetError> {
    let bytes = fs::read(path).map_err(|source| io_error("read", path, source))?;
    let answers = bytes.chunks_exact(ANSWERED_BYTES).map(|bytes| {
        let number = |at: usize| {
            let bytes: [u8; 8] = bytes[at * 8..][..8].try_into().unwrap_or_default();
            u64::from_le_bytes(bytes)
        };
        let place = |at| usize::try_from(number(at)).unwrap_or(usize::MAX);
        let latency = Duration::from_nanos(number(2));
        Answered { list: place(0), place: place(1), latency, entry: number(3) }
    });
    Ok(answers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_answers_are_read_as_they_were_written() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("file");
        let lists = vec![vec![vec![1; 3], vec![]], vec![], vec![vec![9; 70_000]]];
        write_records(&path, &lists).unwrap();
        assert_eq!(read_records(&path, 3).unwrap(), lists);
        assert!(read_records(&path, 2).is_err(), "a list that the plan does not name");
        let cut = fs::read(&path).unwrap();
        fs::write(&path, &cut[..cut.len() - 1]).unwrap();
        assert!(read_records(&path, 3).is_err());
        let latency = Duration::from_micros(1234);
        let answers = [Answered { list: 2, place: 70_000, latency, entry: u64::MAX }];
        write_answers(&path, &answers).unwrap();
        assert_eq!(read_answers(&path).unwrap(), answers);
    }
}
