//! Pages of `docs/` as tests run them: fenced blocks whose mark says who runs them where.
//! Holds: what is run is what the page says, byte for byte.
//! May not enter: running it (see `terminal`).

use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block of a page: after the language its first line says `name=value`, or words.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The words after the language.
    pub(crate) marks: Vec<String>,
    /// What stands between the fences.
    pub(crate) text: String,
}

impl Block {
    /// The value of a mark, as `server` of `on=server`.
    pub(crate) fn mark(&self, name: &str) -> Option<&str> {
        self.marks.iter().find_map(|mark| mark.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether a word stands among the marks.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.marks.iter().any(|mark| mark == word)
    }
}

/// A page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    text: String,
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Page {
    /// A page of the project, by its path from the root.
    pub(crate) fn read(path: &str) -> Page {
        Page { text: fs::read_to_string(root().join(path)).unwrap() }
    }

    /// Its fenced blocks that are marked, in order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let Some(head) = line.strip_prefix("```") else { continue };
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let marks: Vec<String> = head.split(' ').skip(1).map(str::to_owned).collect();
            if !marks.is_empty() {
                blocks.push(Block { marks, text: body.join("\n") + "\n" });
            }
        }
        blocks
    }

    /// The rows of the table that begins with the column `first`: each cell with its column.
    pub(crate) fn table(&self, first: &str) -> Vec<Vec<(String, String)>> {
        let start = format!("| {first} |");
        let mut rows = self.text.lines().skip_while(|line| !line.starts_with(&start));
        let columns = cells(rows.next().unwrap_or_else(|| panic!("no table begins {start}")));
        let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
        rows.map(|row| columns.iter().cloned().zip(cells(row)).collect()).collect()
    }
}

fn cells(row: &str) -> Vec<String> {
    row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

#[test]
fn marked_blocks_and_tables_are_read_as_they_stand() {
    let text = "| A | B |\n|---|---|\n| 1 | x y |\n\n```sh\nnot marked\n```\n\
                ```sh on=here last\none\n  two\n```\n";
    let page = Page { text: text.to_owned() };
    let [block] = &page.blocks()[..] else { panic!("one block is marked") };
    assert_eq!(block.text, "one\n  two\n");
    assert_eq!((block.mark("on"), block.mark("off")), (Some("here"), None));
    assert!(block.is("last"));
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(page.table("A"), [vec![pair("A", "1"), pair("B", "x y")]]);
}
