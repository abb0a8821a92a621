//! The certificates that whoever verifies trusts: PEM files of their own.
//! Holds: at least one certificate, each of which can be read.
//! May not enter: files; what is in a bundle.
//! Source: RFC 7468, section 5.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::certificate::Certificate;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// Most certificates that are trusted.
const MAX_CERTIFICATES: usize = 256;

/// Certificates that are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trusted(Vec<Vec<u8>>);

impl Trusted {
    /// Adds those of a PEM file; `None` where there is none, one cannot be read, or there are too many.
    pub(crate) fn with(mut self, text: &str) -> Option<Trusted> {
        let mut blocks = text.split(BEGIN);
        blocks.next();
        let before = self.0.len();
        for block in blocks {
            let (lines, _) = block.split_once(END)?;
            let lines: String = lines.split_whitespace().collect();
            let bytes = STANDARD.decode(lines).ok()?;
            Certificate::read(&bytes).ok()?;
            self.0.push(bytes);
        }
        (before < self.0.len() && self.0.len() <= MAX_CERTIFICATES).then_some(self)
    }

    /// The certificates.
    pub(super) fn certificates(&self) -> Vec<Certificate<'_>> {
        self.0.iter().filter_map(|bytes| Certificate::read(bytes).ok()).collect()
    }
}
