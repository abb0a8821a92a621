//! Clients that ask nodes for everything at once and note what they were told, and when.
//! Holds: what a client does follows from its seed and from what it was told.
//! May not enter: judging the answers (see `checker`).

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::dataset::{DeliveryMode, Items};
use comity_core::ids::{ExchangeId, GrantId, LogIndex};
use comity_core::statement::{Action, VerifiedRecord};
use serde_json::{Value, json};

use super::{Act, Ask, Op, Told};
use crate::harness::author::{Author, Role, drawn, now};
use crate::harness::http::{Answer, Api};
use crate::harness::links::Chance;
use crate::harness::wait;

const MATTER: &str = "SCHOOL-ENROLMENT";
/// How long an attempt may be acted on (ms).
const ATTEMPT_MS: u64 = 10 * 60 * 1000;
const DATASET: &str = "register";
/// How long a client waits that heard nothing.
const UNHEARD: Duration = Duration::from_millis(20);
/// How many of the newest grants and records are asked about.
const RECENT: u64 = 8;

/// A record of which nothing was heard, and what it does.
type Unheard = (Vec<u8>, Act);

/// Whom clients act for, and what all of them know.
pub(super) struct Desk {
    pub(super) apis: Vec<Api>,
    pub(super) steward: Author,
    pub(super) gateway: Author,
    pub(super) officer: Author,
    pub(super) admin: Author,
    pub(super) end: AtomicBool,
    began: Instant,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    grants: Vec<u64>,
    records: Vec<String>,
    entries: u64,
}

impl Desk {
    pub(super) fn new(apis: Vec<Api>, people: [Author; 4]) -> Desk {
        let [steward, gateway, officer, admin] = people;
        let (end, known) = (AtomicBool::new(false), Mutex::default());
        Desk { apis, steward, gateway, officer, admin, end, began: Instant::now(), known }
    }

    /// Publishes what is granted.
    pub(super) fn publish(&self) {
        self.apis[0].commit(&self.steward.publish(DATASET));
    }

    /// Asks until it is told to end; what it asked and was told. A record of which it heard nothing
    /// it hands in once more, unchanged, at the next node.
    pub(super) fn client(&self, node: usize, seed: u64) -> Vec<Op> {
        let (mut chance, mut ops, mut unheard) = (Chance(seed), Vec::new(), None);
        while !self.end.load(Ordering::Relaxed) {
            let op = match unheard.take() {
                Some((record, act)) => {
                    self.submit((node + 1) % self.apis.len(), record, act, &mut None)
                }
                None => self.act(node, &mut chance, &mut unheard),
            };
            if op.told == Told::Unknown {
                wait::last(UNHEARD);
            }
            ops.push(op);
        }
        ops
    }

    fn act(&self, node: usize, chance: &mut Chance, unheard: &mut Option<Unheard>) -> Op {
        match chance.next() % 10 {
            0 => self.submit(node, self.admin.register(Role::Officer).0, Act::Other, unheard),
            1 => {
                let dataset = format!("{}/{DATASET}", self.steward.agency);
                let record = self.steward.grant(&dataset, &self.officer.agency);
                self.submit(node, record, Act::Issue, unheard)
            }
            2 | 3 => match self.grant(chance) {
                Some(grant) => {
                    let record = self.gateway.access(self.attempt(grant));
                    self.submit(node, record, Act::Access(grant), unheard)
                }
                None => self.entry(node, chance),
            },
            4 => match self.grant(chance).filter(|_| chance.next().is_multiple_of(3)) {
                Some(grant) => {
                    let reason = "No longer needed".parse().unwrap();
                    let action = Action::RevokeGrant { grant: GrantId(LogIndex(grant)), reason };
                    self.submit(node, self.steward.record(action), Act::Revoke(grant), unheard)
                }
                None => self.entry(node, chance),
            },
            5 => self.entry(node, chance),
            6 => self.record(node, chance),
            7 => match self.grant(chance) {
                Some(grant) => self.show(node, grant),
                None => self.entry(node, chance),
            },
            _ => match self.grant(chance) {
                Some(grant) => self.judge(node, grant),
                None => self.record(node, chance),
            },
        }
    }

    fn submit(&self, node: usize, record: Vec<u8>, act: Act, unheard: &mut Option<Unheard>) -> Op {
        let id =
            VerifiedRecord::verify(&record, &self.steward.consortium).unwrap().id().to_string();
        self.known.lock().unwrap().records.push(id.clone());
        let asked = || self.apis[node].submit("/v1/records?wait=commit", &record);
        let op =
            self.note(node, Ask::Submit { record: id, act }, asked, |answer| match answer.status {
                200 => Told::Committed(number(&answer.json()["index"])),
                400..=409 => Told::Refused,
                _ => Told::Unknown,
            });
        if op.told == Told::Unknown {
            *unheard = Some((record, act));
        } else if let Told::Committed(index) = op.told {
            let mut known = self.known.lock().unwrap();
            known.entries = known.entries.max(index + 1);
            if act == Act::Issue {
                known.grants.push(index);
            }
        }
        op
    }

    fn entry(&self, node: usize, chance: &mut Chance) -> Op {
        let top = self.known.lock().unwrap().entries;
        let index = (top + 2).saturating_sub(chance.next() % RECENT);
        self.read(node, Ask::Entry(index), &format!("/v1/entries/{index}"), |body| {
            Told::Entry(body["record_id"].as_str().unwrap().to_owned())
        })
    }

    fn record(&self, node: usize, chance: &mut Chance) -> Op {
        let id = recent(&self.known.lock().unwrap().records, chance);
        let Some(id) = id else { return self.entry(node, chance) };
        let path = format!("/v1/records/{id}");
        self.read(node, Ask::Record(id), &path, |body| Told::Record(number(&body["index"])))
    }

    fn show(&self, node: usize, grant: u64) -> Op {
        self.read(node, Ask::Grant(grant), &format!("/v1/grants/G{grant}"), |body| {
            let revoked = &body["grant"]["revoked"];
            let revoked = (!revoked.is_null()).then(|| number(&revoked["at"]));
            Told::Grant { revoked, used: number(&body["usage"]["total"]) }
        })
    }

    fn judge(&self, node: usize, grant: u64) -> Op {
        let body = serde_json::to_vec(&self.attempt(grant)).unwrap();
        let headers = ["content-type: application/json"];
        let asked = || self.apis[node].ask("POST /v1/evaluate", &headers, &body);
        self.note(node, Ask::Judge(grant), asked, |answer| {
            let body = if answer.status == 200 { answer.json() } else { json!({}) };
            match (body["allowed"].as_bool(), body["rule"].as_str()) {
                (Some(true), _) => Told::Allowed { used: number(&body["usage"]["total"]) },
                (_, Some("grant-revoked")) => Told::Revoked { at: number(&body["refusal"]["at"]) },
                (_, Some("no-such-grant")) => Told::Absent,
                _ => Told::Unknown,
            }
        })
    }

    fn read(&self, node: usize, ask: Ask, path: &str, told: impl FnOnce(&Value) -> Told) -> Op {
        let asked = || self.apis[node].ask(&format!("GET {path}"), &[], b"");
        self.note(node, ask, asked, |answer| match answer.status {
            200 => told(&answer.json()),
            404 => Told::Absent,
            _ => Told::Unknown,
        })
    }

    fn note(
        &self,
        node: usize,
        ask: Ask,
        asked: impl FnOnce() -> std::io::Result<Answer>,
        told: impl FnOnce(&Answer) -> Told,
    ) -> Op {
        let began = self.moment();
        let told = asked().map_or(Told::Unknown, |answer| told(&answer));
        let ended = (told != Told::Unknown).then(|| self.moment());
        Op { node, began, ended, ask, told }
    }

    fn moment(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap()
    }

    fn grant(&self, chance: &mut Chance) -> Option<u64> {
        recent(&self.known.lock().unwrap().grants, chance)
    }

    fn attempt(&self, grant: u64) -> SignedAttempt {
        let attempt = Attempt {
            consortium: self.officer.consortium,
            exchange: ExchangeId(drawn()),
            grant: GrantId(LogIndex(grant)).into(),
            dataset: format!("{}/{DATASET}", self.steward.agency).parse().unwrap(),
            requester: self.officer.agency.parse().unwrap(),
            officer: self.officer.key.public(),
            matter: MATTER.parse().unwrap(),
            items: Items::All,
            mode: DeliveryMode::Verify,
            made_at: now(),
            valid_until: now().plus(ATTEMPT_MS),
            sealed: vec![],
            batch: None,
            capacity: Default::default(),
        };
        let signature = self.officer.key.sign_attempt(&attempt);
        SignedAttempt { attempt, signature }
    }
}

/// One of the newest, if there is any.
fn recent<T: Clone>(all: &[T], chance: &mut Chance) -> Option<T> {
    let newest = all.len().checked_sub(1)?;
    let back = usize::try_from(chance.next() % RECENT).unwrap();
    Some(all[newest.saturating_sub(back)].clone())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}
