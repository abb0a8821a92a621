//! The shapes by which numbers and addresses of persons are known in a text.
//! Holds: where a number has a check digit or a date in it, they must be right.
//! May not enter: numbers of bodies (a unified social credit code 统一社会信用代码 is public).

/// What something looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A resident identity number 公民身份号码 (GB 11643), with a true check digit.
    ResidentIdentity,
    /// A social security number of the United States, with its hyphens.
    SocialSecurity,
    /// A mobile telephone number of mainland China.
    MobileNumber,
    /// An e-mail address.
    Email,
    /// A passport number of China: a letter or two, then digits.
    Passport,
}

/// Weights of the first 17 digits of a resident identity number, and the check digits by the
/// weighted sum modulo 11. Source: GB 11643-1999.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_DIGITS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// First two digits of region codes (GB/T 2260), with those of residents from elsewhere.
const REGIONS: [std::ops::RangeInclusive<u32>; 8] =
    [11..=15, 21..=23, 31..=37, 41..=46, 50..=54, 61..=65, 71..=71, 81..=83];

/// What in `text` has such a shape, in its order there.
pub(super) fn find(text: &str) -> Vec<(Shape, String)> {
    let text: String = text.chars().map(plain).collect();
    words(&text).filter_map(|word| Some((shape(word)?, word.to_owned()))).collect()
}

/// Full-width characters, as some keyboards type them, in their plain form.
fn plain(c: char) -> char {
    match u32::from(c) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        0x3000 => ' ',
        _ => c,
    }
}

/// Runs of what such things are made of, without punctuation at their ends. Letters of other
/// scripts end a run.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-.@+_%".contains(c);
    text.split(move |c| !inside(c))
        .map(|word| word.trim_matches(|c| "-._%".contains(c)))
        .filter(|word| !word.is_empty())
}

fn shape(word: &str) -> Option<Shape> {
    let found = if is_email(word) {
        Shape::Email
    } else if is_resident_identity(word) {
        Shape::ResidentIdentity
    } else if is_social_security(word) {
        Shape::SocialSecurity
    } else if is_mobile_number(word) {
        Shape::MobileNumber
    } else if is_passport(word) {
        Shape::Passport
    } else {
        return None;
    };
    Some(found)
}

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10)).collect()
}

fn number(digits: &[u32]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + digit)
}

fn is_resident_identity(word: &str) -> bool {
    if word.len() != 18 || !word.is_ascii() {
        return false;
    }
    let (body, check) = word.split_at(17);
    let Some(body) = digits(body) else { return false };
    let region = number(&body[..2]);
    let (year, month, day) = (number(&body[6..10]), number(&body[10..12]), number(&body[12..14]));
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let due = CHECK_DIGITS[sum as usize % CHECK_DIGITS.len()];
    REGIONS.iter().any(|regions| regions.contains(&region))
        && (1850..=2150).contains(&year)
        && is_day(year, month, day)
        && check.to_ascii_uppercase().starts_with(due)
}

fn is_day(year: u32, month: u32, day: u32) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=last).contains(&day)
}

fn is_social_security(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [area, group, serial] = parts[..] else { return false };
    if (area.len(), group.len(), serial.len()) != (3, 2, 4) {
        return false;
    }
    let (Some(area), Some(group), Some(serial)) = (digits(area), digits(group), digits(serial))
    else {
        return false;
    };
    let area = number(&area);
    area != 0 && area != 666 && area < 900 && number(&group) != 0 && number(&serial) != 0
}

/// Eleven digits in one, or in groups of 3, 4 and 4; the country's code may stand before.
fn is_mobile_number(word: &str) -> bool {
    let word = word.strip_prefix("+86").unwrap_or(word);
    let word = word.strip_prefix('-').unwrap_or(word);
    let lengths: Vec<usize> = word.split('-').map(str::len).collect();
    if !matches!(lengths[..], [11] | [3, 4, 4]) {
        return false;
    }
    let Some(digits) = digits(&word.replace('-', "")) else { return false };
    matches!(digits[..2], [1, 3..=9])
}

fn is_email(word: &str) -> bool {
    let Some((local, domain)) = word.split_once('@') else { return false };
    let Some((name, top)) = domain.rsplit_once('.') else { return false };
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    !local.is_empty()
        && name.split('.').all(is_label)
        && top.len() >= 2
        && top.chars().all(|c| c.is_ascii_alphabetic())
}

/// `E` or `G` with eight digits, or `E` with a letter (neither I nor O) and seven.
fn is_passport(word: &str) -> bool {
    let number = match word.as_bytes() {
        [b'E', b'A'..=b'H' | b'J'..=b'N' | b'P'..=b'Z', rest @ ..] if rest.len() == 7 => rest,
        [b'E' | b'G', rest @ ..] if rest.len() == 8 => rest,
        _ => return false,
    };
    number.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Shape, String)> {
        find(text)
    }

    #[test]
    fn what_belongs_to_a_person_is_found() {
        use Shape::*;
        // Numbers from the standards' own examples and from numbers that were never issued.
        let cases = [
            ("11010519491231002X", ResidentIdentity),
            ("11010519491231002x", ResidentIdentity),
            ("440524188001010014", ResidentIdentity),
            ("身份证号:440524188001010014。", ResidentIdentity),
            ("１１０１０５１９４９１２３１００２Ｘ", ResidentIdentity),
            ("(440524188001010014)", ResidentIdentity),
            ("SSN 078-05-1120.", SocialSecurity),
            ("call 13800138000", MobileNumber),
            ("138-0013-8000", MobileNumber),
            ("+86-13800138000", MobileNumber),
            ("电话13800138000转", MobileNumber),
            ("Jane.Doe+x@mail.example.org, please", Email),
            ("<li.lei@gd.example>", Email),
            ("passport E12345678", Passport),
            ("EA1234567", Passport),
            ("G12345678;", Passport),
        ];
        for (text, shape) in cases {
            let found = found(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(found[0].0, shape, "{text}");
        }
        assert_eq!(found("13800138000 and 440524188001010014").len(), 2);
    }

    #[test]
    fn what_only_resembles_it_is_no_alarm() {
        let texts = [
            // A wrong check digit, day, region, length.
            "110105194912310021",
            "11010519491331002X",
            "110105190002290012",
            "99010519491231002X",
            "1101051949123100",
            "11010519491231002X7",
            // A unified social credit code belongs to a body.
            "914403001922038216",
            "91110000600037341L",
            // No such social security numbers, and other things with hyphens.
            "000-12-3456",
            "666-12-3456",
            "900-12-3456",
            "123-00-4567",
            "123-45-0000",
            "2026-05-03",
            "1-123-45-6789",
            "123456789",
            // Not a mobile telephone: a landline, a service, something longer.
            "020-83135078",
            "12345",
            "12800138000",
            "138001380001",
            "2026-13800138000",
            // Not an address.
            "@finance",
            "finance@",
            "a@b",
            "version 1.2@3.4",
            // Grants, requests, entries, codes, hashes.
            "G17",
            "R12",
            "G1234567",
            "E123456789",
            "EO1234567",
            "LOW-INCOME-CHECK",
            "ACT-12",
            "civil.gd/marriage-register",
            "8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918",
            "粤府办〔2026〕13号",
        ];
        for text in texts {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
