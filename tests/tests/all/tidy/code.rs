//! Rust source without what is not code: comments, strings and characters are blanked, lines kept.

use super::tree::File;

/// The code alone: every character of a comment, string or character literal is a space.
pub(super) fn code_of(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let length = foreign_length(&chars, at);
        if length == 0 {
            code.push(chars[at]);
            at += 1;
        } else {
            let blank = |c: &char| if *c == '\n' { '\n' } else { ' ' };
            code.extend(chars[at..at + length].iter().map(blank));
            at += length;
        }
    }
    code
}

/// The code of a file without its tests: what follows `#[cfg(test)]` is left out, item by item.
pub(super) fn code_without_tests(file: &File) -> String {
    if file.is_test() {
        return String::new();
    }
    let code = code_of(&file.text);
    let lines: Vec<&str> = code.lines().collect();
    let mut kept = String::new();
    let mut at = 0;
    while at < lines.len() {
        if lines[at].trim() == "#[cfg(test)]" {
            let end = item_end(&lines, at + 1);
            kept.push_str(&"\n".repeat(end - at));
            at = end;
        } else {
            kept.push_str(lines[at]);
            kept.push('\n');
            at += 1;
        }
    }
    kept
}

/// The line after the item that begins at line `start`.
pub(super) fn item_end(lines: &[&str], start: usize) -> usize {
    let mut depth = 0usize;
    for (at, line) in lines.iter().enumerate().skip(start) {
        for c in line.chars() {
            match c {
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => depth = depth.saturating_sub(1),
                ';' if depth == 0 => return at + 1,
                _ => {}
            }
            if c == '}' && depth == 0 {
                return at + 1;
            }
        }
    }
    lines.len()
}

/// The words of a line of code: identifiers and keywords.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// How many characters from `at` on are a comment or a literal; none where code goes on.
fn foreign_length(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => until(chars, at, |rest| rest[0] == '\n'),
        '/' if next == Some('*') => block_comment(chars, at),
        '"' => string(chars, at),
        'r' | 'b' | 'c' if !follows_word(chars, at) => prefixed_string(chars, at),
        '\'' => character(chars, at),
        _ => 0,
    }
}

fn follows_word(chars: &[char], at: usize) -> bool {
    at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_')
}

fn until(chars: &[char], at: usize, is_end: impl Fn(&[char]) -> bool) -> usize {
    (at..chars.len()).find(|end| is_end(&chars[*end..])).unwrap_or(chars.len()) - at
}

fn block_comment(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut end = at;
    while end < chars.len() {
        match chars[end..] {
            ['/', '*', ..] => (depth, end) = (depth + 1, end + 2),
            ['*', '/', ..] => (depth, end) = (depth - 1, end + 2),
            _ => end += 1,
        }
        if depth == 0 {
            break;
        }
    }
    end - at
}

fn string(chars: &[char], at: usize) -> usize {
    let mut end = at + 1;
    while end < chars.len() && chars[end] != '"' {
        end += if chars[end] == '\\' { 2 } else { 1 };
    }
    (end + 1).min(chars.len()) - at
}

/// A raw, byte or C string; 0 where the letter begins something else.
fn prefixed_string(chars: &[char], at: usize) -> usize {
    let letters = chars[at..].iter().take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
    let hashes = chars[at + letters..].iter().take_while(|c| **c == '#').count();
    let quote = at + letters + hashes;
    let is_raw = chars[at..at + letters].contains(&'r');
    match chars.get(quote) {
        Some('"') if is_raw => {
            let closing = |rest: &[char]| {
                rest[0] == '"'
                    && rest.iter().skip(1).take(hashes).filter(|c| **c == '#').count() == hashes
            };
            let body = until(chars, quote + 1, closing);
            (quote + 1 + body + 1 + hashes).min(chars.len()) - at
        }
        Some('"') if hashes == 0 => letters + string(chars, quote),
        Some('\'') if letters == 1 && hashes == 0 && chars[at] == 'b' => {
            1 + character(chars, quote)
        }
        _ => 0,
    }
}

/// A character literal; 0 for a lifetime or label.
fn character(chars: &[char], at: usize) -> usize {
    match chars[at + 1..] {
        ['\\', ..] => until(chars, at + 3, |rest| rest[0] == '\'') + 4,
        [_, '\'', ..] => 3,
        _ => 0,
    }
}

#[test]
fn code_is_told_from_comments_and_literals() {
    let source = r##"let a = "x // {"; // b {
'l: loop { '{'; '\''; b"\"}"; r#"}"}"#; b'}'; } /* } /* } */ } */ fn f<'a>() {}"##;
    let code: String = code_of(source).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(code, "let a = ; 'l: loop { ; ; ; ; ; } fn f<'a>() {}");
}
