//! What people read at the terminal: headings, sentences, commands, their output, tables.
//! Holds: own text fits 80 columns; the output of programs is indented, and a line of it that is
//! longer is broken, never cut.
//! May not enter: what is said.

use std::io::{self, Write};

use crate::failure::DevnetError;

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Indentation of what programs wrote (columns).
const OUTPUT: usize = 4;
/// How wide the output of programs may be (columns).
pub(crate) const OUTPUT_WIDTH: usize = WIDTH - 1 - OUTPUT;

/// Where it is written.
pub(crate) struct Page {
    out: Box<dyn Write>,
}

impl Page {
    /// Standard output.
    pub(crate) fn of_process() -> Page {
        Page { out: Box::new(io::stdout()) }
    }

    /// An empty line. Errors: it cannot be written.
    pub(crate) fn gap(&mut self) -> Result<(), DevnetError> {
        self.lines(&[String::new()])
    }

    /// A heading between lines. Errors: it cannot be written.
    pub(crate) fn heading(&mut self, text: &str) -> Result<(), DevnetError> {
        let rule = "-".repeat(WIDTH.saturating_sub(text.chars().count() + 4).max(2));
        self.lines(&[String::new(), format!("-- {text} {rule}"), String::new()])
    }

    /// Sentences, broken into lines. Errors: they cannot be written.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), DevnetError> {
        let lines: Vec<String> =
            text.lines().flat_map(|line| broken(line, WIDTH - 1, indent_of(line))).collect();
        self.lines(&lines)
    }

    /// A command as it stands at someone's prompt. Errors: it cannot be written.
    pub(crate) fn command(&mut self, prompt: &str, words: &[String]) -> Result<(), DevnetError> {
        let mut lines = vec![format!("  {prompt}$")];
        for (at, word) in words.iter().enumerate() {
            // Room for the sign that the command goes on.
            let fits = |line: &String| columns(line) + 1 + columns(word) <= WIDTH - 3;
            match lines.last_mut() {
                Some(line) if at == 0 || fits(line) => {
                    line.push(' ');
                    line.push_str(word);
                }
                Some(line) => {
                    line.push_str(" \\");
                    lines.push(format!("      {word}"));
                }
                None => {}
            }
        }
        self.lines(&lines)
    }

    /// What a program wrote. Errors: it cannot be written.
    pub(crate) fn output(&mut self, text: &str) -> Result<(), DevnetError> {
        let room = OUTPUT_WIDTH;
        let lines: Vec<String> = text
            .trim_end()
            .lines()
            .flat_map(|line| broken(line, room, hanging_indent(line, room)))
            .map(|line| format!("{:OUTPUT$}{line}", "").trim_end().to_owned())
            .collect();
        self.lines(&lines)
    }

    /// A line to be pasted into a shell: never broken. Errors: it cannot be written.
    pub(crate) fn paste(&mut self, line: &str) -> Result<(), DevnetError> {
        self.lines(&[format!("{:OUTPUT$}{line}", "")])
    }

    /// Text for programs, as it stands. Errors: it cannot be written.
    pub(crate) fn raw(&mut self, text: &str) -> Result<(), DevnetError> {
        self.lines(&[text.to_owned()])
    }

    /// A table under its headings, indented. Errors: it cannot be written.
    pub(crate) fn table(&mut self, rows: &[Vec<String>]) -> Result<(), DevnetError> {
        let count = rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|c| columns(c)).max();
        let widths: Vec<usize> = (0..count).map(|at| width(at).unwrap_or_default()).collect();
        let lines: Vec<String> = rows
            .iter()
            .map(|row| {
                let cells = row.iter().zip(&widths);
                let cells: Vec<String> =
                    cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
                format!("  {}", cells.join("  ")).trim_end().to_owned()
            })
            .collect();
        self.lines(&lines)
    }

    /// A mistake, on standard error. Where that cannot be written, nobody is there to be told.
    pub(crate) fn mistake(&mut self, text: &str) {
        for line in text.lines() {
            // What a program wrote is left as it is: somebody may have to search for it.
            let width = if indent_of(line) < OUTPUT { WIDTH - 1 } else { usize::MAX };
            for line in broken(line, width, indent_of(line)) {
                let _ = writeln!(io::stderr(), "{line}");
            }
        }
    }

    fn lines(&mut self, lines: &[String]) -> Result<(), DevnetError> {
        let write = |out: &mut dyn Write| {
            lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush())
        };
        write(&mut *self.out).map_err(DevnetError::Output)
    }
}

/// A row of a table.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// A line as lines of at most `width` columns, broken at spaces; all but the first are indented.
fn broken(line: &str, width: usize, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = line.to_owned();
    while columns(&rest) > width {
        let begins = rest.chars().take_while(|c| *c == ' ').count();
        let at = rest
            .char_indices()
            .enumerate()
            .take_while(|(column, _)| *column <= width)
            .filter(|(column, (_, c))| *c == ' ' && *column > begins)
            .map(|(_, (at, _))| at)
            .last();
        // A word that is longer than a line stands alone.
        let Some(at) = at.or_else(|| rest[begins..].find(' ').map(|at| at + begins)) else { break };
        let tail = rest.split_off(at);
        lines.push(rest.trim_end().to_owned());
        rest = format!("{:indent$}{}", "", tail.trim_start());
    }
    lines.push(rest);
    lines
}

/// Where the lines go on that a long line of a program's is broken into: under the value where a
/// label stands before it and there is room, else a little further in than the line itself.
fn hanging_indent(line: &str, width: usize) -> usize {
    let begins = indent_of(line);
    let body = &line[begins..];
    let value = body.find("  ").map(|gap| {
        let spaces = body[gap..].chars().take_while(|c| *c == ' ').count();
        begins + columns(&body[..gap]) + spaces
    });
    let longest = body.split(' ').map(columns).max().unwrap_or_default();
    match value {
        Some(value) if value + longest <= width => value,
        _ => begins + 4,
    }
}

fn indent_of(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ').count()
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Rc<RefCell<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(write: impl FnOnce(&mut Page)) -> String {
        let out = Written::default();
        write(&mut Page { out: Box::new(out.clone()) });
        let bytes = out.0.borrow().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn long_text_is_broken_at_spaces_and_loses_no_word() {
        let text = "word ".repeat(60) + &"x".repeat(90) + " end";
        let shown = written(|page| page.say(&text).unwrap());
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&shown), words(&text));
        assert!(shown.lines().all(|line| columns(line) < WIDTH || !line.contains(' ')), "{shown}");
    }

    #[test]
    fn a_broken_value_goes_on_under_itself() {
        let line = format!("  Items        {}", "grade, ".repeat(20));
        let shown = written(|page| page.output(&line).unwrap());
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines.len() > 1);
        assert!(lines[1].starts_with(&format!("{:19}grade", "")), "{shown}");
        // Where the value has no room there, it goes on further left.
        let line = format!("  Officer's key  0a0b0c0d ({})", "a".repeat(64));
        let shown = written(|page| page.output(&line).unwrap());
        assert!(shown.lines().nth(1).unwrap().starts_with("          (aaa"), "{shown}");
        assert!(shown.lines().all(|line| columns(line) < WIDTH), "{shown}");
    }

    #[test]
    fn a_long_command_goes_on_after_a_backslash() {
        let words: Vec<String> = (0..12).map(|n| format!("--option value-{n}")).collect();
        let shown = written(|page| page.command("officer@civil.th", &words).unwrap());
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[0].starts_with("  officer@civil.th$ --option value-0"), "{shown}");
        let (last, others) = lines.split_last().unwrap();
        assert!(others.iter().all(|line| line.ends_with(" \\")) && !last.ends_with('\\'));
        assert!(lines.iter().all(|line| columns(line) < WIDTH), "{shown}");
    }

    #[test]
    fn a_table_is_aligned() {
        let rows = [row(["AGENCY", "HEIGHT"]), row(["health.gz", "7"])];
        let shown = written(|page| page.table(&rows).unwrap());
        assert_eq!(shown, "  AGENCY     HEIGHT\n  health.gz  7\n");
    }
}
