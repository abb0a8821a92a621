//! Acts that several sign: one statement, drafted by the first, who names all the others.
//! Holds: nothing is submitted here; who drafts has signed.
//! May not enter: who must sign what (the ledger's rules).

use std::path::{Path, PathBuf};

use comity_core::ids::TimeMs;
use comity_core::key_file::KeyCard;
use comity_core::keys::PublicKey;
use comity_core::statement::{Action, Capacity, MAX_SIGNERS, MAX_VALIDITY_MS, StatementSigner};
use serde_json::{Value, json};

use crate::args::Cosigning;
use crate::client::Committed;
use crate::draft::Draft;
use crate::fault::Fault;
use crate::keys;
use crate::messages::{fault, say};
use crate::shell::Session;
use crate::sign::{self, Desk};
use crate::{table, time};

/// How long the signatures of a draft may take to come together (ms): as long as the ledger allows,
/// less an hour for clocks that differ.
const DRAFT_VALIDITY_MS: u64 = MAX_VALIDITY_MS - 60 * 60 * 1000;

impl Desk {
    /// The whole way of a change that this key signs alone; where others sign too, the way to its
    /// draft. What is reported as made is what [`made`] says.
    pub(crate) fn change_with(
        &self,
        session: &mut Session<'_>,
        who: &Cosigning,
        action: Action,
    ) -> Result<(), Fault> {
        if !who.with.is_empty() {
            return self.begin_draft(session, who, action);
        }
        let done = action.clone();
        self.change(session, action, |committed| made(&done, committed)).map(drop)
    }

    /// Drafts a statement, signs it, and writes it down for the others.
    fn begin_draft(
        &self,
        session: &mut Session<'_>,
        who: &Cosigning,
        action: Action,
    ) -> Result<(), Fault> {
        let until = self.time_base(session.shell.now()).plus(DRAFT_VALIDITY_MS);
        let mut statement = self.draft(session, action, until)?;
        for path in &who.with {
            statement.signers.push(self.cosigner(path)?);
        }
        let mut keys: Vec<_> = statement.signers.iter().map(|signer| signer.key).collect();
        keys.sort();
        keys.dedup();
        if keys.len() != statement.signers.len() || keys.len() > MAX_SIGNERS {
            return Err(fault!(Usage, "draft-signers", limit = MAX_SIGNERS));
        }
        let mut draft = Draft::new(statement);
        self.preview(session, draft.statement());
        session.shell.note(&table::pairs(&other_rows(&draft, &self.key.secret.public())));
        session.confirm()?;
        let signature = self.key.secret.sign_statement(draft.statement());
        if let Err(cause) = draft.take(self.key.secret.public(), signature) {
            unreachable!("a key's own signature under its own statement: {cause}");
        }
        let path = match &who.draft {
            Some(path) => path.clone(),
            None => session.shell.pending_dir.join(file_name(&draft)),
        };
        draft.write_new(&path)?;
        told(session, &draft, path, until)
    }

    /// Whom a card names. Errors: it is no card, or one made for another consortium.
    fn cosigner(&self, path: &Path) -> Result<StatementSigner, Fault> {
        let card: KeyCard = keys::load_card(path)?;
        if !sign::is_expected(card.consortium, self.consortium()) {
            let (found, expected) = (card.consortium, self.consortium());
            return Err(fault!(
                Failed,
                "card-other-consortium",
                found = found,
                expected = expected
            ));
        }
        let KeyCard { agency, role, public_key: key, .. } = card;
        Ok(StatementSigner { agency, key, role, capacity: Capacity::Agency })
    }
}

fn file_name(draft: &Draft) -> String {
    format!("comity-draft-{}.json", &draft.statement().id().to_string()[..16])
}

/// Says where the draft lies and who is to sign it.
fn told(
    session: &mut Session<'_>,
    draft: &Draft,
    path: PathBuf,
    until: TimeMs,
) -> Result<(), Fault> {
    let path = path.display().to_string();
    let mut object = standing(draft);
    object["status"] = json!("drafted");
    object["file"] = json!(path);
    session.result(&object, |shell| {
        let until = time::show(until, &shell.zone);
        say!("ok-drafted", path = path, signers = named(&draft.missing()), until = until)
    })
}

/// A draft for programs.
pub(crate) fn standing(draft: &Draft) -> Value {
    let statement = draft.statement();
    let signer = |signer: &StatementSigner| {
        json!({
            "agency": signer.agency,
            "role": signer.role,
            "key": signer.key,
            "signed": draft.is_signed_by(signer),
        })
    };
    json!({
        "record_id": statement.id(),
        "consortium": statement.consortium,
        "kind": statement.action.kind(),
        "action": statement.action,
        "valid_until": statement.valid_until,
        "signers": statement.signers.iter().map(signer).collect::<Vec<_>>(),
        "complete": draft.missing().is_empty(),
    })
}

/// Signers in a line.
pub(crate) fn named(signers: &[&StatementSigner]) -> String {
    signers.iter().map(|signer| who(signer)).collect::<Vec<_>>().join("; ")
}

fn who(signer: &StatementSigner) -> String {
    format!("{} ({}), {}", signer.agency, signer.role, table::key(&signer.key))
}

/// Who has signed a draft, and who has not.
pub(crate) fn signer_rows(draft: &Draft) -> Vec<(String, String)> {
    let row = |signer: &StatementSigner| match draft.is_signed_by(signer) {
        true => (say!("label-signed-by"), who(signer)),
        false => (say!("label-to-be-signed-by"), who(signer)),
    };
    draft.statement().signers.iter().map(row).collect()
}

/// Those who will sign beside this key.
fn other_rows(draft: &Draft, own: &PublicKey) -> Vec<(String, String)> {
    let others = draft.statement().signers.iter().filter(|signer| signer.key != *own);
    others.map(|signer| (say!("label-to-be-signed-by"), who(signer))).collect()
}

/// What a committed act of several has made, for programs.
pub(crate) fn made(action: &Action, committed: &Committed) -> Value {
    let grant = format!("G{}", committed.index);
    match action {
        Action::IssueGrant { .. } => json!({ "grant": grant }),
        Action::ApproveRequest { request, .. } => json!({ "request": request, "grant": grant }),
        Action::ExtendGrant { grant, .. } => json!({ "grant": grant }),
        Action::IssueOnward { parent, .. } => json!({ "grant": grant, "parent": parent }),
        _ => json!({}),
    }
}
