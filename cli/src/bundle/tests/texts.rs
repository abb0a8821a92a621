//! The texts of the summaries: whole, and the same in each language.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::summary::Language;
use super::super::summary::texts::{catalogue, render};
use comity_core::agency::KeyRole;

const SOURCES: [&str; 6] = [
    include_str!("../summary/mod.rs"),
    include_str!("../summary/closing.rs"),
    include_str!("../summary/events.rs"),
    include_str!("../summary/short.rs"),
    include_str!("../summary/terms.rs"),
    include_str!("../summary/words.rs"),
];
/// Texts that are named by what they stand for.
const COMPUTED: [&str; 8] =
    ["role-", "mode-", "sharing-", "grade-", "rule-", "detail-", "promise-", "side-"];

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect()
}

#[test]
fn both_languages_say_the_same_things() {
    let (english, chinese) = (catalogue(Language::English), catalogue(Language::Chinese));
    let names = |of: &'static std::collections::BTreeMap<String, String>| -> Vec<&String> {
        of.keys().collect()
    };
    assert_eq!(names(english), names(chinese));
    for (key, text) in english {
        assert_eq!(placeholders(text), placeholders(&chinese[key]), "{key}");
        assert!(!text.contains(['<', '&']) && !chinese[key].contains(['<', '&']), "{key}");
    }
}

#[test]
fn every_text_is_said_and_every_text_that_is_said_is_there() {
    let english = catalogue(Language::English);
    for key in english.keys() {
        let is_computed = COMPUTED.iter().any(|begin| key.starts_with(begin));
        let literal = format!("\"{key}\"");
        assert!(is_computed || SOURCES.iter().any(|source| source.contains(&literal)), "{key}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bundle/summary");
    let files = std::fs::read_dir(folder).unwrap();
    let code = files.filter(|file| {
        let name = file.as_ref().unwrap().file_name();
        Path::new(&name).extension().is_some_and(|end| end == "rs")
    });
    assert_eq!(code.count(), SOURCES.len() + 1, "texts.rs is the only other file");
    for source in SOURCES {
        for call in source.split("tell!(").skip(1) {
            let named = call.split_once('"').filter(|(before, _)| before.trim() == "self,");
            let Some(key) = named.and_then(|(_, rest)| rest.split('"').next()) else { continue };
            assert!(english.contains_key(key), "{key}");
        }
    }
}

#[test]
fn every_refusal_and_role_has_a_text() {
    let english = catalogue(Language::English);
    let (_, names) = include_str!("../../../../core/src/access.rs")
        .split_once("pub fn rule(&self) -> &'static str {")
        .unwrap();
    let rules: Vec<&str> =
        names.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(rules.len(), 44);
    for rule in rules {
        assert!(english.contains_key(&format!("rule-{rule}")), "{rule}");
    }
    for role in KeyRole::ALL {
        assert!(english.contains_key(&format!("role-{role}")), "{role}");
    }
}

#[test]
fn values_are_no_markup() {
    let reason = "<script>alert('{time}')</script> & \"so\" on".to_owned();
    let fields = [("time", "now".to_owned()), ("reason", reason)];
    let shown = render(Language::English, "short-revoked", &fields);
    let wanted = "It was revoked on now. Reason: &lt;script&gt;alert(&#39;{time}&#39;)&lt;/script&gt; \
                  &amp; &quot;so&quot; on";
    assert_eq!(shown, wanted);
}
