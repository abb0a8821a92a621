//! Lines of a stated width: how wide text stands, and where it may be broken.
//! Holds: nothing of a text is lost by breaking it but the space at the break; a character that
//! fills two columns counts as two.
//! May not enter: texts; terminals (the shell knows their widths).

use comity_core::text::is_forbidden;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a value has beside its label at least; else it begins a line further left.
const NARROWEST: usize = 8;
/// How far a continuation may be indented (columns), so that something still fits beside it.
const DEEPEST_INDENT: usize = 32;
/// Where a value begins that is too long to stand beside its label (columns).
const SHALLOW_INDENT: usize = 4;

/// Columns of a small terminal.
const SMALL: usize = 80;
/// How much deeper the lines after the first begin.
const HANGING: usize = 2;

/// A text without characters that would move a terminal's cursor or hide.
pub(crate) fn visible(text: &str) -> String {
    let shown = |c: char| if is_forbidden(c) && c != '\n' { '\u{FFFD}' } else { c };
    text.chars().map(shown).collect()
}

/// Columns that a text fills.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// The widest piece of a text that is broken only where a reader would: after spaces and slashes,
/// and between characters that fill two columns.
pub(crate) fn widest_piece(text: &str) -> usize {
    text.lines()
        .flat_map(|line| pieces(line, after_slash))
        .map(|p| columns(p.trim_end()))
        .max()
        .unwrap_or(0)
}

/// The widest piece where it is broken after hyphens, dots and the like too.
pub(crate) fn widest_part(text: &str) -> usize {
    text.lines()
        .flat_map(|line| pieces(line, after_sign))
        .map(|p| columns(p.trim_end()))
        .max()
        .unwrap_or(0)
}

/// A text in lines of at most `width` columns: broken after spaces and slashes, where that is not
/// enough after hyphens and dots, at last anywhere.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        for piece in pieces(line, after_slash) {
            add(piece, width, &mut current, &mut lines);
        }
        lines.push(current);
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Adds a piece to the current line, or to as many further lines as it needs.
fn add(piece: &str, width: usize, current: &mut String, lines: &mut Vec<String>) {
    if columns(current) + columns(piece.trim_end()) <= width {
        current.push_str(piece);
        return;
    }
    if columns(piece.trim_end()) <= width {
        lines.push(std::mem::replace(current, piece.to_owned()));
        return;
    }
    for part in pieces(piece, after_sign) {
        if columns(current) + columns(part.trim_end()) <= width {
            current.push_str(part);
            continue;
        }
        if !current.is_empty() {
            lines.push(std::mem::take(current));
        }
        for c in part.chars() {
            if columns(current) + c.width().unwrap_or(0) > width && !current.is_empty() {
                lines.push(std::mem::take(current));
            }
            current.push(c);
        }
    }
}

/// A line of prose or of a list in lines of at most `width` columns. What continues it is indented
/// like it; after an indented label and two spaces, like what follows the label. Commands, keys
/// and names are left whole, so that they can be copied: where one is too long to stand there, it
/// begins a line further left.
pub(crate) fn flowed(line: &str, width: usize) -> Vec<String> {
    if columns(line) <= width {
        return vec![line.to_owned()];
    }
    let start = label_end(line);
    let indent = columns(&line[..start]);
    let indent = if indent > DEEPEST_INDENT || indent + NARROWEST > width { 0 } else { indent };
    let mut lines = Vec::new();
    let mut current = line[..start].to_owned();
    for word in words(&line[start..]) {
        let own = columns(word.trim_end());
        if columns(&current) + own <= width {
            current.push_str(&word);
            continue;
        }
        let indent = if indent + own <= width { indent } else { indent.min(SHALLOW_INDENT) };
        if !current.trim().is_empty() {
            lines.push(current.trim_end().to_owned());
        }
        current = format!("{:indent$}{word}", "");
    }
    lines.push(current.trim_end().to_owned());
    lines
}

/// Folds each line of a text that is longer than a small terminal is wide.
pub(crate) fn fold(text: &str) -> String {
    text.lines().map(fold_line).collect::<Vec<_>>().join("\n")
}

fn fold_line(line: &str) -> String {
    if columns(line) <= SMALL {
        return line.to_owned();
    }
    let indent = line.chars().take_while(|c| *c == ' ').count();
    let mut lines = vec![" ".repeat(indent)];
    let mut is_first = true;
    for word in line.trim_start().split(' ') {
        let Some(last) = lines.last_mut() else { unreachable!("there is always a last one") };
        let gap = if is_first { "" } else { " " };
        if is_first || columns(last) + gap.len() + columns(word) <= SMALL {
            last.push_str(gap);
            last.push_str(word);
            is_first = false;
        } else {
            lines.push(format!("{}{word}", " ".repeat(indent + HANGING)));
        }
    }
    lines.join("\n")
}

/// A text's words, each with the spaces after it. A command, to the next sign that ends it, is one
/// word; of text without spaces, a character is one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut in_command = false;
    for piece in pieces(text, |c| c == ' ') {
        match words.last_mut() {
            Some(last) if in_command => last.push_str(piece),
            _ => words.push(piece.to_owned()),
        }
        in_command |= piece.trim_start_matches('(') == "comity ";
        in_command &=
            !piece.trim_end().ends_with([';', ')', ',', ':', '；', '）', '，', '：', '。']);
    }
    words
}

/// Where the text of a line begins (byte): after its own indentation, and where that is not none,
/// after a label that two spaces end.
fn label_end(line: &str) -> usize {
    let text = line.trim_start_matches(' ');
    let start = line.len() - text.len();
    if start == 0 {
        return 0;
    }
    let Some(gap) = text.find("  ") else { return start };
    let value = text[gap..].trim_start_matches(' ');
    line.len() - value.len()
}

fn after_slash(c: char) -> bool {
    matches!(c, ' ' | '/')
}

fn after_sign(c: char) -> bool {
    matches!(c, ' ' | '/' | '-' | '.' | ',' | ':' | '_' | '@' | '=' | '&' | '?')
}

/// A text cut after each character that `ends` a piece, and beside those that fill two columns.
fn pieces(text: &str, ends: fn(char) -> bool) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let wide = |c: char| c.width() == Some(2);
        // A space stays with what it follows; a closing sign does not begin a line.
        let breaks = before.is_some_and(|b| {
            (ends(b) && !ends(c))
                || (b == ' ' && c != ' ')
                || ((wide(b) || wide(c)) && !closes(c) && !opens(b) && c != ' ')
        });
        if breaks && at > start {
            found.push(&text[start..at]);
            start = at;
        }
        before = Some(c);
    }
    if start < text.len() {
        found.push(&text[start..]);
    }
    found
}

/// Signs that do not stand at the beginning of a line.
fn closes(c: char) -> bool {
    matches!(
        c,
        ',' | '.'
            | ';'
            | ':'
            | '!'
            | '?'
            | ')'
            | ']'
            | '、'
            | '，'
            | '。'
            | '；'
            | '：'
            | '！'
            | '？'
            | '）'
            | '》'
            | '」'
            | '』'
            | '】'
    )
}

/// Signs that do not stand at the end of a line.
fn opens(c: char) -> bool {
    matches!(c, '(' | '[' | '“' | '（' | '《' | '「' | '『' | '【')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_broken_where_a_reader_would() {
        assert_eq!(wrapped("civil.gd/marriage-register", 18), ["civil.gd/", "marriage-register"]);
        assert_eq!(
            wrapped("civil.gd/marriage-register", 10),
            ["civil.gd/", "marriage-", "register"]
        );
        assert_eq!(wrapped("0123456789ab", 5), ["01234", "56789", "ab"]);
        assert_eq!(wrapped("one two  three", 8), ["one two", "three"]);
        assert_eq!(wrapped("first\nsecond", 80), ["first", "second"]);
        assert_eq!(wrapped("", 5), Vec::<String>::new());
    }

    #[test]
    fn wide_characters_fill_two_columns_each() {
        assert_eq!(columns("婚姻登记"), 8);
        assert_eq!(wrapped("婚姻登记信息，全省", 8), ["婚姻登记", "信息，全", "省"]);
        assert_eq!(wrapped("婚姻", 1), ["婚", "姻"]);
        assert_eq!(
            (widest_piece("婚姻登记"), widest_piece("a/bc de"), widest_part("ab-c.d")),
            (2, 2, 3)
        );
    }

    #[test]
    fn no_line_is_wider_than_asked_and_nothing_is_lost() {
        let text =
            "The Bureau 民政局 of civil.gd/marriage-register says: https://a.example/very-long";
        for width in 2..90 {
            let lines = wrapped(text, width);
            assert!(lines.iter().all(|line| columns(line) <= width), "{width}: {lines:?}");
            let kept = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            assert_eq!(kept(&lines.concat()), kept(text), "{width}");
        }
    }

    #[test]
    fn what_continues_a_value_stands_under_it() {
        let line = "  Summary  One entry for each registered marriage";
        assert_eq!(
            flowed(line, 30),
            ["  Summary  One entry for each", "           registered marriage"]
        );
        assert_eq!(flowed("One two three", 8), ["One two", "three"]);
        assert_eq!(flowed("  - a b c d e f g h", 14), ["  - a b c d e", "  f g h"]);
        assert_eq!(flowed("  标题  婚姻登记信息", 16), ["  标题  婚姻登记", "        信息"]);
    }

    #[test]
    fn commands_and_digits_are_left_whole() {
        let line = "Look again: check --node (comity grant list --node X), then go on";
        let broken = ["Look again: check", "--node", "(comity grant list --node X),", "then go on"];
        assert_eq!(flowed(line, 20), broken);
        let line = "  Leaf hash  0123456789abcdef0123";
        assert_eq!(flowed(line, 26), ["  Leaf hash", "    0123456789abcdef0123"]);
    }

    #[test]
    fn long_lines_are_folded_between_words_and_short_ones_stay() {
        let long = format!("  {}", "word ".repeat(20).trim_end());
        let folded = fold(&format!("short\n{long}"));
        let lines: Vec<&str> = folded.lines().collect();
        assert_eq!((lines.len(), lines[0]), (3, "short"));
        assert!(lines[1].starts_with("  word") && lines[2].starts_with("    word"), "{folded}");
        assert!(lines.iter().all(|line| columns(line) <= 80), "{folded}");
        assert_eq!(fold(&"x".repeat(100)), "x".repeat(100));
    }
}
