//! The languages say the same: the same names, values, commands and options; each in its own words.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::agency::{AgencyKind, KeyRole, Level};
use comity_core::codes::CodeList;
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Openness, Sharing};

use super::super::{Language, catalogue, dataset_sample, render, speak, text, word};
use super::{placeholders_of, rules};
use crate::describe;
use crate::fault::Fault;

/// Scripts that are written without spaces between words.
fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// The words of the formats that people are told in words of their own, by their names.
pub(super) fn words() -> BTreeSet<String> {
    fn named<T: serde::Serialize>(kind: &str, values: &[T]) -> Vec<String> {
        values.iter().map(|value| format!("value-{kind}-{}", describe::word(value))).collect()
    }
    use {AgencyKind as K, Level as L};
    let sharing =
        [Sharing::Unconditional, Sharing::Conditional, Sharing::NotShared, Sharing::Unclassified];
    let openness = [Openness::Open, Openness::OnConditions, Openness::Closed, Openness::Unstated];
    let levels = [L::National, L::Provincial, L::Municipal, L::County, L::Township, L::Village];
    let kinds = [
        K::Government,
        K::PublicInstitution,
        K::PartyLegislativeOrJudicial,
        K::Enterprise,
        K::SocialOrganisation,
        K::Research,
    ];
    [
        named("role", &KeyRole::ALL),
        named("sharing", &sharing),
        named("openness", &openness),
        named("grade", &[Grade::General, Grade::Important, Grade::Core]),
        named("mode", &[DeliveryMode::Verify, DeliveryMode::Query, DeliveryMode::Batch]),
        named("level", &levels),
        named("kind", &kinds),
        named("state", &["listed", "suspended", "withdrawn"]),
        named("list", &[CodeList::Matters, CodeList::DutyBases]),
    ]
    .concat()
    .into_iter()
    .collect()
}

#[test]
fn each_language_has_every_text_and_no_other() {
    let names = |language| catalogue(language).keys().cloned().collect::<BTreeSet<_>>();
    let english = names(Language::English);
    for language in Language::ALL {
        let own = names(language);
        let missing: Vec<_> = english.difference(&own).collect();
        let more: Vec<_> = own.difference(&english).collect();
        let code = language.code();
        assert!(missing.is_empty(), "{code}/ lacks {} texts: {missing:#?}", missing.len());
        assert!(more.is_empty(), "{code}/ has texts that en/ has not: {more:?}");
    }
    assert!(english.len() > 1_000, "{} texts", english.len());
}

#[test]
fn a_name_stands_in_one_file_of_a_language_only() {
    for files in [super::super::ENGLISH, super::super::CHINESE] {
        let mut seen = BTreeSet::new();
        for key in files.iter().flat_map(|file| super::super::read(file).into_keys()) {
            assert!(seen.insert(key.clone()), "{key} stands twice");
        }
    }
}

#[test]
fn each_language_fills_in_the_same_values() {
    for (key, chinese) in catalogue(Language::Chinese) {
        let Some(english) = catalogue(Language::English).get(key) else { continue };
        assert_eq!(placeholders_of(english), placeholders_of(chinese), "{key}");
    }
}

/// What a text tells somebody to type: options, and what commands are about.
fn typed(text: &str, nouns: &BTreeSet<String>) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let words: Vec<&str> = text.split(|c: char| !is_part(c)).filter(|w| !w.is_empty()).collect();
    for (at, word) in words.iter().enumerate() {
        if word.starts_with("--") && word.len() > 2 {
            *found.entry((*word).to_owned()).or_insert(0) += 1;
        }
        if *word == "comity" {
            let noun = words.get(at + 1).copied().unwrap_or_default();
            if nouns.contains(noun) {
                *found.entry(format!("comity {noun}")).or_insert(0) += 1;
            }
        }
    }
    found
}

#[test]
fn each_language_says_to_type_the_same_commands_and_options() {
    let command = crate::args::command();
    let nouns = command.get_subcommands().map(|noun| noun.get_name().to_owned()).collect();
    for (key, chinese) in catalogue(Language::Chinese) {
        let Some(english) = catalogue(Language::English).get(key) else { continue };
        let (one, other) = (typed(english, &nouns), typed(chinese, &nouns));
        assert_eq!(one, other, "{key}:\n{english}\n{chinese}");
    }
}

#[test]
fn chinese_is_in_chinese_and_english_is_not() {
    // Names of commands, and values alone.
    let without_words = |text: &str| !text.contains(|c: char| c.is_ascii_lowercase());
    for (key, chinese) in catalogue(Language::Chinese) {
        let plain: String =
            chinese.split('{').map(|part| part.split('}').next_back().unwrap()).collect();
        let commands_alone = key.starts_with("next-") && plain.starts_with(['c', ' ']);
        let is_said = plain.contains(is_han) || without_words(&plain) || commands_alone;
        assert!(is_said, "{key} = {chinese:?}");
        for sign in ["  ，", " 。", "。。", "，。", "\u{ff5b}"] {
            assert!(!chinese.contains(sign), "{key} = {chinese:?}");
        }
    }
    for (key, english) in catalogue(Language::English) {
        // The directory's own name, and the other language's.
        let english = ["政务信息资源目录", "不予共享", "简体中文", "督办"]
            .iter()
            .fold(english.clone(), |text, name| text.replace(name, ""));
        assert!(!english.contains(is_han), "{key} = {english:?}");
    }
}

#[test]
fn every_rule_says_in_chinese_what_happened_what_it_means_and_what_to_do_next() {
    let _speaking = speak(Language::Chinese);
    for rule in rules().keys() {
        let shown = Fault::refused(rule, vec![]).to_text();
        assert!(shown.starts_with("记录未获接受：") && shown.contains("未作任何变更。"), "{shown}");
        assert!(shown.contains("\n下一步："), "{shown}");
    }
}

#[test]
fn the_sample_describes_the_same_dataset_in_each_language() {
    let read = |language| -> Dataset {
        let _speaking = speak(language);
        toml::from_str(dataset_sample()).unwrap()
    };
    let (english, chinese) = (read(Language::English), read(Language::Chinese));
    let facts = |dataset: &Dataset| {
        let Dataset { id, sharing, openness, grade, modes, items, .. } = dataset;
        (id.clone(), *sharing, *openness, *grade, modes.clone(), items.len())
    };
    assert_eq!(facts(&english), facts(&chinese));
    assert!(chinese.title.as_str().contains(is_han));
}

#[test]
fn a_thread_speaks_one_language_at_a_time_and_then_the_one_before() {
    let shown = || word("role", "steward");
    assert_eq!(shown(), "steward");
    {
        let _speaking = speak(Language::Chinese);
        assert_eq!(shown(), "数据管理员");
        let elsewhere = std::thread::spawn(|| text("word-yes")).join().unwrap();
        assert_eq!((elsewhere, text("word-yes")), ("yes", "是"));
    }
    assert_eq!(shown(), "steward");
}

#[test]
fn one_is_not_many_in_english() {
    let shown = |count: &str| render("progress-table", &[("count".to_owned(), count.to_owned())]);
    assert_eq!(
        (shown("0"), shown("1"), shown("2")),
        ("0 entries".to_owned(), "1 entry".to_owned(), "2 entries".to_owned(),)
    );
    let _speaking = speak(Language::Chinese);
    assert_eq!(shown("1"), "1 条存证");
}

#[test]
fn words_of_the_formats_are_told_in_words_of_the_language() {
    let fields = [("agency", "civil.gd"), ("role", "steward")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(render("mean-nothing", &fields), "(missing text)");
    assert!(render("err-wrong-signer", &fields).contains("its steward key"));
    let _speaking = speak(Language::Chinese);
    assert!(render("err-wrong-signer", &fields).contains("以其数据管理员密钥签署"));
    assert_eq!(word("role", "of-a-newer-version"), "of-a-newer-version");
}
