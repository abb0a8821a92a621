//! Signed notes (C2SP signed-note v1.0.0): a text that ends in a newline, an empty line, and
//! signature lines. The face of the log towards tools that know nothing of Comity.
//! Holds: what is formatted parses to the same; a signature counts only for a key that is known.
//! May not enter: what a text means (see `checkpoint`). Source: c2sp.org/signed-note@v1.0.0.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::keys::{PublicKey, SecretKey, Signature};

/// No note is longer than this (bytes).
pub const MAX_NOTE_BYTES: usize = 64 * 1024;
/// Most signature lines of one note.
pub const MAX_NOTE_SIGNATURES: usize = 64;

/// How a key of a note signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// Ed25519 over the text.
    Ed25519,
    /// Ed25519 over a time and the text: a witness's cosignature (c2sp.org/tlog-cosignature).
    Cosignature,
}

/// A note key: whose, of which kind, and the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: NoteKind,
    key: PublicKey,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub key_id: [u8; 4],
    /// What was signed with it.
    pub signature: Vec<u8>,
}

/// A text with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text; it ends in a newline.
    pub text: String,
    /// The signatures, in the order of their lines.
    pub signatures: Vec<NoteSignature>,
}

/// Why bytes are no signed note, a text no key of one, or a signature none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than any note here.
    #[error("a note has at most {MAX_NOTE_BYTES} bytes and {MAX_NOTE_SIGNATURES} signatures")]
    TooLong,
    /// Not UTF-8, or with control characters.
    #[error("it is not plain text")]
    NotText,
    /// No text, no empty line or no signature line in its place.
    #[error("it is not a text, an empty line and signature lines")]
    Shape,
    /// A signature line of another form.
    #[error("signature line {line} is not a name and a signature")]
    SignatureLine {
        /// Which, from 1.
        line: usize,
    },
    /// Not `name+id+key`, or the id is not the key's.
    #[error("{text:?} is not the key of a note: name+id+key")]
    Key {
        /// What was given.
        text: String,
    },
    /// A name that no key can have.
    #[error("{name:?} cannot be the name of a note's key: it is empty, or has a space or a plus")]
    Name {
        /// What was given.
        name: String,
    },
    /// None of the signatures is of a key that is known.
    #[error("no signature is of {name}, or of another key that is known")]
    UnknownKeys {
        /// The key that was looked for.
        name: String,
    },
    /// A signature of a known key fails.
    #[error("the signature of {name} does not verify")]
    BadSignature {
        /// Whose.
        name: String,
    },
}

impl NoteError {
    /// The fault's name, by which verifiers of different makers compare.
    pub fn name(&self) -> &'static str {
        match self {
            NoteError::TooLong => "too-long",
            NoteError::NotText => "not-text",
            NoteError::Shape => "shape",
            NoteError::SignatureLine { .. } => "line",
            NoteError::Key { .. } => "key",
            NoteError::Name { .. } => "name",
            NoteError::UnknownKeys { .. } => "unknown-keys",
            NoteError::BadSignature { .. } => "bad-signature",
        }
    }
}

impl NoteKind {
    fn byte(self) -> u8 {
        match self {
            NoteKind::Ed25519 => 1,
            NoteKind::Cosignature => 4,
        }
    }
}

impl NoteKey {
    /// A key under a name. Errors: `Name`.
    pub fn new(name: &str, kind: NoteKind, key: PublicKey) -> Result<NoteKey, NoteError> {
        check_name(name)?;
        Ok(NoteKey { name: name.to_owned(), kind, key })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    pub fn kind(&self) -> NoteKind {
        self.kind
    }

    /// The key itself.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The first four bytes of SHA-256 over name, newline, kind and key.
    pub fn id(&self) -> [u8; 4] {
        let kind = [b'\n', self.kind.byte()];
        let hash = Sha256::new().chain_update(&self.name).chain_update(kind);
        let [a, b, c, d, ..]: [u8; 32] = hash.chain_update(self.key.as_bytes()).finalize().into();
        [a, b, c, d]
    }

    /// Whether a signature line names this key.
    pub fn is_named_by(&self, signature: &NoteSignature) -> bool {
        signature.name == self.name && signature.key_id == self.id()
    }
}

/// `name+id+key`, as tools for transparency logs write it: id hexadecimal, key base64.
impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind.byte()][..], self.key.as_bytes()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), STANDARD.encode(key))
    }
}

impl FromStr for NoteKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<NoteKey, NoteError> {
        let wrong = || NoteError::Key { text: text.chars().take(200).collect() };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let bytes = STANDARD.decode(key).map_err(|_| wrong())?;
        let Some((kind, key)) = bytes.split_first() else { return Err(wrong()) };
        let kind = match kind {
            1 => NoteKind::Ed25519,
            4 => NoteKind::Cosignature,
            _ => return Err(wrong()),
        };
        let key: [u8; 32] = key.try_into().map_err(|_| wrong())?;
        let key = NoteKey::new(name, kind, PublicKey::try_from(key).map_err(|_| wrong())?)?;
        if hex::encode(key.id()) == id { Ok(key) } else { Err(wrong()) }
    }
}

impl Note {
    /// A text with the signature of an [`NoteKind::Ed25519`] key. Errors: `Name`; `NotText` or
    /// `Shape` for what cannot be a note's text.
    pub fn sign(text: &str, name: &str, key: &SecretKey) -> Result<Note, NoteError> {
        if !is_plain(text) {
            return Err(NoteError::NotText);
        }
        if !text.ends_with('\n') || text == "\n" {
            return Err(NoteError::Shape);
        }
        let public = NoteKey::new(name, NoteKind::Ed25519, key.public())?;
        let signature = NoteSignature {
            name: name.to_owned(),
            key_id: public.id(),
            signature: key.sign_note(text).0.to_vec(),
        };
        Ok(Note { text: text.to_owned(), signatures: vec![signature] })
    }

    /// Reads a note; no signature is verified yet. Errors: what is wrong with its form.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if !is_plain(whole) {
            return Err(NoteError::NotText);
        }
        let end = whole.rfind("\n\n").ok_or(NoteError::Shape)?;
        let (text, lines) = (&whole[..=end], &whole[end + 2..]);
        if text.trim_matches('\n').is_empty() {
            return Err(NoteError::Shape);
        }
        Ok(Note { text: text.to_owned(), signatures: signature_lines(lines)? })
    }

    /// The signature of a key, verified: for [`NoteKind::Ed25519`]. Errors: `UnknownKeys`;
    /// `BadSignature`.
    pub fn verify(&self, key: &NoteKey) -> Result<(), NoteError> {
        let mut found = false;
        for line in self.signatures.iter().filter(|line| key.is_named_by(line)) {
            let bad = || NoteError::BadSignature { name: key.name.clone() };
            let signature: [u8; 64] = line.signature[..].try_into().map_err(|_| bad())?;
            key.key.verify_note(&self.text, &Signature(signature)).map_err(|_| bad())?;
            found = true;
        }
        match found {
            true => Ok(()),
            false => Err(NoteError::UnknownKeys { name: key.name.clone() }),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| line.fmt(f))
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id[..], &self.signature].concat();
        writeln!(f, "\u{2014} {} {}", self.name, STANDARD.encode(bytes))
    }
}

/// Reads signature lines, at least one, each ended by a newline. Errors: `Shape`, `TooLong`,
/// `SignatureLine`.
pub fn signature_lines(text: &str) -> Result<Vec<NoteSignature>, NoteError> {
    let lines = text.strip_suffix('\n').ok_or(NoteError::Shape)?;
    if lines.split('\n').count() > MAX_NOTE_SIGNATURES {
        return Err(NoteError::TooLong);
    }
    let read =
        |(line, text): (usize, &str)| signature_line(text).ok_or(NoteError::SignatureLine { line });
    (1..).zip(lines.split('\n')).map(read).collect()
}

fn signature_line(line: &str) -> Option<NoteSignature> {
    let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    check_name(name).ok()?;
    let bytes = STANDARD.decode(signature).ok()?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    let (key_id, signature) = (*key_id, signature.to_vec());
    (!signature.is_empty()).then(|| NoteSignature { name: name.to_owned(), key_id, signature })
}

fn check_name(name: &str) -> Result<(), NoteError> {
    let is_bad = |c: char| c.is_whitespace() || c == '+' || c.is_control();
    if name.is_empty() || name.contains(is_bad) {
        return Err(NoteError::Name { name: name.chars().take(200).collect() });
    }
    Ok(())
}

/// No control characters but newlines.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' || byte == b'\n')
}
