//! Why an entry of a catalogue is left out.
//! Holds: each reason says what to mend; texts are the message catalogue's.

use serde_json::{Value, json};

use super::Place;
use crate::messages::say;

/// Why an entry is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It cannot be read at all.
    Unreadable { cause: String },
    /// A field that must be there is not, or is empty.
    Missing { field: &'static str },
    /// A field has a value that means nothing here.
    Wrong { field: &'static str, value: String },
    /// A field is too long, and may not be cut.
    TooLong { field: &'static str, limit: usize },
    /// An earlier entry has the same identifier.
    IdentifierTwice { first: usize },
    /// The identifier is an address of somebody.
    IdentifierPersonal,
    /// Rows of one entry say different things.
    RowsDisagree { column: String, line: u64 },
    /// A row has more cells than there are columns.
    RowTooLong { line: u64 },
    /// More items than a dataset may list.
    TooManyItems { count: usize },
    /// Two items of one name.
    ItemTwice { item: String },
    /// An item's name or type that the ledger does not take.
    ItemUnfit { item: String, cause: String },
    /// No office is named.
    NoContact,
    /// The ledger refused it.
    Refused { rule: String, what: String },
    /// The owner's node did not keep its details.
    DetailsNotKept { what: String },
    /// The node did not take it, or what became of it is not known.
    NotCommitted { cause: String },
    /// It was not sent, since the node took no more.
    NotSent,
}

impl Reason {
    /// Its name, for programs.
    pub(crate) fn name(&self) -> &str {
        match self {
            Reason::Unreadable { .. } => "unreadable",
            Reason::Missing { .. } => "field-missing",
            Reason::Wrong { .. } => "field-wrong",
            Reason::TooLong { .. } => "field-too-long",
            Reason::IdentifierTwice { .. } => "identifier-twice",
            Reason::IdentifierPersonal => "identifier-personal",
            Reason::RowsDisagree { .. } => "rows-disagree",
            Reason::RowTooLong { .. } => "row-too-long",
            Reason::TooManyItems { .. } => "too-many-items",
            Reason::ItemTwice { .. } => "item-twice",
            Reason::ItemUnfit { .. } => "item-unfit",
            Reason::NoContact => "no-contact",
            Reason::Refused { rule, .. } => rule,
            Reason::DetailsNotKept { .. } => "details-not-kept",
            Reason::NotCommitted { .. } => "not-committed",
            Reason::NotSent => "not-sent",
        }
    }

    /// Whether sending the file again may help.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Reason::NotCommitted { .. } | Reason::NotSent)
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        match self {
            Reason::Unreadable { cause } => say!("left-unreadable", cause = cause),
            Reason::Missing { field } => say!("left-field-missing", field = field),
            Reason::Wrong { field, value } => {
                say!("left-field-wrong", field = field, value = value)
            }
            Reason::TooLong { field, limit } => {
                say!("left-field-too-long", field = field, limit = limit)
            }
            Reason::IdentifierTwice { first } => say!("left-identifier-twice", first = first),
            Reason::IdentifierPersonal => say!("left-identifier-personal"),
            Reason::RowsDisagree { column, line } => {
                say!("left-rows-disagree", column = column, line = line)
            }
            Reason::RowTooLong { line } => say!("left-row-too-long", line = line),
            Reason::TooManyItems { count } => say!("left-too-many-items", count = count),
            Reason::ItemTwice { item } => say!("left-item-twice", item = item),
            Reason::ItemUnfit { item, cause } => {
                say!("left-item-unfit", item = item, cause = cause)
            }
            Reason::NoContact => say!("left-no-contact"),
            Reason::Refused { rule, what } => say!("left-refused", rule = rule, what = what),
            Reason::DetailsNotKept { what } => say!("left-details-not-kept", what = what),
            Reason::NotCommitted { cause } => say!("left-not-committed", cause = cause),
            Reason::NotSent => say!("left-not-sent"),
        }
    }

    /// With its entry's place, for programs.
    pub(crate) fn to_json(&self, place: &Place) -> Value {
        let mut value = json!(place);
        value["reason"] = json!(self.name());
        value["detail"] = json!(self.words());
        value
    }
}
