//! `comity request open`: one request, or one for each of several datasets.
//! Holds: all are shown before any is signed; one that is refused does not stop the rest; what is
//! open or granted already is not asked for again; no two requests have a sealed salt in common.

use std::collections::BTreeSet;

use comity_core::dataset::{Items, PublishedDataset, Sharing};
use comity_core::grant::GrantTerms;
use comity_core::ids::{BundleId, DatasetId, GrantId, RequestId, TimeMs};
use comity_core::request::{Outcome, RequestTerms};
use comity_core::statement::Action;
use comity_core::text::{AgencyId, Text};
use serde_json::{Value, json};

use super::scene::{self, Scene};
use crate::args::OpenRequest;
use crate::client::{Client, Committed, GrantAnswer, RequestAnswer};
use crate::fault::{Exit, Fault};
use crate::messages::{fault, say};
use crate::privacy;
use crate::sealed::Sealed;
use crate::shell::Session;
use crate::sign::{self, Desk};
use crate::time::{DAY_MS, Edge};
use crate::{describe, table, time};

/// How long a request for one answer lasts beyond the day on which the reply is needed.
const ONCE_DAYS: u64 = 14;

pub(super) fn run(args: &OpenRequest, session: &mut Session<'_>) -> Result<Exit, Fault> {
    let scene = args.scene.as_deref().map(scene::load).transpose()?;
    let scene = scene.map(|scene| scene.narrowed(args)).transpose()?;
    let desk = Desk::open(session, &args.signing.key)?;
    let wanted = wanted(args, scene.as_ref(), &desk.key.file.agency, session)?;
    let sealed = Sealed::gather(&args.details, session)?;
    let mut plans = Vec::new();
    for terms in wanted {
        let sealed = sealed.salted_anew(session)?;
        plans.push(Plan::of(&desk.client, terms, sealed, args)?);
    }
    let title = scene.as_ref().map(|scene| &scene.title);
    let desk = Counter { valid_until: desk.valid_until(session.shell.now()), desk };
    desk.preview(session, title, &plans);
    if plans.iter().any(Plan::is_new) {
        session.confirm()?;
    }
    for plan in plans.iter().filter(|plan| plan.is_new()) {
        plan.sealed.keep(session, &desk.desk)?;
    }
    let mut report = Report { bundle: bundle(&plans), results: vec![], exit: Exit::Done };
    for plan in &plans {
        let opened = plan.open(session, &desk);
        let is_refused = opened.as_ref().is_err_and(|fault| fault.exit == Exit::Refused);
        let committed = opened.as_ref().ok().and_then(Option::as_ref);
        let by_rule = committed.and_then(|committed| plan.by_rule(committed, &desk));
        report.add(plan, (opened, by_rule), session)?;
        if is_refused {
            plan.sealed.note_refused(session, &desk.desk.consortium());
        }
    }
    report.end(session)
}

/// Where all requests of one command are signed.
struct Counter {
    desk: Desk,
    valid_until: TimeMs,
}

/// What is wanted, a request for each dataset.
fn wanted(
    args: &OpenRequest,
    scene: Option<&Scene>,
    requester: &AgencyId,
    session: &mut Session<'_>,
) -> Result<Vec<RequestTerms>, Fault> {
    let (zone, now) = (session.shell.zone.clone(), session.shell.now());
    let once = args.once || scene.is_some_and(|scene| scene.once);
    let needed = args.needed_by.as_deref();
    let needed = needed.or(scene.and_then(|scene| scene.needed_within.as_deref()));
    let needed_by = needed.map(|text| time::instant(text, Edge::End, &zone, now)).transpose()?;
    let until = args.until.as_deref().or(scene.and_then(|scene| scene.period.as_deref()));
    let not_after = match until {
        Some(text) => time::instant(text, Edge::End, &zone, now)?,
        None if once => needed_by.unwrap_or(now).max(now).plus(ONCE_DAYS * DAY_MS),
        None => return Err(fault!(Usage, "request-without-end")),
    };
    let limits = Limits {
        not_before: time::instant(&args.from, Edge::Start, &zone, now)?,
        not_after,
        total_quota: args
            .quotas
            .total_quota
            .or(scene.and_then(|scene| scene.total_quota))
            .or(once.then_some(1)),
        daily_quota: args.quotas.daily_quota.or(scene.and_then(|scene| scene.daily_quota)),
    };
    let asked = match scene {
        Some(scene) => of_scene(args, scene, requester, &limits),
        None => typed(args, requester, &limits)?,
    };
    let bundle = if asked.len() > 1 { Some(BundleId(session.shell.draw()?)) } else { None };
    let terms = |asked| RequestTerms { asked, once, needed_by, bundle };
    Ok(asked.into_iter().map(terms).collect())
}

/// What all requests of one command have in common.
struct Limits {
    not_before: TimeMs,
    not_after: TimeMs,
    total_quota: Option<u64>,
    daily_quota: Option<u64>,
}

fn of_scene(
    args: &OpenRequest,
    scene: &Scene,
    requester: &AgencyId,
    limits: &Limits,
) -> Vec<GrantTerms> {
    let terms = |part: &scene::Part| GrantTerms {
        dataset: part.dataset.clone(),
        requester: requester.clone(),
        matters: scene.matters.clone(),
        duty_basis: scene.basis.clone(),
        items: part.items(),
        modes: part.modes.clone(),
        not_before: limits.not_before,
        not_after: limits.not_after,
        total_quota: limits.total_quota,
        daily_quota: limits.daily_quota,
        conditions: part.conditions(args),
        officers: args.binding.officers().unwrap_or_default(),
        onward: args.binding.onward(),
        undertakings: args.binding.undertakings(),
        task_force: args.task_force,
    };
    scene.datasets.iter().map(terms).collect()
}

fn typed(
    args: &OpenRequest,
    requester: &AgencyId,
    limits: &Limits,
) -> Result<Vec<GrantTerms>, Fault> {
    let Some(basis) = &args.basis else {
        return Err(fault!(Usage, "request-without-basis"));
    };
    let items = match args.all_items {
        true => Items::All,
        false => Items::Only(args.item.iter().cloned().collect()),
    };
    let datasets: BTreeSet<&DatasetId> = args.dataset.iter().collect();
    let terms = |dataset: &DatasetId| GrantTerms {
        dataset: dataset.clone(),
        requester: requester.clone(),
        matters: args.matter.iter().cloned().collect(),
        duty_basis: basis.clone(),
        items: items.clone(),
        modes: args.mode.iter().copied().collect(),
        not_before: limits.not_before,
        not_after: limits.not_after,
        total_quota: limits.total_quota,
        daily_quota: limits.daily_quota,
        conditions: args.condition.iter().copied().collect(),
        officers: args.binding.officers().unwrap_or_default(),
        onward: args.binding.onward(),
        undertakings: args.binding.undertakings(),
        task_force: args.task_force,
    };
    Ok(datasets.into_iter().map(terms).collect())
}

/// What is to be done about one dataset.
struct Plan {
    terms: RequestTerms,
    sealed: Sealed,
    dataset: Option<PublishedDataset>,
    already: Option<Already>,
}

/// Why a request is not opened again.
enum Already {
    Open(RequestId),
    Granted(GrantId),
}

impl Plan {
    fn of(
        client: &Client,
        terms: RequestTerms,
        sealed: Sealed,
        args: &OpenRequest,
    ) -> Result<Plan, Fault> {
        let dataset = client.find_dataset(&terms.asked.dataset)?;
        let already = if args.again { None } else { already(client, &terms)? };
        Ok(Plan { terms, sealed, dataset, already })
    }

    fn is_new(&self) -> bool {
        self.already.is_none()
    }

    /// Who answers for the dataset.
    fn contact(&self) -> String {
        self.dataset.as_ref().map(|found| found.dataset.contact.to_string()).unwrap_or_default()
    }

    /// The grant that came with the request itself. Where the node does not say, it is told by what
    /// the officer asks next.
    fn by_rule(&self, committed: &Committed, Counter { desk, .. }: &Counter) -> Option<GrantId> {
        let sharing = self.dataset.as_ref().map(|found| found.dataset.sharing);
        if sharing != Some(Sharing::Unconditional) {
            return None;
        }
        let found = desk.client.ask_request(RequestId(committed.index)).ok()?;
        match found.request.reply?.outcome {
            Outcome::Approved { grant, by_rule: true } => Some(grant),
            _ => None,
        }
    }

    /// The request, committed; `None` where nothing is to be opened.
    fn open(
        &self,
        session: &mut Session<'_>,
        Counter { desk, valid_until }: &Counter,
    ) -> Result<Option<Committed>, Fault> {
        if !self.is_new() {
            return Ok(None);
        }
        let action = Action::OpenRequest { terms: self.terms.clone() };
        let mut statement = desk.draft(session, action, *valid_until)?;
        statement.sealed = self.sealed.commitments(&desk.consortium());
        let record = desk.sign(statement)?;
        sign::submit(session, &desk.client, &record)
            .map(Some)
            .map_err(|why| why.into_fault(&session.shell.zone, desk.fields()))
    }
}

/// Whether the same is asked for or granted already. Periods may differ: a command that is run
/// again later asks for a later one.
fn already(client: &Client, terms: &RequestTerms) -> Result<Option<Already>, Fault> {
    let asked = &terms.asked;
    let query =
        vec![("requester", asked.requester.to_string()), ("dataset", asked.dataset.to_string())];
    let mut open = vec![("state", "open".to_owned())];
    open.extend(query.clone());
    let is_same = |earlier: &RequestAnswer| {
        let RequestTerms { asked: other, once, .. } = &earlier.request.terms;
        *once == terms.once && in_period_of(asked, other) == *other
    };
    if let Some(open) = client.requests(&open)?.iter().find(|earlier| is_same(earlier)) {
        return Ok(Some(Already::Open(open.id)));
    }
    let mut in_force = vec![("standing", "in-force".to_owned())];
    in_force.extend(query);
    let permits = |grant: &GrantAnswer| {
        let permitted = &grant.grant.terms;
        grant.standing == "in-force" && in_period_of(asked, permitted).beyond(permitted).is_none()
    };
    let grants = client.grants(&in_force)?;
    Ok(grants.iter().find(|grant| permits(grant)).map(|grant| Already::Granted(grant.id)))
}

fn in_period_of(terms: &GrantTerms, other: &GrantTerms) -> GrantTerms {
    let GrantTerms { not_before, not_after, .. } = *other;
    GrantTerms { not_before, not_after, ..terms.clone() }
}

fn bundle(plans: &[Plan]) -> Option<BundleId> {
    plans.first().and_then(|plan| plan.terms.bundle)
}

impl Counter {
    /// Shows all that is about to be signed, and what is not.
    fn preview(&self, session: &mut Session<'_>, title: Option<&Text<256>>, plans: &[Plan]) {
        let zone = session.shell.zone.clone();
        for plan in plans {
            let dataset = &plan.terms.asked.dataset;
            let note = match plan.already {
                Some(Already::Open(request)) => {
                    say!("note-request-open", dataset = dataset, request = request)
                }
                Some(Already::Granted(grant)) => {
                    say!("note-request-granted", dataset = dataset, grant = grant)
                }
                None => continue,
            };
            session.shell.note(&note);
        }
        let new: Vec<&Plan> = plans.iter().filter(|plan| plan.is_new()).collect();
        let Some(first) = new.first() else { return };
        let what = match &new[..] {
            [one] => describe::sentence(&Action::OpenRequest { terms: one.terms.clone() }),
            _ => say!("does-open-requests", count = new.len()),
        };
        session.shell.note(&say!("preview", what = what));
        if let Some(title) = title {
            session.shell.note(&say!("preview-scene", title = title));
        }
        for plan in &new {
            session.shell.note(&plan.lines());
        }
        let mut rows = describe::common_rows(&first.terms, &zone);
        // The same texts for all; only their salts differ.
        rows.extend(first.sealed.rows(self.desk.client.url()));
        rows.extend(self.desk.signer_rows(self.valid_until, &zone));
        session.shell.note(&table::pairs(&rows));
        privacy::warn(session, &first.terms);
    }
}

impl Plan {
    /// What is asked of this dataset, and who answers for it.
    fn lines(&self) -> String {
        let GrantTerms { dataset, items, modes, .. } = &self.terms.asked;
        let (items, modes) = (describe::items(items), describe::modes(modes.iter()));
        let asked = say!("preview-request", dataset = dataset, items = items, modes = modes);
        let held = match self.dataset.as_ref().map(|found| found.dataset.sharing) {
            None => say!("preview-dataset-unknown"),
            Some(Sharing::Unclassified) => {
                say!("preview-unclassified", contact = self.contact())
            }
            Some(_) => say!("preview-contact", contact = self.contact()),
        };
        format!("{asked}\n{held}")
    }
}

/// What became of each request.
struct Report {
    bundle: Option<BundleId>,
    results: Vec<Value>,
    exit: Exit,
}

impl Report {
    /// Says what became of one request. Errors: output fails.
    fn add(
        &mut self,
        plan: &Plan,
        (opened, by_rule): (Result<Option<Committed>, Fault>, Option<GrantId>),
        session: &mut Session<'_>,
    ) -> Result<(), Fault> {
        let dataset = &plan.terms.asked.dataset;
        let (result, text) = match (opened, &plan.already) {
            (Ok(Some(committed)), _) => {
                let id = RequestId(committed.index);
                let mut result = json!({ "dataset": dataset, "status": "open", "request": id,
                    "record_id": committed.record_id, "index": committed.index });
                let text = match by_rule {
                    Some(grant) => {
                        result["grant"] = json!(grant);
                        say!("ok-request-granted", request = id, dataset = dataset, grant = grant)
                    }
                    None => say!(
                        "ok-request-open",
                        request = id,
                        dataset = dataset,
                        agency = dataset.agency,
                        contact = plan.contact()
                    ),
                };
                (result, Some(text))
            }
            (Ok(None), Some(Already::Open(request))) => {
                (json!({ "dataset": dataset, "status": "already-open", "request": request }), None)
            }
            (Ok(None), Some(Already::Granted(grant))) => {
                (json!({ "dataset": dataset, "status": "already-granted", "grant": grant }), None)
            }
            (Ok(None), None) => unreachable!("what is new is submitted"),
            (Err(fault), _) => {
                session.shell.note(&say!("note-request-failed", dataset = dataset));
                session.shell.note(&fault.to_text());
                self.exit = worse(self.exit, fault.exit);
                let mut result = fault.to_json();
                result["dataset"] = json!(dataset);
                result["status"] = json!("failed");
                (result, None)
            }
        };
        self.results.push(result);
        match text {
            Some(text) if !session.global.json => session.shell.line(&text),
            _ => Ok(()),
        }
    }

    /// How many were opened.
    fn opened(&self) -> usize {
        self.results.iter().filter(|result| result["status"] == "open").count()
    }

    fn end(self, session: &mut Session<'_>) -> Result<Exit, Fault> {
        let failed = |result: &&Value| result["status"] == "failed";
        let (count, opened) = (self.results.len(), self.opened());
        let failed = self.results.iter().filter(failed).count();
        let object = json!({ "bundle": self.bundle, "requests": self.results });
        if session.global.json {
            session.shell.line(&object.to_string())?;
        } else if count > 1 {
            let rest = count - opened - failed;
            session.shell.line(&say!(
                "ok-requests",
                opened = opened,
                failed = failed,
                rest = rest
            ))?;
        }
        Ok(self.exit)
    }
}

/// The exit that tells more: an unknown outcome before a refusal, a refusal before a failure.
fn worse(one: Exit, other: Exit) -> Exit {
    let order = [Exit::Unknown, Exit::Refused, Exit::Failed];
    order.into_iter().find(|exit| [one, other].contains(exit)).unwrap_or(other)
}
