//! `comity dataset duplicates`: datasets that hold the same items, so that what one agency can get from
//! another is not collected again; and the warning before such a dataset is published.
//! Holds: items count as the same where their names are, but for case, spaces and punctuation.
//! May not enter: refusals: only people can tell whether two names mean one thing.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::dataset::{Dataset, Grade, Items, PublishedDataset, Sharing};
use comity_core::ids::DatasetId;
use serde_json::{Value, json};

use crate::args::{FindDuplicates, normal};
use crate::client::{Client, GrantAnswer};
use crate::fault::Fault;
use crate::messages::{say, text};
use crate::shell::Session;
use crate::table;

/// An overlap counts from so many items on …
const LEAST_ITEMS: usize = 2;
/// … or from all the items of the smaller dataset on, where it has fewer.
const WHOLE: usize = 100;

/// Two datasets of different owners, and the items of the first that the second has too.
struct Overlap<'a> {
    one: &'a Dataset,
    other: &'a Dataset,
    items: Vec<&'a str>,
}

/// A name as it is compared.
fn plain(name: &str) -> String {
    normal(name).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn plain_items(dataset: &Dataset) -> BTreeMap<String, &str> {
    let items = dataset.items.iter().map(|item| item.name.as_str());
    items.map(|name| (plain(name), name)).filter(|(plain, _)| !plain.is_empty()).collect()
}

/// What share (%) of the smaller one's items they have in common.
fn share(overlap: &Overlap<'_>) -> usize {
    let smaller = overlap.one.items.len().min(overlap.other.items.len()).max(1);
    overlap.items.len() * WHOLE / smaller
}

/// Every overlap of these datasets with all of them, the largest first; each pair once.
fn overlaps<'a>(wanted: &[&'a Dataset], all: &[&'a Dataset]) -> Vec<Overlap<'a>> {
    let mut holders: BTreeMap<String, Vec<&'a Dataset>> = BTreeMap::new();
    for dataset in all {
        for item in plain_items(dataset).into_keys() {
            holders.entry(item).or_default().push(dataset);
        }
    }
    let mut found = Vec::new();
    let mut seen: BTreeSet<(&DatasetId, &DatasetId)> = BTreeSet::new();
    for one in wanted {
        let mut common: BTreeMap<&DatasetId, Overlap<'a>> = BTreeMap::new();
        for (item, name) in plain_items(one) {
            for other in holders.get(&item).into_iter().flatten() {
                if other.id.agency != one.id.agency && !seen.contains(&(&other.id, &one.id)) {
                    let none = Overlap { one, other, items: vec![] };
                    common.entry(&other.id).or_insert(none).items.push(name);
                }
            }
        }
        for overlap in common.into_values() {
            seen.insert((&overlap.one.id, &overlap.other.id));
            if overlap.items.len() >= LEAST_ITEMS || share(&overlap) == WHOLE {
                found.push(overlap);
            }
        }
    }
    found.sort_by_key(|overlap| {
        (
            std::cmp::Reverse((share(overlap), overlap.items.len())),
            &overlap.one.id,
            &overlap.other.id,
        )
    });
    found
}

/// The datasets that can be asked for.
fn listed(client: &Client) -> Result<Vec<Dataset>, Fault> {
    let (all, _) = client.listed::<PublishedDataset>("/v1/datasets", &vec![], "datasets")?;
    let listed = all.into_iter().filter(|published| published.withdrawals.current().is_none());
    Ok(listed.map(|published| published.dataset).collect())
}

pub(super) fn find(args: &FindDuplicates, session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let all = listed(&client)?;
    let all: Vec<&Dataset> = all.iter().collect();
    let is_wanted = |dataset: &&&Dataset| {
        args.dataset.iter().all(|id| dataset.id == *id)
            && args.agency.iter().all(|agency| dataset.id.agency == *agency)
    };
    let wanted: Vec<&Dataset> = all.iter().filter(is_wanted).copied().collect();
    let found = overlaps(&wanted, &all);
    let objects: Vec<Value> = found
        .iter()
        .map(|overlap| {
            json!({
                "dataset": overlap.one.id,
                "other": overlap.other.id,
                "items": overlap.items,
                "share_percent": share(overlap),
            })
        })
        .collect();
    session.result(&json!({ "duplicates": objects }), |_| {
        let headings = ["column-dataset", "column-other", "column-in-common", "column-share"];
        let row = |overlap: &Overlap<'_>| {
            vec![
                overlap.one.id.to_string(),
                overlap.other.id.to_string(),
                overlap.items.join(", "),
                say!("duplicates-share", percent = share(overlap)),
            ]
        };
        table::rows(&headings.map(text), found.iter().map(row).collect())
    })
}

/// Says which items of a dataset its owner can already get from others. Where the node does not
/// say, nothing is said: publishing does not depend on it.
pub(super) fn warn(session: &mut Session<'_>, client: &Client, dataset: &Dataset) {
    let agency = &dataset.id.agency;
    let Ok(all) = listed(client) else { return };
    let granted = client.grants(&vec![("requester", agency.to_string())]).unwrap_or_default();
    let usable: Vec<GrantAnswer> = granted.into_iter().filter(GrantAnswer::may_be_used).collect();
    let all: Vec<&Dataset> = all.iter().collect();
    for overlap in overlaps(&[dataset], &all) {
        let Some(how) = obtainable(overlap.other, &usable, &overlap.items) else { continue };
        session.shell.note(&say!(
            "note-collected-again",
            agency = agency,
            items = overlap.items.join(", "),
            other = overlap.other.id,
            how = how,
        ));
    }
}

/// How an agency with these grants can get some of these items, if it can.
fn obtainable(other: &Dataset, grants: &[GrantAnswer], items: &[&str]) -> Option<String> {
    let covers = |granted: &Items| match granted {
        Items::All => true,
        Items::Only(names) => {
            let names: BTreeSet<String> = names.iter().map(|name| plain(name.as_str())).collect();
            items.iter().any(|item| names.contains(&plain(item)))
        }
    };
    let grant = grants
        .iter()
        .find(|answer| answer.grant.terms.dataset == other.id && covers(&answer.grant.terms.items));
    match grant {
        Some(answer) => Some(say!("obtainable-by-grant", grant = answer.id)),
        None if other.sharing == Sharing::Unconditional && other.grade == Grade::General => {
            Some(say!("obtainable-by-rule"))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::dataset::Item;

    fn dataset(id: &str, items: &[&str]) -> Dataset {
        let sample: Dataset = toml::from_str(crate::messages::dataset_sample()).unwrap();
        let item =
            |name: &&str| Item { name: name.parse().unwrap(), kind: "text".parse().unwrap() };
        Dataset { id: id.parse().unwrap(), items: items.iter().map(item).collect(), ..sample }
    }

    #[test]
    fn items_are_the_same_whatever_their_case_spaces_and_punctuation() {
        assert_eq!(plain("Date of Birth"), plain("date-of-birth"));
        assert_eq!(plain("公民身份号码（加密）"), plain("公民身份号码 加密"));
        assert_ne!(plain("name"), plain("names"));
    }

    #[test]
    fn overlaps_are_found_once_between_owners_and_the_largest_first() {
        let civil = dataset("civil.gd/a", &["name", "ID number", "date of birth"]);
        let tax = dataset("tax.gd/b", &["Name", "id-number", "income"]);
        let health = dataset("health.gd/c", &["name", "dose"]);
        let own = dataset("civil.gd/d", &["name", "ID number"]);
        let tiny = dataset("water.gd/e", &["Dose"]);
        let all = [&civil, &tax, &health, &own, &tiny];
        let found = overlaps(&all, &all);
        let pairs: Vec<_> = found
            .iter()
            .map(|o| (o.one.id.to_string(), o.other.id.to_string(), o.items.len(), share(o)))
            .collect();
        let pair =
            |one: &str, other: &str, count, share| (one.to_owned(), other.to_owned(), count, share);
        assert_eq!(
            pairs,
            [
                pair("tax.gd/b", "civil.gd/d", 2, 100),
                pair("health.gd/c", "water.gd/e", 1, 100),
                pair("civil.gd/a", "tax.gd/b", 2, 66),
            ]
        );
    }

    #[test]
    fn what_is_unconditional_or_granted_can_be_had() {
        let other = dataset("tax.gd/b", &["Name"]);
        assert_eq!(obtainable(&other, &[], &["name"]), None);
        let free = Dataset { sharing: Sharing::Unconditional, grade: Grade::General, ..other };
        assert!(obtainable(&free, &[], &["name"]).is_some());
        let weighty = Dataset { grade: Grade::Core, ..free };
        assert_eq!(obtainable(&weighty, &[], &["name"]), None);
    }
}
