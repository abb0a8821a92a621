//! The languages that people are spoken to in, and which one somebody reads.
//! Holds: what is asked for (`--lang`, `COMITY_LANG`) goes before what the locale says.
//! May not enter: texts. Source: docs/decisions/0031-two-languages.md.

use std::ffi::OsString;

/// Asks for a language, whatever the locale says.
pub(crate) const LANG: &str = "lang";
/// The same, for all commands.
pub(crate) const LANG_VARIABLE: &str = "COMITY_LANG";
/// What says how people are spoken to, the first that is set (POSIX, "Environment Variables").
const LOCALE_VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// All that there are.
    pub(crate) const ALL: [Language; 2] = [Language::English, Language::Chinese];

    /// How it is asked for: its code (ISO 639).
    pub(crate) fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }

    /// The language of that code, if it is one of these.
    pub(crate) fn of_code(code: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.code() == code)
    }

    /// What somebody reads by the environment's variables, of which `variable` knows the values.
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
        let asked = variable(LANG_VARIABLE).and_then(|code| Language::of_code(&code));
        let locale = || {
            let mut set = LOCALE_VARIABLES.iter().filter_map(|name| variable(name));
            set.find(|locale| !locale.is_empty())
        };
        asked.unwrap_or_else(|| locale().map_or(Language::English, |locale| of_locale(&locale)))
    }

    /// What a command line asks for, read before anything else of it: its errors are told in that
    /// language too. `None`: nothing, or a language that is none of these.
    pub(crate) fn of_arguments(args: &[OsString]) -> Option<Language> {
        let flag = format!("--{LANG}");
        let mut words = args.iter().skip(1).filter_map(|word| word.to_str());
        let mut asked = None;
        while let Some(word) = words.next() {
            match word.strip_prefix(&flag) {
                _ if word == "--" => break,
                Some("") => asked = words.next().and_then(Language::of_code),
                Some(rest) => asked = rest.strip_prefix('=').and_then(Language::of_code).or(asked),
                None => {}
            }
        }
        asked
    }
}

/// The language of a locale, as in `zh_CN.UTF-8`. A terminal of another encoding would show
/// Chinese in UTF-8 as rubbish, and English as it is.
fn of_locale(locale: &str) -> Language {
    let locale = locale.split('@').next().unwrap_or_default();
    let (place, encoding) = locale.split_once('.').unwrap_or((locale, "UTF-8"));
    let encoding = encoding.to_ascii_uppercase().replace('-', "");
    let code = place.split(['_', '-']).next().unwrap_or_default();
    match encoding.as_str() {
        "UTF8" => Language::of_code(&code.to_ascii_lowercase()).unwrap_or_default(),
        _ => Language::English,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_by(set: &[(&str, &str)]) -> Language {
        let value = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string());
        Language::of_environment(value)
    }

    #[test]
    fn the_first_locale_that_is_set_says_the_language() {
        use Language::{Chinese, English};
        for (set, language) in [
            (&[][..], English),
            (&[("LANG", "zh_CN.UTF-8")], Chinese),
            (&[("LANG", "zh_CN.utf8")], Chinese),
            (&[("LANG", "zh")], Chinese),
            (&[("LANG", "zh-Hans-CN")], Chinese),
            (&[("LANG", "fr_FR.UTF-8")], English),
            (&[("LANG", "C.UTF-8")], English),
            (&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "en_GB.UTF-8")], English),
            (&[("LANG", "en_GB.UTF-8"), ("LC_MESSAGES", "zh_SG.UTF-8@pinyin")], Chinese),
            (&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "")], Chinese),
        ] {
            assert_eq!(read_by(set), language, "{set:?}");
        }
    }

    #[test]
    fn a_terminal_that_is_not_of_utf_8_is_spoken_to_in_english() {
        assert_eq!(read_by(&[("LANG", "zh_CN.GB18030")]), Language::English);
        assert_eq!(read_by(&[("LANG", "zh_CN.GBK"), (LANG_VARIABLE, "zh")]), Language::Chinese);
    }

    #[test]
    fn what_is_asked_for_goes_before_the_locale() {
        let chinese = ("LANG", "zh_CN.UTF-8");
        assert_eq!(read_by(&[chinese, (LANG_VARIABLE, "en")]), Language::English);
        assert_eq!(read_by(&[chinese, (LANG_VARIABLE, "klingon")]), Language::Chinese);
        let typed = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
            Language::of_arguments(&words)
        };
        assert_eq!(typed("comity status --lang zh"), Some(Language::Chinese));
        assert_eq!(typed("comity --lang=en --lang=zh status"), Some(Language::Chinese));
        assert_eq!(typed("comity --language zh status"), None);
        assert_eq!(typed("comity status --lang klingon"), None);
        assert_eq!(typed("comity status -- --lang zh"), None);
    }
}
