//! Tables and lists of pairs, as they are printed.
//! Holds: a cell is one line. May not enter: texts; colours.

use comfy_table::{Table, presets};
use comity_core::keys::PublicKey;

/// A table under its headings; without rows, only the headings.
pub(crate) fn rows(headings: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = plain();
    table.set_header(headings.iter().copied());
    table.add_rows(rows);
    trimmed(&table)
}

/// Labels with their values, one pair to a line; those without a value are left out.
pub(crate) fn pairs(pairs: &[(String, String)]) -> String {
    let mut table = plain();
    for (label, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        table.add_row([format!("  {label}"), value.clone()]);
    }
    trimmed(&table)
}

/// The first eight digits of a key or hash, as people compare them.
pub(crate) fn short(hex: impl ToString) -> String {
    hex.to_string().chars().take(8).collect()
}

/// A key as it stands in texts: its first digits, then the whole.
pub(crate) fn key(key: &PublicKey) -> String {
    format!("{} ({key})", short(key))
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn trimmed(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
