//! Listings as CSV (RFC 4180), for spreadsheets.
//! Holds: no cell is read as a formula; the file opens as UTF-8 in Excel, which takes the byte
//! order mark for that.
//! May not enter: what is listed. Source: docs/cli.md, "CSV".

use crate::wrap::visible;

/// What tells a spreadsheet that this is UTF-8.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// Headings and rows as CSV.
pub(crate) fn text<'a>(rows: impl Iterator<Item = &'a Vec<String>>) -> String {
    let mut text = String::from(BYTE_ORDER_MARK);
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell_text(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell that no spreadsheet reads as a formula: one that would be begins with an apostrophe.
pub(crate) fn guarded(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// What was guarded.
pub(crate) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

fn is_formula(cell: &str) -> bool {
    cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// A cell, quoted where it must be.
fn cell_text(cell: &str) -> String {
    let cell = guarded(&visible(cell));
    if cell.contains([',', '"', '\n', '\'', ';']) || cell != cell.trim() {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_as_rfc_4180_says_and_end_with_crlf() {
        let rows = [vec!["A".to_owned(), "B".to_owned()], vec!["x, y".into(), "\"so\"\nit".into()]];
        assert_eq!(text(rows.iter()), "\u{FEFF}A,B\r\n\"x, y\",\"\"\"so\"\"\nit\"\r\n");
    }

    #[test]
    fn nothing_is_read_as_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1"] {
            let shown = cell_text(cell);
            assert!(shown.trim_start_matches('"').starts_with('\''), "{cell} became {shown}");
            assert_eq!(unguarded(&guarded(cell)), cell);
        }
        for cell in ["17", "a-b", "G17", "婚姻登记", "2026-05-03 11:19:37"] {
            assert_eq!(cell_text(cell), cell);
            assert_eq!(unguarded(cell), cell);
        }
    }
}
