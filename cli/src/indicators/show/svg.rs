//! Bars as SVG: drawn here, without scripts, readable in black and white.
//! Holds: every bar has its number beside it; what is told apart is told apart by a pattern and a
//! word, never by colour alone; text is escaped.

use crate::wrap;

/// Width of a drawing (its own units; the page scales it).
const WIDTH: u64 = 680;
/// Where bars begin: what is left of it is for their names.
const LEFT: u64 = 250;
/// Length of the longest bar.
const LONGEST: u64 = 268;
/// Height of a row, and of its bar.
const ROW: u64 = 27;
const BAR: u64 = 17;
/// Where a legend begins.
const LEGEND: u64 = 60;
/// Most columns of a name.
const NAME_COLUMNS: usize = 34;

/// One bar.
pub(super) struct Bar {
    /// What it stands for.
    pub(super) name: String,
    /// How long it is, beside the others.
    pub(super) value: u64,
    /// What is written at its end.
    pub(super) label: String,
}

/// One bar of several parts.
pub(super) struct Stack {
    /// What it stands for.
    pub(super) name: String,
    /// The parts, in the order of [`FILLS`].
    pub(super) parts: [u64; 4],
    /// What is written at its end.
    pub(super) label: String,
}

/// How parts are filled: full, hatched, dark, empty.
const FILLS: [&str; 4] = ["fill-full", "fill-hatched", "fill-dark", "fill-empty"];

/// What the drawings of a page share. It takes no room.
pub(super) const PATTERNS: &str = concat!(
    r##"<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>"##,
    r##"<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"##,
    r##"<rect width="6" height="6" fill="#fff"/><rect width="3" height="6" fill="#8a5a00"/></pattern>"##,
    "</defs></svg>"
);

/// Bars below each other, on one scale. `what` says to those who do not see it what it shows.
pub(super) fn bars(what: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0);
    let rows = bars.iter().enumerate().map(|(at, bar)| {
        let top = at as u64 * ROW;
        let length = scaled(bar.value, most);
        let rect = rect(LEFT, top, length, FILLS[0]);
        format!("{}{rect}{}", name(&bar.name, top), label(LEFT + length, top, &bar.label))
    });
    let height = bars.len() as u64 * ROW;
    drawing(what, (height, height), &rows.collect::<String>())
}

/// Bars of several parts below each other, each as long as the others or empty, with a legend.
pub(super) fn stacks(what: &str, stacks: &[Stack], legend: [&str; 4]) -> String {
    let mut content = String::new();
    for (at, stack) in stacks.iter().enumerate() {
        let top = at as u64 * ROW;
        let all: u64 = stack.parts.iter().sum();
        content.push_str(&name(&stack.name, top));
        let mut before = 0;
        for (part, fill) in stack.parts.iter().zip(FILLS) {
            // Ends are scaled, not lengths, so that the parts fill the whole.
            let (from, to) = (scaled(before, all), scaled(before + part, all));
            if *part > 0 {
                content.push_str(&rect(LEFT + from, top, to - from, fill));
            }
            before += part;
        }
        let end = if all > 0 { LEFT + LONGEST } else { LEFT };
        content.push_str(&label(end, top, &stack.label));
    }
    let top = stacks.len() as u64 * ROW + 6;
    let mut left = LEGEND;
    let mut line = top;
    for (word, fill) in legend.iter().zip(FILLS) {
        let room = 26 + 8 * wrap::columns(word) as u64;
        if left > LEGEND && left + room > WIDTH {
            (left, line) = (LEGEND, line + ROW);
        }
        content.push_str(&format!(
            r#"<rect class="{fill}" x="{left}" y="{}" width="14" height="12"/><text x="{}" y="{}">{}</text>"#,
            line + 4,
            left + 19,
            line + 15,
            escape(word),
        ));
        left += room;
    }
    drawing(what, (top - 6, line + ROW), &content)
}

/// Text as it may stand in a page, in an attribute too.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// The length of a bar; at least a line where there is anything.
fn scaled(value: u64, most: u64) -> u64 {
    let length = u128::from(value) * u128::from(LONGEST) / u128::from(most.max(1));
    u64::try_from(length).unwrap_or(LONGEST).max(u64::from(value > 0))
}

/// A drawing: how high its bars are, and all of it.
fn drawing(what: &str, (bars, height): (u64, u64), content: &str) -> String {
    let what = escape(what);
    format!(
        r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{what}"><line class="axis" x1="{LEFT}" y1="0" x2="{LEFT}" y2="{bars}"/>{content}</svg>"#
    )
}

fn rect(left: u64, top: u64, width: u64, fill: &str) -> String {
    let top = top + (ROW - BAR) / 2;
    format!(r#"<rect class="{fill}" x="{left}" y="{top}" width="{width}" height="{BAR}"/>"#)
}

/// A bar's name to its left, cut where it is too long; the whole is its tip.
fn name(name: &str, top: u64) -> String {
    let mut shown = String::new();
    for c in name.chars() {
        if wrap::columns(&shown) + 2 > NAME_COLUMNS {
            shown.push('…');
            break;
        }
        shown.push(c);
    }
    let (x, y) = (LEFT - 8, top + 18);
    let (shown, whole) = (escape(&shown), escape(name));
    format!(r#"<text class="name" x="{x}" y="{y}">{shown}<title>{whole}</title></text>"#)
}

fn label(left: u64, top: u64, label: &str) -> String {
    let (x, y) = (left + 6, top + 18);
    format!(r#"<text class="value" x="{x}" y="{y}">{}</text>"#, escape(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(name: &str, value: u64) -> Bar {
        Bar { name: name.to_owned(), value, label: value.to_string() }
    }

    #[test]
    fn nothing_that_is_written_becomes_markup() {
        let drawn = bars("<what> \"it\" is", &[bar("<script>alert('x')</script>&", 3)]);
        assert!(!drawn.contains("<script") && !drawn.contains("<what>"), "{drawn}");
        assert!(drawn.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"), "{drawn}");
        assert!(drawn.contains("&lt;what&gt; &quot;it&quot; is"), "{drawn}");
    }

    #[test]
    fn the_longest_bar_is_as_long_as_there_is_room_and_none_but_zero_vanishes() {
        assert_eq!((scaled(10, 10), scaled(5, 10), scaled(0, 10)), (LONGEST, LONGEST / 2, 0));
        assert_eq!((scaled(1, 1_000_000), scaled(0, 0)), (1, 0));
        assert_eq!(scaled(u64::MAX, u64::MAX), LONGEST);
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_and_whole_in_the_tip() {
        let long = "民政局".repeat(20);
        let drawn = bars("x", &[bar(&long, 1)]);
        assert!(drawn.contains(&format!("<title>{long}</title>")));
        assert!(drawn.contains("…<title>"));
    }

    #[test]
    fn the_parts_of_a_bar_fill_the_whole() {
        let stack = Stack { name: "x".to_owned(), parts: [1, 1, 1, 0], label: String::new() };
        let drawn = stacks("x", &[stack], ["a", "b", "c", "d"]);
        let widths: Vec<u64> = drawn
            .split("<rect class=\"fill")
            .skip(1)
            .filter(|part| part.contains(&format!("height=\"{BAR}\"")))
            .map(|part| {
                let (_, width) = part.split_once("width=\"").unwrap();
                width.split('"').next().unwrap().parse().unwrap()
            })
            .collect();
        assert_eq!((widths.len(), widths.iter().sum::<u64>()), (3, LONGEST));
        assert_eq!(drawn.matches("<text x=").count(), 4, "the legend names every fill");
    }
}
