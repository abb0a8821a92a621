//! What the core's source lists: variants of an error and fields of a struct, so that a case that
//! is missing here is noticed when one is added there.

use std::collections::BTreeSet;
use std::fmt::Debug;

/// The names of the variants, or fields, that `item` (as `pub enum Refusal`) declares in `source`.
pub(crate) fn parts(source: &str, item: &str) -> BTreeSet<String> {
    let (_, after) = source.split_once(&format!("\n{item} {{\n")).expect("the item is there");
    let (body, _) = after.split_once("\n}").expect("the item ends");
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .map(|line| line.strip_prefix("pub ").unwrap_or(line))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()))
        .map(first_word)
        .collect()
}

/// The name of a value's variant.
pub(crate) fn variant(value: &impl Debug) -> String {
    first_word(&format!("{value:?}"))
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// Fails where a variant or field has no case, or a case has no variant or field.
pub(crate) fn assert_complete(
    declared: &BTreeSet<String>,
    tried: impl IntoIterator<Item = String>,
) {
    let tried: BTreeSet<String> = tried.into_iter().collect();
    let untried: Vec<_> = declared.difference(&tried).collect();
    assert!(untried.is_empty(), "no case for {untried:?}");
    let unknown: Vec<_> = tried.difference(declared).collect();
    assert!(unknown.is_empty(), "not in the source: {unknown:?}");
}
