//! What was to be seen in a day, without what differs from run to run, and the transcript kept of it.
//! Holds: what is replaced keeps its length, so that tables stay tables.

use std::env;
use std::fmt::Write as _;
use std::fs;

use super::page::root;

/// Set it to write the transcripts anew instead of comparing.
const REWRITE: &str = "COMITY_WRITE_TRANSCRIPTS";
/// Shortest run of hexadecimal digits that is taken for an id.
const SHORTEST_ID: usize = 8;

/// Characters of the key in a note's verifier key.
const VERIFIER_KEY_CHARS: usize = 44;

/// A transcript that grows.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    text: String,
    who: String,
}

impl Transcript {
    /// Adds a command and what it left on the screen.
    pub(crate) fn add(&mut self, who: &str, command: &str, screen: &str, code: i32) {
        if self.who != who {
            self.who = who.to_owned();
            let _ = write!(self.text, "\n=== {who} ===\n");
        }
        let _ = write!(self.text, "\n$ {command}\n{}", normalised(screen));
        if code != 0 {
            let _ = writeln!(self.text, "[exit code {code}]");
        }
    }

    /// What was added.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Compares with `docs/transcripts/NAME.txt`, or writes it.
    pub(crate) fn settle(&self, name: &str) {
        let path = root().join(format!("docs/transcripts/{name}.txt"));
        let text = self.text.trim_start();
        if env::var_os(REWRITE).is_some() {
            return fs::write(&path, text).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        let mut pairs = kept.lines().zip(text.lines()).enumerate();
        if let Some((at, (kept, seen))) = pairs.find(|(_, (kept, seen))| kept != seen) {
            panic!("{name}.txt:{}:\nkept: {kept}\nseen: {seen}\n{ADVICE}\n{text}", at + 1);
        }
        let (kept, seen) = (kept.lines().count(), text.lines().count());
        assert_eq!(kept, seen, "{name}.txt is of another length\n{ADVICE}\n{text}");
    }
}

const ADVICE: &str = "If what is seen is right, set COMITY_WRITE_TRANSCRIPTS=1 and run this again.";

/// Digits of times become 0, and ids become x.
pub(crate) fn normalised(screen: &str) -> String {
    let mut out = String::new();
    for line in screen.lines() {
        // A progress line overwrites itself; what is left is what came last.
        let line = line.rsplit("\r\u{1b}[K").next().unwrap_or_default();
        let mut rest = line.trim_end();
        while !rest.is_empty() {
            let is_part = |c: char| c.is_ascii_alphanumeric();
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            out += &if is_id(word) { "x".repeat(word.len()) } else { word.to_owned() };
            let next = after.find(is_part).unwrap_or(after.len());
            out += &after[..next];
            rest = &after[next..];
        }
        out.push('\n');
    }
    times(&together(&out))
}

/// What comes in any order is sorted, and figures of speed and of the moment are as they are.
fn together(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut of_peer = false;
    for line in text.lines() {
        // A peer's address is as long as it is, and goes on below.
        of_peer = line.starts_with("  Peer ") || of_peer && line.starts_with("    ");
        if of_peer && !line.starts_with("  Peer ") {
            continue;
        }
        // Whether there is one depends on who is faster, the program that hides what is typed or
        // the person who types it.
        let asked = lines.last().is_some_and(|last| {
            let in_english = last.contains("assphrase ") || last == "The same again:";
            let in_chinese = last.ends_with("口令：") || last == "再输入一次：";
            last.ends_with(':') && in_english || in_chinese
        });
        if !(asked && line.is_empty()) {
            lines.push(steady(line));
        }
    }
    // Many are sent at once.
    sorted(&mut lines, |line| line.contains("publish the dataset "));
    sorted(&mut lines, |line| line.starts_with("  Peer "));
    // Listed by what differs from run to run.
    sorted(&mut lines, |line| line.starts_with("xxxxxxxx  "));
    lines.join("\n") + "\n"
}

/// Sorts the first lines that follow one another and are such.
fn sorted(lines: &mut [String], is_such: impl Fn(&str) -> bool) {
    let Some(first) = lines.iter().position(|line| is_such(line)) else { return };
    let count = lines[first..].iter().take_while(|line| is_such(line)).count();
    let such = &mut lines[first..first + count];
    if count > 1 {
        for line in such.iter_mut() {
            let bare = line.trim_start();
            let rest = bare.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest != bare {
                *line = format!("  n{rest}");
            }
        }
    }
    such.sort();
}

/// A line without figures that depend on the machine and the moment.
fn steady(line: &str) -> String {
    let zeros = |text: &str| {
        let digits = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
        let mut plain: String = digits.collect();
        while plain.contains("00") {
            plain = plain.replace("00", "0");
        }
        plain
    };
    let whole = ["  Last block  ", "  Blocks ", "  区块数  ", "comity_height "];
    // Whichever port was free.
    let loopback = "  /ip4/127.0.0.1/tcp/";
    if let Some(port) = line.strip_prefix(loopback) {
        return format!("{loopback}{}", port.replace(|c: char| c.is_ascii_digit(), "0"));
    }
    // The verifier key of a note: name, id, and the key in base64.
    if let [name, id, key] = line.splitn(3, '+').collect::<Vec<_>>()[..]
        && key.len() == VERIFIER_KEY_CHARS
        && !line.contains(' ')
    {
        return format!("{name}+{id}+{}", "x".repeat(VERIFIER_KEY_CHARS));
    }
    if line.starts_with("  Committed by ") {
        return "  Committed by       (more than two thirds of the members)".to_owned();
    }
    if line.starts_with("  签证节点  ") {
        return "  签证节点      （超过三分之二的成员）".to_owned();
    }
    if let Some(peer) = line.strip_prefix("  Peer ") {
        let agency = peer.trim_start().split(' ').next().unwrap_or_default();
        return format!("  Peer             {agency} (its address, and its last block)");
    }
    if whole.iter().any(|start| line.starts_with(start)) {
        return zeros(line);
    }
    // One second is said in the singular; how old the last block was is of the moment.
    let line = &line.replace(" 1 second old", " 0 seconds old");
    let words: Vec<&str> = line.split(' ').collect();
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let number = |text: &str| {
        // In Chinese nothing parts a word from the bracket after it.
        let text = text.rsplit('（').next().unwrap_or_default();
        let bare = text.trim_matches(|c| matches!(c, '(' | ')' | ',' | ':'));
        !bare.is_empty() && bare.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    let varies = |at: usize| {
        let next = word(at + 1).trim_end_matches([',', ')', '）', ':', '.']);
        let is_measure = ["s", "ms", "bytes", "seconds", "minutes"].contains(&next);
        let is_speed =
            next == "entries" && word(at + 2) == "per" || at > 0 && word(at - 1) == "每秒";
        let is_height = at > 0 && word(at - 1) == "block" || word(at + 1).starts_with("号区块");
        let is_measure =
            is_measure || ["字节", "秒"].iter().any(|unit| word(at + 1).starts_with(unit));
        let is_last = at + 1 == words.len() && line.contains("  listed  ");
        number(word(at)) && (is_measure || is_speed || is_height || is_last)
    };
    let steady = words.iter().enumerate();
    let steady = steady.map(|(at, text)| if varies(at) { zeros(text) } else { (*text).to_owned() });
    steady.collect::<Vec<_>>().join(" ")
}

fn is_id(word: &str) -> bool {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    word.len() >= SHORTEST_ID && word.chars().all(hex) || word.starts_with("12D3KooW")
}

/// Replaces the digits of dates and of times of day.
fn times(text: &str) -> String {
    let bytes = text.as_bytes();
    let fits = |at: usize, pattern: &str| {
        bytes.get(at..at + pattern.len()).is_some_and(|found| {
            found.iter().zip(pattern.bytes()).all(|(found, wanted)| match wanted {
                b'0' => found.is_ascii_digit(),
                other => *found == other,
            })
        })
    };
    let mut out = text.to_owned().into_bytes();
    for at in 0..bytes.len() {
        for pattern in ["0000-00-00", "00:00:00", "00:00", "127.0.0.1:00000"] {
            let begins = at == 0 || !bytes[at - 1].is_ascii_digit();
            if begins && fits(at, pattern) {
                out[at..at + pattern.len()].copy_from_slice(pattern.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn what_differs_from_run_to_run_is_replaced_and_keeps_its_length() {
    let screen = "Done in 10.25 s: 4 published (entry 6, block 15), 323 entries per second (34 ms)";
    let expected = "Done in 0.0 s: 4 published (entry 6, block 0), 0 entries per second (0 ms)\n";
    assert_eq!(normalised(screen), expected);
    let screen = "已完成（第 6 号存证，第 15 号区块），共 4096 字节";
    assert_eq!(normalised(screen), "已完成（第 6 号存证，第 0 号区块），共 0 字节\n");
    let screen = "Its last block is 1 second old.";
    assert_eq!(normalised(screen), "Its last block is 0 seconds old.\n");
    let screen = "G12 at 2026-11-21T22:01:55Z, key af54b9c8, 20 of 100 入库\ntill 23:35 \n";
    let expected = "G12 at 0000-00-00T00:00:00Z, key xxxxxxxx, 20 of 100 入库\ntill 00:00\n";
    assert_eq!(normalised(screen), expected);
}
