//! Drafts: a statement of several signers, with the signatures that it has so far, in a file.
//! Holds: all signers are named before the first signs, and all sign the same bytes; a signature
//! that does not verify is never taken in.
//! May not enter: signing; submitting. Source: docs/formats.md, "Drafts".

use std::collections::BTreeMap;
use std::path::Path;

use comity_core::encoding::{decode, encode};
use comity_core::keys::{PublicKey, Signature};
use comity_core::statement::{
    MAX_RECORD_BYTES, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner, VerifiedRecord,
};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::keys::{self, Readers};
use crate::messages::fault;

/// The only draft format so far.
const DRAFT_FORMAT: &str = "comity-draft-1";

/// A statement and the signatures under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    statement: Statement,
    signatures: BTreeMap<PublicKey, Signature>,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftFile {
    format: String,
    /// The statement's bytes, in hexadecimal: what is signed.
    statement: String,
    /// Signatures by key.
    signatures: BTreeMap<PublicKey, Signature>,
}

impl Draft {
    /// A draft that nobody has signed.
    pub(crate) fn new(statement: Statement) -> Draft {
        Draft { statement, signatures: BTreeMap::new() }
    }

    /// What is to be signed.
    pub(crate) fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Reads a draft, or several copies of one that were signed apart. Errors: no draft, a
    /// signature that does not verify, or copies of different statements.
    pub(crate) fn load<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Draft, Fault> {
        let mut joined: Option<Draft> = None;
        for path in paths {
            let draft = load_one(path)?;
            joined = Some(match joined {
                None => draft,
                Some(mut earlier) if earlier.statement == draft.statement => {
                    earlier.signatures.extend(draft.signatures);
                    earlier
                }
                Some(_) => return Err(fault!(Failed, "draft-other", path = path.display())),
            });
        }
        match joined {
            Some(draft) => Ok(draft),
            None => unreachable!("the command line asks for at least one file"),
        }
    }

    /// Takes in a signature. Errors: it is not true, or its key is none of the signers'.
    pub(crate) fn take(&mut self, key: PublicKey, signature: Signature) -> Result<(), String> {
        if !self.statement.signers.iter().any(|signer| signer.key == key) {
            return Err(format!("{key} is none of the signers"));
        }
        let bytes = encode(&self.statement);
        key.verify_statement(&self.statement.consortium, &bytes, &signature)
            .map_err(|error| error.to_string())?;
        self.signatures.insert(key, signature);
        Ok(())
    }

    /// Whether this signer has signed.
    pub(crate) fn is_signed_by(&self, signer: &StatementSigner) -> bool {
        self.signatures.contains_key(&signer.key)
    }

    /// The signers that have not signed yet.
    pub(crate) fn missing(&self) -> Vec<&StatementSigner> {
        self.statement.signers.iter().filter(|signer| !self.is_signed_by(signer)).collect()
    }

    /// The signed record, if every signer has signed. Errors: what every node would find wrong
    /// with it.
    pub(crate) fn record(&self) -> Result<Option<VerifiedRecord>, Fault> {
        let signed = self.statement.signers.iter().map(|signer| self.signatures.get(&signer.key));
        let Some(signatures) = signed.map(|signature| signature.copied()).collect() else {
            return Ok(None);
        };
        let bytes = SignedRecord { statement: self.statement.clone(), signatures }.to_bytes();
        VerifiedRecord::verify(&bytes, &self.statement.consortium)
            .map(Some)
            .map_err(|e| Fault::refused(e.rule(), vec![("detail".to_owned(), e.to_string())]))
    }

    /// Writes the draft into a new file. Errors: there is one of that name, or it cannot be
    /// written.
    pub(crate) fn write_new(&self, path: &Path) -> Result<(), Fault> {
        keys::write_new(path, &self.to_bytes(), Readers::Any)
    }

    /// Writes the draft in the place of the file that it was read from.
    pub(crate) fn replace(&self, path: &Path) -> Result<(), Fault> {
        keys::replace(path, &self.to_bytes(), Readers::Any)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let file = DraftFile {
            format: DRAFT_FORMAT.to_owned(),
            statement: hex::encode(encode(&self.statement)),
            signatures: self.signatures.clone(),
        };
        match serde_json::to_vec_pretty(&file) {
            Ok(mut bytes) => {
                bytes.push(b'\n');
                bytes
            }
            Err(error) => unreachable!("texts and maps of texts are JSON: {error}"),
        }
    }
}

fn load_one(path: &Path) -> Result<Draft, Fault> {
    let unusable =
        |cause: String| fault!(Failed, "draft-unusable", path = path.display(), cause = cause);
    let file: DraftFile = keys::load_json(path, |error| unusable(error.to_string()))?;
    if file.format != DRAFT_FORMAT {
        return Err(unusable(format!("the format is not {DRAFT_FORMAT}")));
    }
    let bytes = hex::decode(&file.statement).map_err(|error| unusable(error.to_string()))?;
    let statement: Statement =
        decode(&bytes, MAX_RECORD_BYTES).map_err(|error| unusable(error.to_string()))?;
    if statement.version != STATEMENT_VERSION {
        return Err(unusable(format!("statement version {} is not known", statement.version)));
    }
    let mut draft = Draft::new(statement);
    for (key, signature) in file.signatures {
        draft.take(key, signature).map_err(unusable)?;
    }
    Ok(draft)
}
