//! 政务信息资源目录 as a table: what its columns mean here.
//! Holds: one row for each item, rows of one resource told by its code; rows that disagree are not
//! reconciled by guessing; what is not shared says on what basis, or is not classified.
//! Source: docs/catalogues.md, "政务信息资源目录: columns".

use std::collections::{BTreeMap, BTreeSet};

use comity_core::dataset::{DeliveryMode, Grade, Item, MAX_ITEMS, Openness, Sharing};
use comity_core::text::{ItemName, Text};
use serde_json::{Map, Value};

use super::entry::{Catalogue, Details, Found, cut, required, text_of, whole, wrong};
use super::{Classification, Draft, Place, Reason, Rules, Tally, personal, tidy};

pub(super) const CLASS: &str = "信息资源分类";
pub(super) const NAME: &str = "信息资源名称";
pub(super) const CODE: &str = "信息资源代码";
pub(super) const PROVIDER: &str = "信息资源提供方";
pub(super) const PROVIDER_CODE: &str = "信息资源提供方代码";
pub(super) const SUMMARY: &str = "信息资源摘要";
pub(super) const FORM: &str = "信息资源格式";
pub(super) const ITEM: &str = "信息项名称";
pub(super) const ITEM_TYPE: &str = "数据类型";
pub(super) const SHARING: &str = "共享类型";
pub(super) const CONDITIONS: &str = "共享条件";
pub(super) const METHOD: &str = "共享方式";
pub(super) const OPEN: &str = "是否向社会开放";
pub(super) const OPEN_CONDITIONS: &str = "开放条件";
pub(super) const CYCLE: &str = "更新周期";
pub(super) const ISSUED: &str = "发布日期";
pub(super) const RELATED: &str = "关联资源代码";

/// The columns, in their order.
pub(super) const COLUMNS: [&str; 17] = [
    CLASS,
    NAME,
    CODE,
    PROVIDER,
    PROVIDER_CODE,
    SUMMARY,
    FORM,
    ITEM,
    ITEM_TYPE,
    SHARING,
    CONDITIONS,
    METHOD,
    OPEN,
    OPEN_CONDITIONS,
    CYCLE,
    ISSUED,
    RELATED,
];
/// Columns without which a table is none of resources.
const REQUIRED: [&str; 2] = [NAME, CODE];
/// Columns that speak of one item; the others speak of the resource.
const OF_ITEM: [&str; 2] = [ITEM, ITEM_TYPE];
/// Where an entry keeps its items.
pub(super) const ITEMS: &str = "信息项信息";

/// The rows of a table, each with the line on which it begins. Errors: its quotes are broken.
pub(super) fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>, String> {
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.contains(',') || !first.contains('\t') { ',' } else { '\t' };
    check_quotes(text, delimiter)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(if delimiter == ',' { b',' } else { b'\t' })
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let (mut line, mut counted) = (1_u64, 0);
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        // The reader may stand before the line feed that ends the row above.
        let at = record.position().map_or(0, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX));
        let before = text.as_bytes().get(counted..).unwrap_or_default();
        let before = &before[..before.len().min(at.saturating_sub(counted))];
        let after = text.as_bytes().get(at..).unwrap_or_default();
        let ends = after.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let feeds = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        line += feeds(before) + feeds(&after[..ends]);
        counted = at + ends;
        let cells: Vec<String> =
            record.iter().map(|cell| crate::csv::unguarded(cell.trim()).to_owned()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push((line, cells));
        }
    }
    Ok(rows)
}

/// A quote that is opened and not closed would swallow every row after it.
fn check_quotes(text: &str, delimiter: char) -> Result<(), String> {
    let (mut line, mut opened) = (1_u64, None);
    let mut before = delimiter;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, opened) {
            ('"', None) if before == delimiter || before == '\n' => opened = Some(line),
            ('"', Some(at)) => match chars.peek() {
                Some('"') => drop(chars.next()),
                None | Some('\r' | '\n') => opened = None,
                Some(next) if *next == delimiter => opened = None,
                Some(_) => return Err(crate::messages::say!("cause-quote", line = at)),
            },
            _ => {}
        }
        line += u64::from(c == '\n');
        before = c;
    }
    match opened {
        Some(at) => Err(crate::messages::say!("cause-quote", line = at)),
        None => Ok(()),
    }
}

/// The resources of a table. Errors: its quotes are broken, or a needed column is not there.
pub(super) fn entries(text: &str) -> Result<Vec<Found>, String> {
    let mut rows = rows(text)?.into_iter();
    let (_, headings) = rows.next().unwrap_or_default();
    let headings: Vec<String> = headings.iter().map(|heading| column(heading)).collect();
    if let Some(missing) = REQUIRED.iter().find(|name| !headings.iter().any(|h| h == *name)) {
        return Err(crate::messages::say!("cause-column", column = missing));
    }
    let mut gathered = Gathered::default();
    for (line, cells) in rows {
        gathered.take(&headings, line, cells);
    }
    Ok(gathered.found)
}

/// A heading as it is meant: without the marks of required columns.
fn column(heading: &str) -> String {
    let plain: String = heading.chars().filter(|c| !c.is_whitespace() && *c != '*').collect();
    match plain.trim_end_matches("(必填)").trim_end_matches("（必填）") {
        "信息项" => ITEM.to_owned(),
        "信息项数据类型" => ITEM_TYPE.to_owned(),
        "关联信息资源代码" | "关联及类目名称" => RELATED.to_owned(),
        "开放属性" | "是否开放" => OPEN.to_owned(),
        "共享属性" => SHARING.to_owned(),
        other => other.to_owned(),
    }
}

/// Resources gathered from rows, in the order in which they first appear.
#[derive(Default)]
struct Gathered {
    found: Vec<Found>,
    by_code: BTreeMap<String, usize>,
    last: Option<usize>,
}

impl Gathered {
    fn take(&mut self, headings: &[String], line: u64, cells: Vec<String>) {
        let too_long = cells.iter().skip(headings.len()).any(|cell| !cell.is_empty());
        let row: BTreeMap<&str, String> = headings
            .iter()
            .map(String::as_str)
            .zip(cells)
            .filter(|(heading, cell)| !heading.is_empty() && !cell.is_empty())
            .collect();
        let at = self.resource_of(&row, line);
        let Found { entry, .. } = &mut self.found[at];
        if too_long {
            *entry = Err(Reason::RowTooLong { line });
        }
        let Ok(fields) = entry else { return };
        if let Err(reason) = merge(fields, row, line) {
            *entry = Err(reason);
        }
    }

    /// Which resource a row speaks of: that of its code, or, where cells were merged, that of the
    /// row above.
    fn resource_of(&mut self, row: &BTreeMap<&str, String>, line: u64) -> usize {
        let code = row.get(CODE);
        if let (None, None, Some(last)) = (code, row.get(NAME), self.last) {
            return last;
        }
        let known = code.and_then(|code| self.by_code.get(code).copied());
        let at = known.unwrap_or(self.found.len());
        if known.is_none() {
            let identifier = code.cloned().unwrap_or_default();
            if let Some(code) = code {
                self.by_code.insert(code.clone(), at);
            }
            let place = Place { index: at + 1, line: Some(line), identifier };
            self.found.push(Found { place, entry: Ok(Map::new()) });
        }
        self.last = Some(at);
        at
    }
}

/// Adds a row to its resource.
fn merge(
    fields: &mut Map<String, Value>,
    row: BTreeMap<&str, String>,
    line: u64,
) -> Result<(), Reason> {
    let has_item = row.contains_key(ITEM);
    let mut item = Map::new();
    for (column, cell) in row {
        let known = COLUMNS.contains(&column);
        if OF_ITEM.contains(&column) || !known && has_item {
            item.insert(column.to_owned(), cell.into());
            continue;
        }
        match fields.get(column) {
            Some(before) if *before != *cell => {
                return Err(Reason::RowsDisagree { column: column.to_owned(), line });
            }
            _ => drop(fields.insert(column.to_owned(), cell.into())),
        }
    }
    if !item.is_empty() {
        let items = fields.entry(ITEMS).or_insert_with(|| Value::Array(vec![]));
        if let Value::Array(items) = items {
            items.push(Value::Object(item));
        }
    }
    Ok(())
}

/// A resource as it would be published. Errors: it cannot be.
pub(super) fn draft(entry: &Map<String, Value>, rules: &Rules) -> Result<Draft, Reason> {
    let mut tally = Tally::default();
    let mut entry = personal::scrubbed(entry, &mut tally);
    let identifier = required(&entry, CODE, &mut tally)?;
    if personal::has_mailbox(&identifier) {
        return Err(Reason::IdentifierPersonal);
    }
    let title = required(&entry, NAME, &mut tally)?;
    let summary = text_of(&entry, SUMMARY, &mut tally)?;
    let provider = text_of(&entry, PROVIDER, &mut tally)?;
    let known = rules.contacts.get(&identifier);
    let contact = match (rules.contact.as_ref().or(known), provider.is_empty()) {
        (_, false) => provider,
        (Some(contact), true) => contact.to_string(),
        (None, true) => return Err(Reason::NoContact),
    };
    entry.insert(PROVIDER.to_owned(), contact.as_str().into());
    let (sharing, conditions) = sharing(&entry, rules, &mut tally)?;
    if sharing == Sharing::NotShared && !entry.contains_key(CONDITIONS) {
        entry.insert(CONDITIONS.to_owned(), conditions.as_str().into());
    }
    let modes = if rules.modes.is_empty() { modes(&entry) } else { rules.modes.clone() };
    let grade = rules.grade.unwrap_or(Grade::General);
    let items = items(&entry)?;
    Ok(Draft {
        identifier: whole(CODE, &identifier)?,
        title: cut(NAME, title, &mut tally)?,
        summary: cut(SUMMARY, summary, &mut tally)?,
        items: (!items.is_empty()).then_some(items),
        classification: Classification { sharing, conditions, grade, modes },
        openness: openness(&entry)?,
        contact: cut(PROVIDER, contact, &mut tally)?,
        details: Details { catalogue: Catalogue::Csv, entry }.to_bytes()?,
        tally,
    })
}

fn sharing(
    entry: &Map<String, Value>,
    rules: &Rules,
    tally: &mut Tally,
) -> Result<(Sharing, Text<512>), Reason> {
    let word = text_of(entry, SHARING, tally)?;
    let stated: Text<512> = cut(CONDITIONS, text_of(entry, CONDITIONS, tally)?, tally)?;
    let known = || rules.bases.get(entry.get(CODE)?.as_str()?);
    let basis = match stated.as_str() {
        "" => rules.sharing_basis.as_ref().or_else(known).cloned(),
        _ => Some(stated.clone()),
    };
    match (word.trim_end_matches('类'), basis) {
        ("无条件共享" | "无条件", _) => Ok((Sharing::Unconditional, stated)),
        ("有条件共享" | "有条件", _) => Ok((Sharing::Conditional, stated)),
        ("不予共享" | "不共享", Some(basis)) => Ok((Sharing::NotShared, basis)),
        ("不予共享" | "不共享", None) => {
            tally.without_basis += 1;
            Ok((Sharing::Unclassified, stated))
        }
        ("", _) => Ok((Sharing::Unclassified, stated)),
        _ => Err(wrong(SHARING, &word)),
    }
}

fn openness(entry: &Map<String, Value>) -> Result<Openness, Reason> {
    let tally = &mut Tally::default();
    let word = text_of(entry, OPEN, tally)?;
    let conditions = text_of(entry, OPEN_CONDITIONS, tally)?;
    match word.as_str() {
        "是" if conditions.is_empty() => Ok(Openness::Open),
        "无条件开放" | "开放" => Ok(Openness::Open),
        "是" | "有条件开放" => Ok(Openness::OnConditions),
        "否" | "不予开放" | "不开放" => Ok(Openness::Closed),
        "" => Ok(Openness::Unstated),
        _ => Err(wrong(OPEN, &word)),
    }
}

/// By how it is said to be shared.
fn modes(entry: &Map<String, Value>) -> BTreeSet<DeliveryMode> {
    let method = entry.get(METHOD).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| method.contains(word));
    let mut modes = BTreeSet::new();
    if says(&["核验", "核对", "比对"]) {
        modes.insert(DeliveryMode::Verify);
    }
    if says(&["查询", "服务", "api", "webservice"]) || says(&["接口"]) && modes.is_empty() {
        modes.insert(DeliveryMode::Query);
    }
    if says(&["批量", "文件", "库表", "数据库", "下载", "交换", "拷盘", "介质", "邮件"])
    {
        modes.insert(DeliveryMode::Batch);
    }
    if modes.is_empty() {
        modes.insert(DeliveryMode::Query);
    }
    modes
}

fn items(entry: &Map<String, Value>) -> Result<Vec<Item>, Reason> {
    let listed = entry.get(ITEMS).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if listed.len() > MAX_ITEMS {
        return Err(Reason::TooManyItems { count: listed.len() });
    }
    let mut seen: BTreeSet<ItemName> = BTreeSet::new();
    let mut items = Vec::new();
    for item in listed {
        let cell = |column| item.get(column).and_then(Value::as_str).unwrap_or_default();
        let (name, kind) = (tidy::one_line(cell(ITEM)).0, tidy::one_line(cell(ITEM_TYPE)).0);
        let unfit = |cause: String| Reason::ItemUnfit { item: name.clone(), cause };
        let fit: ItemName =
            name.parse().map_err(|e: comity_core::text::TextError| unfit(e.to_string()))?;
        let kind: Text<48> =
            kind.parse().map_err(|e: comity_core::text::TextError| unfit(e.to_string()))?;
        if !seen.insert(fit.clone()) {
            return Err(Reason::ItemTwice { item: name });
        }
        items.push(Item { name: fit, kind });
    }
    Ok(items)
}
