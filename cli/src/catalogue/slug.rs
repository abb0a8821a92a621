//! Names of datasets within their agency, made from titles or identifiers.
//! Holds: a name is never given twice; the same entry gets the same name wherever it may have it.
//! May not enter: the ledger.

use std::collections::BTreeSet;

use comity_core::text::Slug;
use icu_normalizer::DecomposingNormalizerBorrowed;
use sha2::{Digest, Sha256};

/// Longest name made from a text (characters), before a suffix.
const LONGEST: usize = 64;
/// Fewest letters and digits in a title that say anything.
const SHORTEST: usize = 3;

/// A name for an entry that has none yet. It is taken from then on.
pub(super) fn name(title: &str, identifier: &str, taken: &mut BTreeSet<Slug>) -> Slug {
    let whole = identifier.split_once("://").map_or(identifier, |(_, rest)| rest);
    let of_identifier = || plain(whole, 1).unwrap_or_else(|| "dataset".to_owned());
    let base = plain(title, SHORTEST).unwrap_or_else(of_identifier);
    let digest = hex::encode(Sha256::digest(identifier.as_bytes()));
    let suffixed = [8, 16, 24].map(|digits| format!("{base}-{}", &digest[..digits]));
    let found = std::iter::once(base.clone()).chain(suffixed).find_map(|text| {
        let slug: Slug = text.parse().ok()?;
        (!taken.contains(&slug)).then_some(slug)
    });
    match found {
        Some(slug) => {
            taken.insert(slug.clone());
            slug
        }
        None => unreachable!("{base} is a name, and 96 bits of a hash are not taken four times"),
    }
}

/// Letters and digits of the Latin script, joined by hyphens; `None` where most of the text is
/// of another script or fewer than `fewest` are left.
fn plain(text: &str, fewest: usize) -> Option<String> {
    let text = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let (latin, other) = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .fold((0, 0), |(l, o), c| if c.is_ascii() { (l + 1, o) } else { (l, o + 1) });
    if latin < fewest || latin < other {
        return None;
    }
    let text: String = text.to_lowercase().chars().filter(|c| !is_mark(*c)).collect();
    let mut name = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        if !name.is_empty() && name.len() + 1 + word.len() > LONGEST {
            break;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.extend(word.chars().take(LONGEST - name.len()));
    }
    Some(name)
}

/// Accents, which stand by themselves once a text is taken apart.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(title: &str, identifier: &str) -> String {
        name(title, identifier, &mut BTreeSet::new()).to_string()
    }

    #[test]
    fn names_come_from_titles_and_else_from_codes() {
        assert_eq!(named("COVID-19 Passenger Throughput", "x"), "covid-19-passenger-throughput");
        assert_eq!(named("Résumé des aides (2026)", "x"), "resume-des-aides-2026");
        assert_eq!(named("居民最低生活保障信息", "3074303/000012"), "3074303-000012");
        assert_eq!(named("低保", "https://data.gd.gov.cn/低保/7"), "data-gd-gov-cn-7");
        assert!(named(&"very long title ".repeat(20), "x").len() <= LONGEST);
        assert_eq!(named(&"x".repeat(300), "x").len(), LONGEST);
        assert_eq!(named("低保", "低保"), "dataset");
        assert_eq!(named("--- ...", "A_1:2"), "a-1-2");
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut taken = BTreeSet::new();
        let names: BTreeSet<String> = (0..50)
            .map(|n| name("Same title", &format!("id-{n}"), &mut taken).to_string())
            .collect();
        assert_eq!(names.len(), 50);
        assert!(names.contains("same-title"));
    }
}
