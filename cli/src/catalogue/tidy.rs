//! Texts of catalogues in the form in which they are published.
//! Holds: one line, Unicode NFC, no character that the ledger refuses, never longer than its
//! limit; a text that was cut says so.
//! May not enter: what a text is about; what is personal in it (see `personal`).

use comity_core::text::is_forbidden;

use crate::args::normal;

/// What marks a text that was cut.
const CUT: &str = " …";

/// A text on one line, and how many characters were taken out of it.
pub(super) fn one_line(text: &str) -> (String, usize) {
    let mut line = String::with_capacity(text.len());
    let mut removed = 0;
    for c in text.chars() {
        if c.is_whitespace() {
            if !line.ends_with(' ') {
                line.push(' ');
            }
        } else if is_forbidden(c) {
            removed += 1;
        } else {
            line.push(c);
        }
    }
    (normal(&line), removed)
}

/// The text within `limit` bytes: whole, or cut after a sentence, or else after a word. `None`
/// where it is short enough.
pub(super) fn shortened(text: &str, limit: usize) -> Option<String> {
    if text.len() <= limit {
        return None;
    }
    let room = limit.saturating_sub(CUT.len());
    let (mut sentence, mut word, mut anywhere) = (0, 0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        if end > room {
            break;
        }
        anywhere = end;
        let before_space = chars.peek().is_none_or(|(_, next)| *next == ' ');
        if matches!(c, '。' | '！' | '？' | '；') || ".!?".contains(c) && before_space {
            sentence = end;
        }
        if before_space {
            word = end;
        }
    }
    // A sentence that ends early would throw away more than a cut word.
    let end = [sentence, word].into_iter().find(|end| *end > room / 2).unwrap_or(anywhere);
    Some(format!("{}{CUT}", text[..end].trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_one_line_that_the_ledger_takes() {
        assert_eq!(one_line(" a\r\n\tb\u{200B}c "), ("a bc".to_owned(), 1));
        assert_eq!(one_line("Re\u{301}sume\u{301}").0, "Résumé");
        assert_eq!(one_line("低保\u{3000}名单").0, "低保 名单");
    }

    #[test]
    fn a_long_text_ends_with_a_sentence_or_else_a_word() {
        assert_eq!(shortened("short.", 6), None);
        let long = "One sentence here. Another one there. And a third";
        let cut = shortened(long, 44).unwrap();
        assert_eq!(cut, "One sentence here. Another one there. …");
        assert_eq!(shortened(&"word ".repeat(20), 24).unwrap(), "word word word word …");
        let chinese = shortened(&"甲乙丙。".repeat(20), 50).unwrap();
        assert!(chinese.len() <= 50 && chinese.ends_with("。 …"), "{chinese}");
        let solid = shortened(&"甲".repeat(50), 20).unwrap();
        assert_eq!(solid, format!("{}{CUT}", "甲".repeat(5)));
        assert_eq!(shortened(&"v1.2.3".repeat(9), 20).unwrap().len(), 20);
    }
}
