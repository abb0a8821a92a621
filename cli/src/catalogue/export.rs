//! Catalogues out again: what the ledger has of datasets, and what the owner's node keeps of the
//! entries that they come from.
//! Holds: what was imported and not changed since is exported so that importing it changes nothing;
//! the required fields of DCAT-US 1.1 are there, or it is said which are not.
//! Source: docs/catalogues.md, "Out again".

use comity_core::dataset::{Dataset, DeliveryMode, Openness, PublishedDataset, Sharing};
use comity_core::ids::TimeMs;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::directory::{
    CODE, COLUMNS, CONDITIONS, FORM, ITEM, ITEM_TYPE, ITEMS, METHOD, NAME, OPEN, OPEN_CONDITIONS,
    PROVIDER, SHARING, SUMMARY,
};
use super::{Catalogue, Classification, Details, Draft, Rules};
use crate::csv::guarded;
use crate::time;

/// Fields that every entry of DCAT-US 1.1 must have.
const REQUIRED: [&str; 8] = [
    "title",
    "description",
    "keyword",
    "modified",
    "publisher",
    "contactPoint",
    "identifier",
    "accessLevel",
];
/// Fields that entries of federal agencies must have as well.
const FEDERAL: [&str; 2] = ["bureauCode", "programCode"];
/// What DCAT-US has for a mailbox that is withheld as personal.
const REDACTED: &str = "[[REDACTED-EX B6]]";

/// A dataset with all that is known about it here.
#[derive(Clone, Debug)]
pub(crate) struct Exported {
    /// From the ledger.
    pub(crate) published: PublishedDataset,
    /// From the owner's node, if it keeps them.
    pub(crate) details: Option<Details>,
    /// When this version was committed.
    pub(crate) version_time: Option<TimeMs>,
}

impl Exported {
    /// The entry that it comes from, if it comes from a catalogue of this format, and how that
    /// entry would be published now.
    fn source(&self, format: Catalogue) -> Option<(Map<String, Value>, Draft)> {
        let details = self.details.as_ref().filter(|details| details.catalogue == format)?;
        let rules = Rules::of(std::iter::once(&self.published.dataset));
        let draft = format.draft(&details.entry, &rules).ok()?;
        Some((details.entry.clone(), draft))
    }
}

/// A catalogue of DCAT-US 1.1; `mailbox` is the office's for every entry.
pub(crate) fn to_dcat(exported: &[Exported], mailbox: Option<&str>) -> Value {
    let entries: Vec<Value> =
        exported.iter().map(|one| Value::Object(dcat_entry(one, mailbox))).collect();
    json!({
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
        "dataset": entries,
    })
}

/// Required fields that an entry does not have, those of federal agencies apart.
pub(crate) fn lacking(entry: &Value) -> (Vec<&'static str>, Vec<&'static str>) {
    let is_empty = |field: &&&str| match &entry[**field] {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    };
    let of = |fields: &'static [&'static str]| fields.iter().filter(is_empty).copied().collect();
    (of(&REQUIRED), of(&FEDERAL))
}

fn dcat_entry(one: &Exported, mailbox: Option<&str>) -> Map<String, Value> {
    let dataset = &one.published.dataset;
    let (mut entry, draft) = match one.source(Catalogue::Dcat) {
        Some((entry, draft)) => (entry, Some(draft)),
        None => (Map::new(), None),
    };
    let title_stands = draft.as_ref().is_some_and(|draft| draft.title == dataset.title);
    let summary_stands = draft.as_ref().is_some_and(|draft| draft.summary == dataset.summary);
    let openness_stands = draft.as_ref().is_some_and(|draft| draft.openness == dataset.openness);
    let mut put = |field: &str, value: Value| drop(entry.insert(field.to_owned(), value));
    if !title_stands {
        put("title", json!(dataset.title));
    }
    if !summary_stands {
        let summary = dataset.summary.as_str();
        put(
            "description",
            json!(if summary.is_empty() { dataset.title.as_str() } else { summary }),
        );
    }
    if !openness_stands {
        let level = match dataset.openness {
            Openness::Open => "public",
            Openness::OnConditions => "restricted public",
            Openness::Closed | Openness::Unstated => "non-public",
        };
        put("accessLevel", json!(level));
    }
    let mailbox =
        mailbox.map_or_else(|| REDACTED.to_owned(), |mailbox| format!("mailto:{mailbox}"));
    put(
        "contactPoint",
        json!({ "@type": "vcard:Contact", "fn": dataset.contact, "hasEmail": mailbox }),
    );
    complete(&mut entry, one);
    entry
}

/// Fills in what an entry must have and the ledger knows.
fn complete(entry: &mut Map<String, Value>, one: &Exported) {
    let dataset = &one.published.dataset;
    let identifier = match dataset.identifier.as_str() {
        "" => dataset.id.to_string(),
        identifier => identifier.to_owned(),
    };
    let modified = one.version_time.map(|at| time::show(at, &TimeZone::UTC));
    let fill = [
        ("@type", json!("dcat:Dataset")),
        ("identifier", json!(identifier)),
        ("keyword", json!([dataset.title])),
        ("publisher", json!({ "@type": "org:Organization", "name": dataset.contact })),
        ("modified", json!(modified)),
    ];
    for (field, value) in fill {
        if entry.get(field).is_none_or(Value::is_null) && !value.is_null() {
            entry.insert(field.to_owned(), value);
        }
    }
}

/// A table of 政务信息资源目录, with CRLF line ends; without a byte order mark. What others published
/// is no formula in it; reading the table again takes the guard away. Errors: none of its own; what
/// cannot be written to memory.
pub(crate) fn to_table(exported: &[Exported]) -> Result<String, csv::Error> {
    let resources: Vec<Map<String, Value>> = exported.iter().map(resource).collect();
    let mut headings: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    for resource in &resources {
        let of_items = items_of(resource).flat_map(|item| item.keys());
        for column in resource.keys().chain(of_items) {
            if column != ITEMS && !headings.contains(column) {
                headings.push(column.clone());
            }
        }
    }
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    writer.write_record(headings.iter().map(|heading| guarded(heading)))?;
    let no_item = Map::new();
    for resource in &resources {
        let mut items: Vec<&Map<String, Value>> = items_of(resource).collect();
        if items.is_empty() {
            items.push(&no_item);
        }
        for item in items {
            let cell = |heading: &String| {
                let value = item.get(heading).or_else(|| resource.get(heading));
                guarded(value.and_then(Value::as_str).unwrap_or_default())
            };
            writer.write_record(headings.iter().map(cell))?;
        }
    }
    let bytes = writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn items_of(resource: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let items = resource.get(ITEMS).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_object)
}

fn resource(one: &Exported) -> Map<String, Value> {
    let dataset = &one.published.dataset;
    let Some((mut fields, draft)) = one.source(Catalogue::Csv) else {
        return resource_of_ledger(dataset);
    };
    let described = resource_of_ledger(dataset);
    let mut take = |columns: &[&str]| {
        for column in columns {
            match described.get(*column) {
                Some(value) => drop(fields.insert((*column).to_owned(), value.clone())),
                None => drop(fields.remove(*column)),
            }
        }
    };
    if draft.title != dataset.title {
        take(&[NAME]);
    }
    if draft.summary != dataset.summary {
        take(&[SUMMARY]);
    }
    if draft.contact != dataset.contact {
        take(&[PROVIDER]);
    }
    if draft.openness != dataset.openness {
        take(&[OPEN, OPEN_CONDITIONS]);
    }
    if draft.items.as_deref().unwrap_or_default() != dataset.items {
        take(&[ITEMS]);
    }
    let standing = Classification::of(dataset);
    let Classification { sharing, conditions, .. } = &draft.classification;
    if (*sharing, conditions) != (standing.sharing, &standing.conditions) {
        take(&[SHARING, CONDITIONS]);
    }
    if draft.classification.modes != standing.modes {
        take(&[METHOD]);
    }
    fields
}

fn resource_of_ledger(dataset: &Dataset) -> Map<String, Value> {
    let identifier = match dataset.identifier.as_str() {
        "" => dataset.id.to_string(),
        identifier => identifier.to_owned(),
    };
    let sharing = match dataset.sharing {
        Sharing::Unconditional => "无条件共享",
        Sharing::Conditional => "有条件共享",
        Sharing::NotShared => "不予共享",
        Sharing::Unclassified => "",
    };
    let open = match dataset.openness {
        Openness::Open => "是",
        Openness::OnConditions => "有条件开放",
        Openness::Closed => "否",
        Openness::Unstated => "",
    };
    let method = |mode: &DeliveryMode| match mode {
        DeliveryMode::Verify => "核验",
        DeliveryMode::Query => "查询",
        DeliveryMode::Batch => "批量",
    };
    let methods: Vec<&str> = dataset.modes.iter().map(method).collect();
    let cells = [
        (NAME, dataset.title.to_string()),
        (CODE, identifier),
        (PROVIDER, dataset.contact.to_string()),
        (SUMMARY, dataset.summary.to_string()),
        (FORM, String::new()),
        (SHARING, sharing.to_owned()),
        (CONDITIONS, dataset.conditions.to_string()),
        (METHOD, methods.join("、")),
        (OPEN, open.to_owned()),
    ];
    let filled = cells.into_iter().filter(|(_, cell)| !cell.is_empty());
    let mut fields: Map<String, Value> =
        filled.map(|(column, cell)| (column.to_owned(), json!(cell))).collect();
    let items: Vec<Value> =
        dataset.items.iter().map(|item| json!({ ITEM: item.name, ITEM_TYPE: item.kind })).collect();
    if !items.is_empty() {
        fields.insert(ITEMS.to_owned(), Value::Array(items));
    }
    fields
}
