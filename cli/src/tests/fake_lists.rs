//! The fake node's lists: requests, grants, datasets, keys, codes and entries, with the filters of
//! the API that the command line uses.
//! Holds: what is listed comes from the real ledger behind the node.

use std::collections::{BTreeMap, BTreeSet};

use comity_core::agency::KeyRole;
use comity_core::apply::Position;
use comity_core::apply::accesses::check_in_force;
use comity_core::check_request::CheckOutcome;
use comity_core::codes::{CodeList, PublishedCode};
use comity_core::dataset::PublishedDataset;
use comity_core::duty;
use comity_core::grant::Grant;
use comity_core::ids::{
    CheckId, DatasetId, DisputeId, EmergencyId, FindingId, GrantId, IncidentId, LogIndex,
    RequestId, TaskForceId,
};
use comity_core::keys::PublicKey;
use comity_core::ledger::Ledger;
use comity_core::request::Outcome;
use comity_core::rule_pack;
use comity_core::state;
use comity_core::statement::{Action, SignedRecord};
use comity_core::text::AgencyId;
use serde_json::{Value, json};

use super::fixture::{MEMBERS, genesis, secret};

/// A request's query, by name.
pub(super) type Asked = BTreeMap<String, String>;

/// What the lists are made from.
pub(super) struct Lists<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) entries: &'a [Value],
}

/// Reads a query string.
pub(super) fn asked(request: &str) -> Asked {
    let Some((_, query)) = request.split_once('?') else { return Asked::new() };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.replace("%2F", "/").replace('+', " "))
    };
    query.split('&').map(pair).collect()
}

impl Lists<'_> {
    /// The list or object at a path that is none of the node's own.
    pub(super) fn answer(&self, path: &str, asked: &Asked) -> Option<Value> {
        let list = |name: &str, found: Vec<Value>| Some(json!({ name: found, "next": null }));
        match path {
            "/v1/requests" => list("requests", self.requests(asked)),
            "/v1/grants" => list("grants", self.grants(asked)),
            "/v1/emergencies" => list("emergencies", self.emergencies(asked)),
            "/v1/task-forces" => list("task_forces", self.task_forces(asked)),
            "/v1/datasets" => list("datasets", self.datasets(asked)),
            "/v1/keys" => list("keys", self.keys(asked)),
            "/v1/entries" => Some(self.entries(asked)),
            "/v1/codes" => Some(self.codes()),
            "/v1/duties" => list("duties", self.duties(asked)),
            "/v1/checks" => list("checks", self.checks(asked)),
            "/v1/disputes" => list("disputes", self.disputes(asked)),
            "/v1/incidents" => list("incidents", self.incidents(asked)),
            "/v1/calendars" => list("calendars", self.calendars()),
            "/v1/rule-packs" => Some(json!({
                "in_force": rule_pack::rules_at(self.ledger, self.ledger.tip().time),
                "published": rule_pack::published(self.ledger),
            })),
            _ => self
                .about_members(path, asked)
                .or_else(|| self.about_oversight(path))
                .or_else(|| self.object(path)),
        }
    }

    fn object(&self, path: &str) -> Option<Value> {
        if let Some(id) = path.strip_prefix("/v1/requests/") {
            return self.request(id.parse().unwrap());
        }
        if let Some(id) = path.strip_prefix("/v1/grants/") {
            return self.grant(id.parse().unwrap());
        }
        if let Some(id) = path.strip_prefix("/v1/checks/") {
            return self.check(id.parse().unwrap());
        }
        if let Some(id) = path.strip_prefix("/v1/disputes/") {
            return self.dispute(id.parse().unwrap());
        }
        if let Some(id) = path.strip_prefix("/v1/incidents/") {
            return self.incident(id.parse().unwrap());
        }
        if let Some(id) = path.strip_prefix("/v1/task-forces/") {
            return self.task_force(id.parse().unwrap());
        }
        if let Some(id) = path.strip_prefix("/v1/emergencies/") {
            return self.emergency(id.parse().unwrap());
        }
        self.dataset(&path.strip_prefix("/v1/datasets/")?.parse().unwrap())
    }

    /// Every record on the log with its place.
    pub(super) fn records(&self) -> impl Iterator<Item = (LogIndex, Action)> {
        self.entries.iter().enumerate().map(|(at, entry)| {
            let record: SignedRecord = serde_json::from_value(entry["record"].clone()).unwrap();
            (LogIndex(at as u64), record.statement.action)
        })
    }

    fn request(&self, id: RequestId) -> Option<Value> {
        let request = state::request(self.ledger, id)?;
        let state = match request.reply.as_ref().map(|reply| &reply.outcome) {
            None => "open",
            Some(Outcome::Approved { .. }) => "approved",
            Some(Outcome::Refused { .. }) => "refused",
            Some(Outcome::Withdrawn { .. }) => "withdrawn",
            Some(Outcome::Returned { .. }) => "returned",
        };
        Some(json!({ "id": id, "request": request, "state": state }))
    }

    fn requests(&self, asked: &Asked) -> Vec<Value> {
        let opened = |(at, action)| matches!(action, Action::OpenRequest { .. }).then_some(at);
        let found = self.records().filter_map(opened);
        let found = found.filter_map(|at| self.request(RequestId(at)));
        let fits = |value: &Value| {
            let terms = &value["request"]["terms"];
            let dataset = terms["asked"]["dataset"].as_str().unwrap();
            fits(asked, "requester", &terms["asked"]["requester"])
                && fits(asked, "dataset", &terms["asked"]["dataset"])
                && fits(asked, "provider", &json!(dataset.split('/').next()))
                && fits(asked, "bundle", &terms["bundle"])
                && fits(asked, "state", &value["state"])
        };
        found.filter(fits).collect()
    }

    fn grant(&self, id: GrantId) -> Option<Value> {
        let grant = state::grant(self.ledger, id)?;
        let usage = state::usage(self.ledger, id);
        let standing = self.standing(&grant, usage.total);
        let force = state::task_force_of(self.ledger, &grant.terms);
        let members = force.iter().flat_map(|force| force.all_members());
        let members: BTreeMap<_, _> = members
            .map(|agency| (agency.to_string(), state::member_usage(self.ledger, id, agency)))
            .collect();
        Some(json!({
            "id": id, "grant": grant, "usage": usage, "standing": standing, "members": members,
        }))
    }

    fn standing(&self, grant: &Grant, used: u64) -> &'static str {
        let index = LogIndex(self.entries.len() as u64);
        let next = Position { index, time: self.ledger.tip().time };
        match check_in_force(self.ledger, next, grant) {
            Err(refusal) => {
                let rule = refusal.rule();
                rule.strip_prefix("grant-").unwrap_or(rule)
            }
            Ok(()) if grant.terms.total_quota.is_some_and(|limit| used >= limit) => "used-up",
            Ok(()) => "in-force",
        }
    }

    fn grants(&self, asked: &Asked) -> Vec<Value> {
        let found = self.records().filter_map(|(at, _)| self.grant(GrantId(at)));
        let fits = |value: &Value| {
            let terms = &value["grant"]["terms"];
            fits(asked, "requester", &terms["requester"])
                && fits(asked, "dataset", &terms["dataset"])
                && fits(asked, "standing", &value["standing"])
        };
        found.filter(fits).collect()
    }

    fn emergency(&self, id: EmergencyId) -> Option<Value> {
        let emergency = state::emergency(self.ledger, id)?;
        let used = |agency: &AgencyId| {
            let used = state::emergency_use(self.ledger, id, agency);
            (used.entries > 0).then(|| (agency.to_string(), used))
        };
        let uses: BTreeMap<_, _> = emergency.terms.requesters.iter().filter_map(used).collect();
        let state = emergency.state(self.ledger.tip().time);
        Some(json!({ "id": id, "emergency": emergency, "state": state, "uses": uses }))
    }

    fn task_force(&self, id: TaskForceId) -> Option<Value> {
        let force = state::task_force(self.ledger, id)?;
        let state = force.state(self.ledger.tip().time);
        Some(json!({ "id": id, "task_force": force, "state": state }))
    }

    fn task_forces(&self, asked: &Asked) -> Vec<Value> {
        let found = self.records().filter_map(|(at, _)| self.task_force(TaskForceId(at)));
        found.filter(|value| fits(asked, "state", &value["state"])).collect()
    }

    fn emergencies(&self, asked: &Asked) -> Vec<Value> {
        let found = self.records().filter_map(|(at, _)| self.emergency(EmergencyId(at)));
        found.filter(|value| fits(asked, "state", &value["state"])).collect()
    }

    fn dataset(&self, id: &DatasetId) -> Option<Value> {
        let published: PublishedDataset = state::dataset(self.ledger, id)?;
        let state = match () {
            () if published.withdrawals.current().is_some() => "withdrawn",
            () if published.suspensions.current().is_some() => "suspended",
            () => "listed",
        };
        let mut value = serde_json::to_value(published).unwrap();
        value["state"] = json!(state);
        Some(value)
    }

    fn datasets(&self, asked: &Asked) -> Vec<Value> {
        let published = |(_, action)| match action {
            Action::PublishDataset { dataset } => self.dataset(&dataset.id),
            _ => None,
        };
        let fits = |value: &Value| {
            let id = value["dataset"]["id"].as_str().unwrap();
            fits(asked, "agency", &json!(id.split('/').next()))
                && fits(asked, "sharing", &value["dataset"]["sharing"])
        };
        self.records().filter_map(published).filter(fits).collect()
    }

    fn keys(&self, asked: &Asked) -> Vec<Value> {
        let founding = MEMBERS
            .iter()
            .flat_map(|member| KeyRole::ALL.into_iter().map(|role| secret(member, role).public()));
        let registered = self.records().flat_map(|(_, action)| match action {
            Action::RegisterKey { key, .. } => vec![key],
            Action::OpenProposal { measure } => {
                measure.new_keys().into_iter().map(|(_, new)| new.key).collect()
            }
            _ => vec![],
        });
        let keys: Vec<PublicKey> = founding.chain(registered).collect();
        let found = keys.iter().filter_map(|key| {
            let found = state::key(self.ledger, key)?;
            let numbers =
                (found.role == KeyRole::Gateway).then(|| state::gateway_numbers(self.ledger, key));
            Some(json!({ "public_key": key, "key": found, "numbers": numbers }))
        });
        found.filter(|value| fits(asked, "agency", &value["key"]["agency"])).collect()
    }

    fn duties(&self, asked: &Asked) -> Vec<Value> {
        let (mut datasets, mut duties) = (BTreeSet::new(), Vec::new());
        for (at, action) in self.records() {
            if let Some(request) = state::request(self.ledger, RequestId(at)) {
                duties.extend(duty::of_request(self.ledger, &request));
            }
            if let Some(grant) = state::grant(self.ledger, GrantId(at)) {
                duties.extend(duty::of_grant(self.ledger, &grant));
            }
            if let Some(check) = state::check_request(self.ledger, CheckId(at)) {
                duties.extend(duty::of_check(self.ledger, &check));
            }
            if let Some(dispute) = state::dispute(self.ledger, DisputeId(at)) {
                duties.extend(duty::of_dispute(self.ledger, &dispute));
            }
            if let Some(finding) = state::finding(self.ledger, FindingId(at)) {
                duties.extend(duty::of_finding(self.ledger, &finding));
            }
            if let Some(found) = state::emergency(self.ledger, EmergencyId(at)) {
                duties.extend(duty::of_emergency(self.ledger, &found));
            }
            if let Action::RecordAccess { attempt, .. } = &action
                && let Some(id) = attempt.attempt.grant.emergency()
                && let Some(found) = state::emergency_access(self.ledger, id, at)
            {
                duties.extend(duty::of_emergency_access(self.ledger, id, at, &found));
            }
            if let Action::PublishDataset { dataset } = action
                && datasets.insert(dataset.id.clone())
            {
                let published = state::dataset(self.ledger, &dataset.id).unwrap();
                duties.extend(duty::of_dataset(self.ledger, &published));
            }
        }
        let now = self.ledger.tip().time;
        let shown = duties.into_iter().map(|duty| {
            let mut value = serde_json::to_value(&duty).unwrap();
            value["state"] = json!(duty.state(now));
            value
        });
        let fits = |value: &Value| {
            fits(asked, "agency", &value["owed_by"])
                && fits(asked, "state", &value["state"])
                && (value["owed_to"].is_null() || fits(asked, "to", &value["owed_to"]))
        };
        shown.filter(fits).collect()
    }

    fn check(&self, id: CheckId) -> Option<Value> {
        let check = state::check_request(self.ledger, id)?;
        let state = match check.answer.as_ref().map(|answer| &answer.outcome) {
            None => "open",
            Some(CheckOutcome::NotUpheld { .. }) => "not-upheld",
            Some(CheckOutcome::Upheld { .. }) if check.corrected.is_some() => "corrected",
            Some(CheckOutcome::Upheld { .. }) => "upheld",
        };
        let holder = check.holder().clone();
        Some(json!({ "id": id, "check": check, "holder": holder, "state": state }))
    }

    fn checks(&self, asked: &Asked) -> Vec<Value> {
        let found = self.records().filter_map(|(at, _)| self.check(CheckId(at)));
        let fits = |value: &Value| {
            fits(asked, "holder", &value["holder"]) && fits(asked, "state", &value["state"])
        };
        found.filter(fits).collect()
    }

    fn dispute(&self, id: DisputeId) -> Option<Value> {
        let dispute = state::dispute(self.ledger, id)?;
        let state = match &dispute.step().ruled {
            None => "open",
            Some(_) if dispute.anew().is_some() => "anew",
            Some(_) => "stands",
        };
        Some(json!({ "id": id, "dispute": dispute, "state": state }))
    }

    fn disputes(&self, asked: &Asked) -> Vec<Value> {
        let found = self.records().filter_map(|(at, _)| self.dispute(DisputeId(at)));
        found.filter(|value| fits(asked, "state", &value["state"])).collect()
    }

    fn incident(&self, id: IncidentId) -> Option<Value> {
        let incident = state::incident(self.ledger, id)?;
        let state = if incident.closed.is_some() { "closed" } else { "open" };
        Some(json!({ "id": id, "incident": incident, "state": state }))
    }

    fn incidents(&self, asked: &Asked) -> Vec<Value> {
        let found = self.records().filter_map(|(at, _)| self.incident(IncidentId(at)));
        let side = |value: &Value, agency: &str| {
            let terms = &value["incident"]["terms"];
            let grants = terms["grants"].as_array().unwrap().iter().map(|id| id.as_str().unwrap());
            let grants = grants.filter_map(|id| state::grant(self.ledger, id.parse().unwrap()));
            value["incident"]["reported_by"] == *agency
                || grants.into_iter().any(|grant| {
                    let terms = &grant.terms;
                    [&terms.requester, &terms.dataset.agency].iter().any(|id| id.as_str() == agency)
                })
        };
        let fits = |value: &Value| {
            asked.get("agency").is_none_or(|agency| side(value, agency))
                && fits(asked, "state", &value["state"])
        };
        found.filter(fits).collect()
    }

    fn calendars(&self) -> Vec<Value> {
        let regions = self.records().filter_map(|(_, action)| match action {
            Action::PublishCalendar { calendar } => Some(calendar.region),
            _ => None,
        });
        let regions: BTreeSet<_> = regions.collect();
        let found = regions.iter().filter_map(|region| state::calendars(self.ledger, region));
        found
            .flat_map(|region| region.all().iter().map(|one| json!(one)).collect::<Vec<_>>())
            .collect()
    }

    fn codes(&self) -> Value {
        let founding = genesis();
        let of = |list: CodeList, founding: Vec<comity_core::codes::CodeEntry>| {
            let later = self.records().flat_map(|(_, action)| match action {
                Action::PublishCodes { list: other, codes } if other == list => codes,
                _ => vec![],
            });
            let codes = founding.into_iter().chain(later);
            let found = codes.filter_map(|entry| state::code(self.ledger, list, &entry.code));
            found.collect::<Vec<PublishedCode>>()
        };
        json!({
            "matters": of(CodeList::Matters, founding.matters),
            "duty_bases": of(CodeList::DutyBases, founding.duty_bases),
        })
    }

    /// `GET /v1/entries`, page by page.
    fn entries(&self, asked: &Asked) -> Value {
        let number = |name: &str| asked.get(name).map(|text| text.parse::<u64>().unwrap());
        let parent = |entry: &Value| {
            let grant =
                entry["record"]["statement"]["action"]["attempt"]["attempt"]["grant"].as_str()?;
            state::grant(self.ledger, grant.parse().ok()?)?.parent
        };
        let meets = |entry: &&Value| meets(asked, entry, parent(entry));
        let mut found: Vec<&Value> = self.entries.iter().filter(meets).collect();
        let from = number("from");
        if asked.get("order").is_some_and(|order| order == "desc") {
            found.reverse();
            found.retain(|entry| from.is_none_or(|from| entry["index"].as_u64() <= Some(from)));
        } else {
            found.retain(|entry| entry["index"].as_u64() >= from);
        }
        let limit = number("limit").map_or(100, |limit| usize::try_from(limit).unwrap());
        let next = found.get(limit).map(|entry| entry["index"].clone());
        found.truncate(limit);
        json!({ "entries": found, "next": next })
    }
}

/// Whether an entry meets the conditions that are asked for.
fn meets(asked: &Asked, entry: &Value, parent: Option<GrantId>) -> bool {
    let statement = &entry["record"]["statement"];
    let action = &statement["action"];
    let attempt = &action["attempt"]["attempt"];
    let time = entry["time"].as_u64().unwrap();
    let of_request = |request: &String| {
        let opened = action["kind"] == "open-request";
        action["request"] == **request
            || opened && *request == format!("R{}", entry["index"].as_u64().unwrap())
    };
    let of_grant = |grant: &String| {
        let issues = ["issue-grant", "approve-request", "issue-onward"];
        let issued = issues.contains(&action["kind"].as_str().unwrap());
        attempt["grant"] == **grant
            || action["grant"] == **grant
            || parent.is_some_and(|parent| parent.to_string() == *grant)
            || issued && *grant == format!("G{}", entry["index"].as_u64().unwrap())
    };
    let given = |name: &str| asked.get(name);
    let time_of = |text: &String| text.parse::<u64>().unwrap();
    fits(asked, "kind", &entry["kind"])
        && fits(asked, "matter", &attempt["matter"])
        && given("exchange").is_none_or(|id| {
            let named = action["accesses"].as_array().into_iter().flatten();
            attempt["exchange"] == **id || named.into_iter().any(|one| one["exchange"] == **id)
        })
        && given("agency")
            .is_none_or(|id| attempt["requester"] == **id || action["accesses"].is_array())
        && given("grant").is_none_or(of_grant)
        && given("request").is_none_or(of_request)
        && given("key").is_none_or(|key| {
            statement["signers"][0]["key"] == **key || attempt["officer"] == **key
        })
        && given("since").is_none_or(|since| time >= time_of(since))
        && given("until").is_none_or(|until| time < time_of(until))
}

fn fits(asked: &Asked, name: &str, value: &Value) -> bool {
    asked.get(name).is_none_or(|wanted| value == wanted)
}
