//! Contacts: which of them are offices and which persons.
//! Holds: what is not clearly an office is not published.
//! May not enter: the register of agencies.

/// Words that only a post, a team or an office has in its name.
const WORDS: [&str; 50] = [
    "office",
    "offices",
    "team",
    "program",
    "programme",
    "center",
    "centre",
    "desk",
    "helpdesk",
    "manager",
    "division",
    "department",
    "dept",
    "bureau",
    "branch",
    "unit",
    "group",
    "section",
    "service",
    "services",
    "support",
    "help",
    "administrator",
    "administration",
    "webmaster",
    "library",
    "directorate",
    "agency",
    "authority",
    "board",
    "commission",
    "committee",
    "council",
    "institute",
    "laboratory",
    "lab",
    "data",
    "records",
    "foia",
    "registry",
    "registrar",
    "director",
    "officer",
    "staff",
    "coordinator",
    "mailbox",
    "secretariat",
    "ministry",
    "hotline",
    "archive",
];
/// Endings of the names of Chinese bodies.
const ENDINGS: [char; 12] =
    ['局', '处', '科', '办', '室', '厅', '委', '部', '署', '站', '所', '队'];
/// Words that make a Chinese name an office's, wherever they stand.
const PARTS: [&str; 6] = ["中心", "办公室", "委员会", "热线", "窗口", "政府"];
/// Shortest Chinese name with such an ending that is taken for a body's: persons' are shorter.
const SHORTEST: usize = 4;

/// The office named, without persons beside it; `None` where no office is clearly named.
pub(super) fn office(name: &str) -> Option<String> {
    let kept: Vec<&str> = name
        .split([',', ';', '，', '；', '、'])
        .map(str::trim)
        .filter(|part| is_office(part))
        .collect();
    let joined = kept.join(", ");
    (!joined.is_empty() && !name.contains('@')).then(|| without_persons(&joined))
}

/// What stands in parentheses is kept where it is an abbreviation or an office.
fn without_persons(name: &str) -> String {
    let (Some(open), Some(close)) = (name.find('('), name.rfind(')')) else {
        return name.to_owned();
    };
    let Some(inside) = name.get(open + 1..close) else { return name.to_owned() };
    let abbreviation = inside.chars().all(|c| !c.is_lowercase()) && !inside.contains(' ');
    if abbreviation || is_office(inside) {
        return name.to_owned();
    }
    format!("{}{}", name[..open].trim_end(), &name[close + 1..])
}

fn is_office(name: &str) -> bool {
    let outside: String = name.split('(').next().unwrap_or_default().to_lowercase();
    let english = outside.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word));
    let is_han = |c: char| matches!(c, '\u{4E00}'..='\u{9FFF}');
    let chinese = PARTS.iter().any(|part| name.contains(part))
        || name.chars().filter(|c| is_han(*c)).count() >= SHORTEST
            && name.chars().last().is_some_and(|last| ENDINGS.contains(&last));
    english || chinese
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offices_are_kept_and_persons_are_not() {
        let offices = [
            "Open Data (MGMT)",
            "Technical Data Manager",
            "DOE Budget Office",
            "Wind Toolkit Team",
            "市大数据管理局",
            "政务服务中心",
            "规划财务处",
            "EDX Support",
        ];
        for name in offices {
            assert_eq!(office(name).as_deref(), Some(name));
        }
        let persons = [
            "Fred Brown",
            "Miyoshi W. Stith",
            "王建科",
            "李局",
            "data@agency.gov",
            "",
            "NSRDB",
            "Office of Data, jane@agency.gov",
        ];
        for name in persons {
            assert_eq!(office(name), None, "{name}");
        }
    }

    #[test]
    fn a_person_beside_an_office_is_left_out() {
        assert_eq!(office("Jane Doe, Office of Data").as_deref(), Some("Office of Data"));
        assert_eq!(office("Office of Data (Jane Doe)").as_deref(), Some("Office of Data"));
        assert_eq!(
            office("Office of Data (Records Unit)").as_deref(),
            Some("Office of Data (Records Unit)")
        );
    }
}
