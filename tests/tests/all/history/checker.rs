//! Whether a history fits one order of the log.
//!
//! The log is an order of all writes, and the question is whether every answer can be given a
//! moment in it. Each answer is true of an interval of prefixes of the log. A node moves along the
//! log in one direction, and no prefix holds what nobody had asked for yet. So each answer gets the
//! shortest prefix that its interval and the node's earlier answers allow; if that is too long for
//! it, no order of the log explains the history. (The shortest choice is enough: it leaves the most
//! room to all that come later.)
//!
//! Holds: it knows nothing but the history and the records on the log, in their order.
//! May not enter: the ledger's code, or any of a node's.

use std::collections::BTreeMap;

use super::{Act, Ask, Op, Told};

/// The prefixes of which an answer is true: from so many entries to so many, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    least: u64,
    most: u64,
}

/// What the log says of a grant.
#[derive(Debug, Default)]
struct GrantLife {
    revoked: Option<u64>,
    /// Indexes of the accesses under it, ascending.
    used: Vec<u64>,
}

/// The log, by what one may ask of it.
struct Log {
    index: BTreeMap<String, u64>,
    records: Vec<String>,
    grants: BTreeMap<u64, GrantLife>,
}

/// Everything that is wrong with a history, given the ids of the records on the log.
pub(super) fn faults(history: &[Op], log: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let log = Log::read(history, log, &mut faults);
    let order = Order::of(history, &log);
    // The nodes' answers, in the order in which they were asked for.
    let mut asked: Vec<&Op> = history.iter().filter(|op| op.ended.is_some()).collect();
    asked.sort_by_key(|op| op.began);
    let mut floors: BTreeMap<usize, Floor> = BTreeMap::new();
    for op in asked {
        let Some(ended) = op.ended else { continue };
        let span = match log.span(op) {
            Ok(Some(span)) => span,
            Ok(None) => continue,
            Err(fault) => {
                faults.push(format!("{fault}: {op:?}"));
                continue;
            }
        };
        let floor = floors.entry(op.node).or_default();
        let shown = floor.before(op.began);
        let prefix = span.least.max(shown);
        if prefix > span.most {
            let what = format!("true of at most {} entries, the node had shown {shown}", span.most);
            faults.push(format!("{what}: {op:?}"));
        }
        // An answer in the midst of judging is of what is decided, which may be ahead of what the
        // node shows otherwise.
        if !matches!(op.ask, Ask::Judge(_)) {
            floor.note(ended, prefix);
        }
        if let Some((later, index)) = order.first_after(ended).filter(|(_, index)| *index < prefix)
        {
            let what =
                format!("shows {prefix} entries, but {later} at {index} was asked for later");
            faults.push(format!("{what}: {op:?}"));
        }
    }
    faults
}

/// How many entries a node had shown by when.
#[derive(Debug, Default)]
struct Floor(Vec<(u64, u64)>);

impl Floor {
    fn before(&self, moment: u64) -> u64 {
        let shown = self.0.iter().filter(|(ended, _)| *ended < moment);
        shown.map(|(_, prefix)| *prefix).max().unwrap_or(0)
    }

    fn note(&mut self, ended: u64, prefix: u64) {
        // Only what shows more than all that ended before can ever matter.
        if self.before(ended.saturating_add(1)) < prefix {
            self.0.retain(|(other, shown)| *other < ended || *shown > prefix);
            self.0.push((ended, prefix));
        }
    }
}

/// When the entries of the log were first asked for.
struct Order {
    /// By that moment: the lowest index among all that were asked for then or later, and whose.
    lowest: BTreeMap<u64, (String, u64)>,
}

impl Order {
    fn of(history: &[Op], log: &Log) -> Order {
        let mut begun: BTreeMap<&str, u64> = BTreeMap::new();
        for op in history {
            if let Ask::Submit { record, .. } = &op.ask {
                let first = begun.entry(record).or_insert(op.began);
                *first = op.began.min(*first);
            }
        }
        let mut moments: Vec<(u64, &str)> = begun.iter().map(|(id, at)| (*at, *id)).collect();
        moments.sort_unstable_by(|a, b| b.cmp(a));
        let (mut lowest, mut least) = (BTreeMap::new(), None::<(String, u64)>);
        for (began, record) in moments {
            let Some(index) = log.index.get(record) else { continue };
            if least.as_ref().is_none_or(|(_, found)| index < found) {
                least = Some((record.to_owned(), *index));
            }
            lowest.extend(least.clone().map(|least| (began, least)));
        }
        Order { lowest }
    }

    /// The lowest entry that nobody had asked for at `moment`.
    fn first_after(&self, moment: u64) -> Option<(&str, u64)> {
        let (_, (record, index)) = self.lowest.range(moment + 1..).next()?;
        Some((record, *index))
    }
}

impl Log {
    fn read(history: &[Op], records: &[String], faults: &mut Vec<String>) -> Log {
        let mut log =
            Log { index: BTreeMap::new(), records: records.to_vec(), grants: BTreeMap::new() };
        let acts: BTreeMap<&str, Act> = history
            .iter()
            .filter_map(|op| match &op.ask {
                Ask::Submit { record, act } => Some((record.as_str(), *act)),
                _ => None,
            })
            .collect();
        for (index, record) in (0..).zip(records) {
            if let Some(first) = log.index.insert(record.clone(), index) {
                faults.push(format!("{record} is on the log twice, at {first} and at {index}"));
            }
            match acts.get(record.as_str()) {
                Some(Act::Issue) => drop(log.grants.entry(index).or_default()),
                Some(Act::Revoke(grant)) => {
                    let grant = log.grants.entry(*grant).or_default();
                    grant.revoked = grant.revoked.or(Some(index));
                }
                Some(Act::Access(grant)) => {
                    let life = log.grants.entry(*grant).or_default();
                    life.used.push(index);
                    if life.revoked.is_some() {
                        faults.push(format!("{record} at {index} uses G{grant}, which is revoked"));
                    }
                }
                Some(Act::Other) | None => {}
            }
        }
        log
    }

    /// Of which prefixes an answer is true; `None` where it says nothing of any. Errors: of none.
    fn span(&self, op: &Op) -> Result<Option<Span>, String> {
        let from = |least| Ok(Some(Span { least, most: u64::MAX }));
        let until = |most| Ok(Some(Span { least: 0, most }));
        match (&op.ask, &op.told) {
            (_, Told::Unknown | Told::Refused) => Ok(None),
            (Ask::Submit { record, .. }, Told::Committed(index))
            | (Ask::Record(record), Told::Record(index)) => {
                self.holds(*index, record)?;
                from(index + 1)
            }
            (Ask::Entry(index), Told::Entry(record)) => {
                self.holds(*index, record)?;
                from(index + 1)
            }
            (Ask::Entry(index), Told::Absent) => until(*index),
            (Ask::Record(record), Told::Absent) => {
                until(self.index.get(record).copied().unwrap_or(u64::MAX))
            }
            (Ask::Grant(grant) | Ask::Judge(grant), Told::Absent) => until(*grant),
            (Ask::Grant(grant), Told::Grant { revoked, used }) => {
                let life = self.life(*grant)?;
                let mut span = life.used_exactly(*grant, *used)?;
                match (revoked, life.revoked) {
                    (Some(told), found) if found == Some(*told) => {
                        span.least = span.least.max(told + 1);
                    }
                    (None, found) => span.most = span.most.min(found.unwrap_or(u64::MAX)),
                    (Some(told), found) => {
                        return Err(format!("revoked by {found:?}, not by {told}"));
                    }
                }
                span.checked()
            }
            (Ask::Judge(grant), Told::Allowed { used }) => {
                let life = self.life(*grant)?;
                let before = used.checked_sub(1).ok_or("an allowed access counts")?;
                let mut span = life.used_exactly(*grant, before)?;
                span.most = span.most.min(life.revoked.unwrap_or(u64::MAX));
                span.checked()
            }
            (Ask::Judge(grant), Told::Revoked { at }) => {
                if self.life(*grant)?.revoked != Some(*at) {
                    return Err(format!("it was not entry {at} that revoked it"));
                }
                from(at + 1)
            }
            _ => Err("an answer to another question".to_owned()),
        }
    }

    fn holds(&self, index: u64, record: &str) -> Result<(), String> {
        let found = usize::try_from(index).ok().and_then(|index| self.records.get(index));
        match found {
            Some(found) if found == record => Ok(()),
            Some(found) => Err(format!("entry {index} is {found}")),
            None => Err(format!("there is no entry {index}")),
        }
    }

    fn life(&self, grant: u64) -> Result<&GrantLife, String> {
        self.grants.get(&grant).ok_or_else(|| format!("there is no grant G{grant}"))
    }
}

impl GrantLife {
    /// The prefixes in which the grant is there and was used so often.
    fn used_exactly(&self, grant: u64, used: u64) -> Result<Span, String> {
        let at = usize::try_from(used).map_err(|e| e.to_string())?;
        let last = match at.checked_sub(1) {
            None => Some(grant),
            Some(last) => self.used.get(last).copied(),
        };
        let last = last.ok_or_else(|| format!("it was never used {used} times"))?;
        Ok(Span { least: last + 1, most: self.used.get(at).copied().unwrap_or(u64::MAX) })
    }
}

impl Span {
    fn checked(self) -> Result<Option<Span>, String> {
        if self.least <= self.most { Ok(Some(self)) } else { Err("never true".to_owned()) }
    }
}
