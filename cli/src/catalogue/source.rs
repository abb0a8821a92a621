//! Files of catalogues: their size, encoding and format.
//! Holds: what cannot be told for certain is refused, never guessed into wrong characters; memory
//! is bounded by the largest file taken.
//! May not enter: what entries mean.

use std::path::Path;

use clap::ValueEnum;

use super::entry::{Catalogue, Found};
use super::{dcat, directory};
use crate::fault::Fault;
use crate::keys;
use crate::messages::fault;

/// Largest catalogue read (bytes); the largest national ones are a tenth of it.
const MAX_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// How a file's characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Encoding {
    /// With or without a byte order mark.
    #[value(name = "utf-8")]
    Utf8,
    /// Which includes GBK and GB2312.
    Gb18030,
}

/// Reads a catalogue. `format` and `encoding` are found out where they are not given. Errors: the
/// file cannot be read, is too large, or is no catalogue.
pub(crate) fn read(
    path: &Path,
    format: Option<Catalogue>,
    encoding: Option<Encoding>,
) -> Result<(Catalogue, Encoding, Vec<Found>), Fault> {
    understood(path, &bytes_of(path)?, format, encoding)
}

/// The same of the bytes of a file.
pub(crate) fn understood(
    path: &Path,
    bytes: &[u8],
    format: Option<Catalogue>,
    encoding: Option<Encoding>,
) -> Result<(Catalogue, Encoding, Vec<Found>), Fault> {
    let (encoding, text) = decoded(path, bytes, encoding)?;
    let begins = text.trim_start().chars().next();
    let format = format.unwrap_or(match begins {
        Some('{' | '[') => Catalogue::Dcat,
        _ => Catalogue::Csv,
    });
    let found = match format {
        Catalogue::Dcat => dcat::entries(&text),
        Catalogue::Csv => directory::entries(&text),
    };
    let found = found.map_err(|cause| unusable(path, cause))?;
    Ok((format, encoding, found))
}

/// The rows of a table in a file, with the line on which each begins; the first has the headings.
pub(crate) fn table_rows(path: &Path) -> Result<Vec<(u64, Vec<String>)>, Fault> {
    let bytes = bytes_of(path)?;
    let (_, text) = decoded(path, &bytes, None)?;
    directory::rows(&text).map_err(|cause| unusable(path, cause))
}

fn unusable(path: &Path, cause: String) -> Fault {
    fault!(Failed, "catalogue-unreadable", path = path.display(), cause = cause)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Fault> {
    keys::read_bounded(keys::open(path)?, path, MAX_FILE_BYTES)?.ok_or_else(|| {
        let limit = MAX_FILE_BYTES / (1024 * 1024);
        fault!(Failed, "catalogue-too-large", path = path.display(), limit = limit)
    })
}

fn decoded(
    path: &Path,
    bytes: &[u8],
    forced: Option<Encoding>,
) -> Result<(Encoding, String), Fault> {
    let path = path.display();
    if bytes.contains(&0) {
        return Err(fault!(Failed, "catalogue-binary", path = path));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let wrong = |line: usize| fault!(Failed, "catalogue-encoding", path = path, line = line);
    match (forced, std::str::from_utf8(bytes)) {
        (None | Some(Encoding::Utf8), Ok(text)) => return Ok((Encoding::Utf8, text.to_owned())),
        (Some(Encoding::Utf8), Err(error)) => {
            return Err(wrong(line_of(bytes, error.valid_up_to())));
        }
        (None, Err(error)) if chinese_in(&bytes[..error.valid_up_to()]) => {
            return Err(wrong(line_of(bytes, error.valid_up_to())));
        }
        _ => {}
    }
    let is_utf8 = |line: &[u8]| std::str::from_utf8(line).is_ok() && chinese_in(line);
    if let Some(at) = bytes.split(|byte| *byte == b'\n').position(is_utf8) {
        return Err(wrong(at + 1));
    }
    match encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok((Encoding::Gb18030, text.into_owned())),
        None => {
            let broken = |line: &&[u8]| {
                encoding_rs::GB18030
                    .decode_without_bom_handling_and_without_replacement(line)
                    .is_none()
            };
            let at = bytes.split(|byte| *byte == b'\n').position(|line| broken(&line));
            Err(wrong(at.unwrap_or_default() + 1))
        }
    }
}

/// Whether bytes that are UTF-8 as far as they go are Chinese in it: bytes of GB18030 hardly ever
/// look so.
fn chinese_in(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (mut chinese, mut other) = (0, 0);
    for c in text.chars().filter(|c| !c.is_ascii()) {
        match c {
            '\u{3000}'..='\u{303F}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}' => {
                chinese += 1;
            }
            _ => other += 1,
        }
    }
    chinese >= 3 && chinese > other
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], forced: Option<Encoding>) -> Result<(Encoding, String), Fault> {
        decoded(Path::new("x.csv"), bytes, forced)
    }

    #[test]
    fn encodings_are_told_apart_and_mixtures_refused() {
        let text = "信息资源名称,摘要\n居民最低生活保障信息,低保对象名单\n";
        let gb = encoding_rs::GB18030.encode(text).0.into_owned();
        let utf8 = text.as_bytes();
        assert_eq!(decode(utf8, None).unwrap(), (Encoding::Utf8, text.to_owned()));
        assert_eq!(decode(&gb, None).unwrap(), (Encoding::Gb18030, text.to_owned()));
        assert_eq!(decode(&[b"\xEF\xBB\xBF", utf8].concat(), None).unwrap().1, text);
        for (mixed, line) in [([utf8, &gb].concat(), "3"), ([&gb, utf8].concat(), "3")] {
            let fault = decode(&mixed, None).unwrap_err();
            assert_eq!(fault.name, "catalogue-encoding");
            assert_eq!(fault.fields[1].1, line);
        }
        assert_eq!(decode(&gb, Some(Encoding::Utf8)).unwrap_err().name, "catalogue-encoding");
        assert_eq!(decode(b"a,b\n\xFF\xFF\n", None).unwrap_err().name, "catalogue-encoding");
        assert_eq!(decode(b"\x7FELF\0\0", None).unwrap_err().name, "catalogue-binary");
    }
}
