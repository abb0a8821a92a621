//! What is personal in a catalogue, taken out before anything leaves this computer.
//! Holds: names of persons and mailboxes are dropped where the catalogue has a place for them, and
//! addresses and numbers of persons are masked wherever they stand; doing it twice changes nothing.
//! May not enter: names of persons in running text: no rule finds them (docs/catalogues.md says so).

use serde_json::{Map, Value};

use super::Tally;

/// What stands where an address or number was.
const EMAIL: &str = "[e-mail removed]";
const TELEPHONE: &str = "[telephone removed]";
const IDENTITY: &str = "[identity number removed]";

/// Fields that name a person or a mailbox, in lower case without separators.
const DROPPED: [&str; 22] = [
    "hasemail",
    "email",
    "mbox",
    "mail",
    "contactemail",
    "hastelephone",
    "telephone",
    "phone",
    "fax",
    "author",
    "authoremail",
    "maintainer",
    "maintaineremail",
    "creator",
    "contributor",
    "contactname",
    "联系人",
    "联系电话",
    "联系方式",
    "电子邮箱",
    "手机号",
    "负责人",
];

/// Fields whose digits are no person's: codes, dates, places on the web.
const CODED: [&str; 18] = [
    "identifier",
    "bureauCode",
    "programCode",
    "isPartOf",
    "modified",
    "issued",
    "temporal",
    "spatial",
    "systemOfRecords",
    "primaryITInvestmentUII",
    "conformsTo",
    "describedBy",
    "mediaType",
    "accrualPeriodicity",
    "信息资源代码",
    "信息资源提供方代码",
    "关联资源代码",
    "发布日期",
];

/// Numbers by their form: `d` a digit, `-` a hyphen or full stop, all else itself. Longer ones
/// first.
const NUMBERS: [(&str, &str); 13] = [
    ("dddddddddddddddddX", IDENTITY),
    ("dddddddddddddddddd", IDENTITY),
    ("ddd-dd-dddd", IDENTITY),
    ("+d-ddd-ddd-dddd", TELEPHONE),
    ("+d (ddd) ddd-dddd", TELEPHONE),
    ("d-ddd-ddd-dddd", TELEPHONE),
    ("+dd-ddddddddddd", TELEPHONE),
    ("+dd ddddddddddd", TELEPHONE),
    ("(ddd) ddd-dddd", TELEPHONE),
    ("(ddd)ddd-dddd", TELEPHONE),
    ("ddd-ddd-dddd", TELEPHONE),
    ("0dd-dddddddd", TELEPHONE),
    ("0ddd-ddddddd", TELEPHONE),
];

/// An entry without what is personal. `contact` of a DCAT entry is left to the caller.
pub(super) fn scrubbed(entry: &Map<String, Value>, tally: &mut Tally) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in entry {
        if is_dropped(name) {
            tally.mailboxes_dropped += usize::from(!value.is_null());
            continue;
        }
        kept.insert(name.clone(), scrub(name, value, tally));
    }
    kept
}

fn scrub(name: &str, value: &Value, tally: &mut Tally) -> Value {
    match value {
        Value::Object(fields) => Value::Object(scrubbed(fields, tally)),
        Value::Array(values) => values.iter().map(|value| scrub(name, value, tally)).collect(),
        Value::String(text) => {
            let (mut text, emails) = without_emails(text);
            tally.masked += emails;
            if !CODED.contains(&name) && !text.contains("://") {
                let (masked, numbers) = without_numbers(&text);
                tally.masked += numbers;
                text = masked;
            }
            Value::String(text)
        }
        other => other.clone(),
    }
}

fn is_dropped(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !"_- ".contains(*c)).collect();
    DROPPED.contains(&plain.to_lowercase().as_str())
}

/// Whether a text has a mailbox in it.
pub(super) fn has_mailbox(text: &str) -> bool {
    without_emails(text).1 > 0
}

fn without_emails(text: &str) -> (String, usize) {
    let local = |c: char| c.is_ascii_alphanumeric() || "._%+-'".contains(c);
    let domain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    let (mut clean, mut rest, mut found) = (String::new(), text, 0);
    while let Some((before, after)) = rest.split_once('@') {
        let from = before.trim_end_matches(local).len();
        let host: &str = &after[..after.len() - after.trim_start_matches(domain).len()];
        let is_mailbox = from < before.len()
            && host
                .trim_end_matches('.')
                .split_once('.')
                .is_some_and(|(a, b)| !a.is_empty() && b.len() > 1);
        if is_mailbox {
            let before = &before[..from];
            clean.push_str(before.strip_suffix("mailto:").unwrap_or(before));
            clean.push_str(EMAIL);
            rest = &after[host.trim_end_matches('.').len()..];
            found += 1;
        } else {
            clean.push_str(before);
            clean.push('@');
            rest = after;
        }
    }
    clean.push_str(rest);
    (clean, found)
}

fn without_numbers(text: &str) -> (String, usize) {
    let chars: Vec<char> = text.chars().collect();
    let (mut clean, mut at, mut found) = (String::with_capacity(text.len()), 0, 0);
    while let Some(c) = chars.get(at) {
        let starts = at.checked_sub(1).is_none_or(|before| !joins(chars[before]));
        let number = if starts { number_at(&chars[at..]) } else { None };
        match number {
            Some((length, mark)) => {
                clean.push_str(mark);
                at += length;
                found += 1;
            }
            None => {
                clean.push(*c);
                at += 1;
            }
        }
    }
    (clean, found)
}

/// The length of the number that begins here, and what replaces it.
fn number_at(chars: &[char]) -> Option<(usize, &'static str)> {
    let ends = |length: usize| {
        let digit_later = || chars.get(length + 1).is_some_and(char::is_ascii_digit);
        match chars.get(length) {
            Some('-' | '.') => !digit_later(),
            Some(c) => !joins(*c),
            None => true,
        }
    };
    let fits = |form: &str| {
        let mut here = chars.iter();
        form.chars().all(|f| here.next().is_some_and(|c| fits_form(f, *c)))
    };
    let known = NUMBERS.iter().find(|(form, _)| fits(form) && ends(form.chars().count()));
    if let Some((form, mark)) = known {
        return Some((form.chars().count(), mark));
    }
    // A mobile telephone of mainland China.
    let mobile = fits("1dddddddddd") && matches!(chars[1], '3'..='9') && ends(11);
    let landline = fits("0ddd-dddddddd") && ends(13);
    match (mobile, landline) {
        (true, _) => Some((11, TELEPHONE)),
        (_, true) => Some((13, TELEPHONE)),
        _ => None,
    }
}

fn fits_form(form: char, c: char) -> bool {
    match form {
        'd' => c.is_ascii_digit(),
        '-' => matches!(c, '-' | '.' | '–'),
        'X' => matches!(c, 'X' | 'x'),
        other => c == other,
    }
}

/// Whether a number next to this character is part of something longer.
fn joins(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-./_=".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn clean(value: Value) -> (Value, Tally) {
        let mut tally = Tally::default();
        let map = scrubbed(value.as_object().unwrap(), &mut tally);
        (Value::Object(map), tally)
    }

    #[test]
    fn mailboxes_are_dropped_and_addresses_and_numbers_masked() {
        let (kept, tally) = clean(json!({
            "description": "Ask jane.doe@agency.gov, (202) 555-0143 or 202-555-0143. Or 13800138000。",
            "publisher": { "name": "Data Office", "mbox": "mailto:data@agency.gov" },
            "references": ["mailto:x@y.gov"],
            "联系电话": "020-83135078",
            "note": "身份证 11010519491231002X, SSN 078-05-1120, 电话020-83135078",
        }));
        assert_eq!(
            kept,
            json!({
                "description": "Ask [e-mail removed], [telephone removed] or [telephone removed]. Or [telephone removed]。",
                "publisher": { "name": "Data Office" },
                "references": ["[e-mail removed]"],
                "note": "身份证 [identity number removed], SSN [identity number removed], 电话[telephone removed]",
            })
        );
        assert_eq!((tally.mailboxes_dropped, tally.masked), (2, 8));
        assert_eq!(clean(kept.clone()).0, kept, "twice is as once");
    }

    #[test]
    fn codes_dates_and_addresses_of_pages_stay() {
        let same = json!({
            "identifier": "202-555-0143",
            "temporal": "2012-01-01/2013-01-01",
            "landingPage": "https://agency.gov/page/202-555-0143",
            "description": "From 2012-2013, 1,093 of 2026-05-03, form 12-34-5678-9, v1.2.3, @home, a @ b.c",
            "spatial": "-77.119759,38.791645",
        });
        let (kept, tally) = clean(same.clone());
        assert_eq!(kept, same);
        assert_eq!(tally, Tally::default());
    }
}
