//! DER, element by element: what time-stamp tokens and certificates are written in.
//! Holds: nothing is read beyond the bytes given; every element has one definite, shortest length;
//! nothing is copied, and no depth is followed that the caller does not ask for.
//! May not enter: what the elements mean.
//! Source: ITU-T X.690; RFC 5280, section 4.1.2.5; RFC 3161, section 2.4.2 (`genTime`).

use comity_core::ids::TimeMs;
use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Decode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};

/// What is not in the form that it has to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl From<der::Error> for Malformed {
    fn from(_: der::Error) -> Malformed {
        Malformed
    }
}

/// The tag of a context's field that holds other elements.
pub(super) const fn field(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

/// The tag of a context's field that holds a value.
pub(super) const fn value_field(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(number) }
}

/// An element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// Its tag.
    pub(super) tag: Tag,
    /// What it holds.
    pub(super) content: &'a [u8],
    /// All its bytes, tag and length before what it holds.
    pub(super) bytes: &'a [u8],
}

/// Elements one after another.
#[derive(Clone)]
pub(super) struct Elements<'a>(SliceReader<'a>);

impl<'a> Elements<'a> {
    /// Those that begin in bytes.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Elements<'a>, Malformed> {
        Ok(Elements(SliceReader::new(bytes)?))
    }

    /// Whether there is none left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_finished()
    }

    /// The next one.
    pub(super) fn any(&mut self) -> Result<Element<'a>, Malformed> {
        let bytes = self.0.tlv_bytes()?;
        let read = AnyRef::from_der(bytes)?;
        Ok(Element { tag: read.tag(), content: read.value(), bytes })
    }

    /// The next one, which has this tag.
    pub(super) fn required(&mut self, tag: Tag) -> Result<Element<'a>, Malformed> {
        self.optional(tag)?.ok_or(Malformed)
    }

    /// The next one, if it has this tag.
    pub(super) fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, Malformed> {
        match !self.is_empty() && Tag::peek(&self.0)? == tag {
            true => self.any().map(Some),
            false => Ok(None),
        }
    }

    /// What the next one holds, which has this tag.
    pub(super) fn inside(&mut self, tag: Tag) -> Result<Elements<'a>, Malformed> {
        Elements::of(self.required(tag)?.content)
    }

    /// What the next one holds, where it is the only one left.
    pub(super) fn only(mut self, tag: Tag) -> Result<Element<'a>, Malformed> {
        let element = self.required(tag)?;
        self.end().map(|()| element)
    }

    /// All that are left.
    pub(super) fn rest(mut self) -> Result<Vec<Element<'a>>, Malformed> {
        let mut rest = Vec::new();
        while !self.is_empty() {
            rest.push(self.any()?);
        }
        Ok(rest)
    }

    /// That there is none left.
    pub(super) fn end(self) -> Result<(), Malformed> {
        self.is_empty().then_some(()).ok_or(Malformed)
    }
}

impl Element<'_> {
    /// A truth value.
    pub(super) fn truth(&self) -> Result<bool, Malformed> {
        match (self.tag, self.content) {
            (Tag::Boolean, [0xFF]) => Ok(true),
            (Tag::Boolean, [0]) => Ok(false),
            _ => Err(Malformed),
        }
    }

    /// A time of a certificate.
    pub(super) fn time(&self) -> Result<TimeMs, Malformed> {
        let since_1970 = match self.tag {
            Tag::UtcTime => UtcTime::from_der(self.bytes)?.to_unix_duration(),
            Tag::GeneralizedTime => GeneralizedTime::from_der(self.bytes)?.to_unix_duration(),
            _ => return Err(Malformed),
        };
        u64::try_from(since_1970.as_millis()).map(TimeMs).map_err(|_| Malformed)
    }

    /// A time that may have a fraction of a second, to the millisecond below it.
    pub(super) fn fine_time(&self) -> Result<TimeMs, Malformed> {
        let text = std::str::from_utf8(self.content).map_err(|_| Malformed)?;
        let text = text.strip_suffix('Z').ok_or(Malformed)?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || !(1..=9).contains(&fraction.len()) || self.tag != Tag::GeneralizedTime {
            return Err(Malformed);
        }
        let whole = format!("{whole}Z");
        let read = AnyRef::new(Tag::GeneralizedTime, whole.as_bytes())?;
        let read: GeneralizedTime = read.decode_as()?;
        let fraction: u64 = format!("{fraction:0<3}")[..3].parse().map_err(|_| Malformed)?;
        let whole_ms = u64::try_from(read.to_unix_duration().as_millis()).map_err(|_| Malformed)?;
        Ok(TimeMs(whole_ms.saturating_add(fraction)))
    }
}

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm<'a> {
    /// Which.
    pub(super) id: &'a [u8],
    /// What more is to be said of it.
    pub(super) parameters: Option<Element<'a>>,
}

impl<'a> Algorithm<'a> {
    /// The next element, which names one.
    pub(super) fn next_of(elements: &mut Elements<'a>) -> Result<Algorithm<'a>, Malformed> {
        Algorithm::of(elements.required(Tag::Sequence)?)
    }

    /// The one that an element names.
    pub(super) fn of(element: Element<'a>) -> Result<Algorithm<'a>, Malformed> {
        let mut inside = Elements::of(element.content)?;
        let id = inside.required(Tag::ObjectIdentifier)?.content;
        let parameters = if inside.is_empty() { None } else { Some(inside.any()?) };
        inside.end()?;
        Ok(Algorithm { id, parameters })
    }

    /// Whether nothing more is said of it.
    pub(super) fn is_plain(&self) -> bool {
        self.parameters.is_none_or(|said| said.tag == Tag::Null && said.content.is_empty())
    }
}
