//! `comity rules`: shows the rule packs, and what another one would have made of the last requests.
//! Holds: a preview judges with core's own clocks, on the calendars of today.

use std::collections::BTreeMap;
use std::path::Path;

use comity_core::agency::Agency;
use comity_core::calendar::RegionCalendars;
use comity_core::duty::{self, DutyState};
use comity_core::hash::RecordId;
use comity_core::ids::{ExchangeId, LogIndex, TimeMs};
use comity_core::rule_pack::{Clock, PublishedRules, RulePack};
use comity_core::state::{Changes, StateKey, StateRead};
use comity_core::statement::Action;
use comity_core::text::{Code, Text};
use serde::Deserialize;
use serde_json::{Value, json};

use super::calendar::Calendars;
use crate::args::{PreviewRules, PublishRules, RulesVerb, WhichRules};
use crate::client::{Client, RequestAnswer};
use crate::describe::supervision;
use crate::fault::Fault;
use crate::messages::{fault, say, text};
use crate::shell::Session;
use crate::sign::Desk;
use crate::time::{self, DAY_MS, Edge};
use crate::{keys, table};

const PLAIN: &str = include_str!("../packs/plain.toml");
const CN_LOCAL: &str = include_str!("../packs/cn-local.toml");
const CN_2025: &str = include_str!("../packs/cn-2025.toml");

/// The rule packs as the node answers them.
#[derive(Debug, Deserialize)]
struct RulePacks {
    in_force: RulePack,
    published: Vec<PublishedRules>,
}

/// A rule pack as people write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackFile {
    name: Code,
    title: Text<128>,
    source: Text<512>,
    from: String,
    clocks: BTreeMap<Clock, u16>,
    stewards_important: u8,
    stewards_core: u8,
}

pub(super) fn run(verb: RulesVerb, session: &mut Session<'_>) -> Result<(), Fault> {
    match verb {
        RulesVerb::Show => show(session),
        RulesVerb::Example(args) => session.shell.line(
            match args.name {
                WhichRules::Plain => PLAIN,
                WhichRules::CnLocal => CN_LOCAL,
                WhichRules::Cn2025 => CN_2025,
            }
            .trim_end(),
        ),
        RulesVerb::Publish(args) => publish(&args, session),
        RulesVerb::Preview(args) => preview(&args, session),
    }
}

fn show(session: &mut Session<'_>) -> Result<(), Fault> {
    let client = session.client()?;
    let found = client.value("/v1/rule-packs", &vec![])?;
    let RulePacks { in_force, published } = client.read(&found)?;
    let zone = session.shell.zone.clone();
    session.result(&found, |_| {
        let mut parts =
            vec![say!("rules-in-force"), table::pairs(&supervision::pack_rows(&in_force, &zone))];
        for later in published.iter().filter(|one| one.pack.from > in_force.from) {
            parts.push(say!("rules-to-come"));
            parts.push(table::pairs(&supervision::pack_rows(&later.pack, &zone)));
        }
        parts.join("\n\n")
    })
}

/// Reads a rule pack. Errors: it is none, or one that the ledger would refuse for its form.
fn load(path: &Path, session: &Session<'_>) -> Result<RulePack, Fault> {
    let unreadable = |cause: String| {
        fault!(Failed, "rules-unreadable", path = path.display(), cause = cause.trim_end())
    };
    let text = keys::read_text(path, unreadable)?;
    let file: PackFile = toml::from_str(&text).map_err(|e| unreadable(e.to_string()))?;
    let from = time::instant(&file.from, Edge::Start, &session.shell.zone, session.shell.now())?;
    let PackFile { name, title, source, clocks, stewards_important, stewards_core, .. } = file;
    let pack = RulePack { name, title, source, from, clocks, stewards_important, stewards_core };
    match pack.fault() {
        Some(fault) => Err(fault!(Refused, "rules-unfit", fault = fault)),
        None => Ok(pack),
    }
}

/// A rule pack that comes with the program, as it rules from a time on. Errors: there is none of this
/// name, or its file is not as it should be.
pub(crate) fn shipped(name: &str, from: TimeMs) -> Result<RulePack, String> {
    let text = match name {
        "plain" => PLAIN,
        "cn-local" => CN_LOCAL,
        "cn-2025" => CN_2025,
        _ => return Err(format!("no rule pack {name} comes with the program")),
    };
    let file: PackFile = toml::from_str(text).map_err(|error| error.to_string())?;
    let PackFile { name, title, source, clocks, stewards_important, stewards_core, .. } = file;
    Ok(RulePack { name, title, source, from, clocks, stewards_important, stewards_core })
}

fn publish(args: &PublishRules, session: &mut Session<'_>) -> Result<(), Fault> {
    let pack = load(&args.file, session)?;
    let desk = Desk::open(session, &args.who.signing.key)?;
    desk.change_with(session, &args.who, Action::PublishRules { pack })
}

/// What clocks read: parameters, agencies, calendars, and one rule pack that always ruled.
struct Supposed(Changes);

impl StateRead for Supposed {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.0.puts.get(key).map(Vec::as_slice)
    }
    fn has_record(&self, _id: &RecordId) -> bool {
        false
    }
    fn has_exchange(&self, _id: &ExchangeId) -> bool {
        false
    }
}

impl Supposed {
    fn read(client: &Client) -> Result<Supposed, Fault> {
        let mut known = Changes::default();
        let rules = client.rules()?;
        known.put(&StateKey::Params, &rules.params);
        known.put(&StateKey::CompetentAuthority, &rules.competent_authority);
        for member in client.members()? {
            known.put::<Agency>(&StateKey::Agency(&member.agency.id), &member.agency);
        }
        let Calendars { calendars } = client.get("/v1/calendars")?;
        let mut regions: BTreeMap<Text<64>, RegionCalendars> = BTreeMap::new();
        for published in calendars {
            let region = published.calendar.region.clone();
            regions.entry(region).or_default().publish(published.calendar, published.at);
        }
        for (region, calendars) in &regions {
            known.put(&StateKey::Calendars(region), calendars);
        }
        Ok(Supposed(known))
    }

    /// As if this pack had always ruled.
    fn ruled_by(&mut self, pack: &RulePack) {
        let pack = RulePack { from: TimeMs(0), ..pack.clone() };
        self.0.put(&StateKey::RulePacks, &vec![PublishedRules { pack, at: LogIndex(0) }]);
    }
}

fn preview(args: &PreviewRules, session: &mut Session<'_>) -> Result<(), Fault> {
    let pack = load(&args.file, session)?;
    let client = session.client()?;
    let present: RulePacks = client.get("/v1/rule-packs")?;
    let now = session.shell.now();
    let since = TimeMs(now.0.saturating_sub(args.days.saturating_mul(DAY_MS)));
    let mut requests = client.requests(&vec![])?;
    requests.retain(|answer| answer.request.opened_on >= since);
    let mut state = Supposed::read(&client)?;
    let mut counted = Vec::new();
    for rules in [&present.in_force, &pack] {
        state.ruled_by(rules);
        counted.push(count(&state, rules, &requests, now));
    }
    let [before, after] = &counted[..] else { unreachable!("two packs were counted") };
    let value = json!({
        "requests": requests.len(), "days": args.days,
        "in_force": { "name": present.in_force.name, "states": before },
        "proposed": { "name": pack.name, "states": after },
    });
    let (present, proposed) = (present.in_force.name.to_string(), pack.name.to_string());
    session.result(&value, |_| {
        let head = say!("rules-preview", count = requests.len(), days = args.days);
        let states = ["met", "met-late", "lapsed", "running", "released"];
        let of = |counts: &BTreeMap<String, u64>, state: &str| {
            counts.get(state).copied().unwrap_or_default().to_string()
        };
        let rows = states.map(|state| {
            vec![text(&format!("duties-{state}")).to_owned(), of(before, state), of(after, state)]
        });
        let headings = [text("column-state"), &present, &proposed];
        format!("{head}\n\n{}", table::rows(&headings, rows.into()))
    })
}

/// How many duties of these requests stand how.
fn count(
    state: &Supposed,
    rules: &RulePack,
    requests: &[RequestAnswer],
    now: TimeMs,
) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for answer in requests {
        let mut request = answer.request.clone();
        // The review is owed where these rules ask for it, whatever those of its day did.
        let reviews = rules.days(Clock::ComplianceReview).is_some();
        request.reviewer = reviews.then(|| comity_core::state::require_competent_authority(state));
        for duty in duty::of_request(state, &request) {
            *counts.entry(name(duty.state(now))).or_default() += 1;
        }
    }
    counts
}

fn name(state: DutyState) -> String {
    match serde_json::to_value(state) {
        Ok(Value::String(name)) => name,
        _ => unreachable!("a state is a word"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packs_that_come_with_the_program_can_be() {
        for (file, name) in [(PLAIN, "PLAIN-1"), (CN_LOCAL, "CN-LOCAL"), (CN_2025, "CN-2025")] {
            let pack: PackFile = toml::from_str(file).unwrap();
            assert_eq!(pack.name.as_str(), name);
            assert!(pack.clocks.contains_key(&Clock::ReplyConditional));
        }
        let plain: PackFile = toml::from_str(PLAIN).unwrap();
        assert_eq!(plain.clocks, RulePack::plain().clocks);
        let local: PackFile = toml::from_str(CN_LOCAL).unwrap();
        assert!(local.source.as_str().contains("地方"));
    }
}
