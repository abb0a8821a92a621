//! A history by chance: who asks, grants, refuses, delivers, uses and acknowledges what, over months.
//! Holds: the same seed makes the same history; what the rules refuse did not happen.

mod assessing;
mod together;

use comity_core::access::{Attempt, SignedAttempt};
use comity_core::agency::KeyRole;
use comity_core::basis::Basis;
use comity_core::batch::Batch;
use comity_core::calendar::{Calendar, Day, Week};
use comity_core::dataset::{Dataset, DeliveryMode, Grade, Item, Items, Openness, Sharing};
use comity_core::emergency::{EmergencyScope, EmergencyTerms};
use comity_core::governance::{Choice, Measure, Office};
use comity_core::grant::GrantTerms;
use comity_core::hash::{AnswerHash, BatchRoot};
use comity_core::ids::{
    AssessmentId, DatasetId, EmergencyId, ExchangeId, GrantId, LogIndex, ProposalId, RequestId,
};
use comity_core::legs::{Acknowledgement, Answer};
use comity_core::request::{Request, RequestTerms};
use comity_core::rule_pack::{Clock, RulePack};
use comity_core::state;
use comity_core::statement::{Action, Capacity};
use comity_core::text::AgencyId;

use assessing::ASSESSORS;

use super::founding::{
    AUTHORITY, Chain, DUTY_BASIS, MATTERS, MEMBERS, SUPERVISOR, VALIDITY_MS, secret,
};
use KeyRole::{Admin, Gateway, Officer, Steward};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Who may declare emergencies.
const DECLARERS: [&str; 2] = ["civil.city", AUTHORITY];

/// Datasets: id, sharing, whether its answers may be declared reliable, manager.
const DATASETS: [(&str, Sharing, bool, Option<&str>); 6] = [
    ("civil.city/households", Sharing::Conditional, true, None),
    ("data.prov/codes", Sharing::Unconditional, false, None),
    ("health.city/births", Sharing::Conditional, true, Some("data.prov")),
    ("health.city/clinics", Sharing::Unconditional, false, None),
    ("school.county/pupils", Sharing::Unclassified, false, None),
    ("tax.county/payers", Sharing::Conditional, false, None),
];

/// A history under way.
pub(super) struct History {
    pub(super) chain: Chain,
    chance: u64,
    grants: Vec<GrantId>,
    requests: Vec<RequestId>,
    emergencies: Vec<EmergencyId>,
    assessments: Vec<(AssessmentId, &'static str)>,
    /// Accesses that nobody acknowledged yet, and whose they were.
    accesses: Vec<(Basis, AgencyId, Acknowledgement)>,
    exchanges: u64,
}

impl History {
    /// The history of a seed, in which so many things are tried.
    pub(super) fn of(seed: u64, tries: u64) -> History {
        let mut history = History {
            chain: Chain::found(),
            chance: seed,
            grants: Vec::new(),
            requests: Vec::new(),
            emergencies: Vec::new(),
            assessments: Vec::new(),
            accesses: Vec::new(),
            exchanges: 0,
        };
        history.begin();
        for number in 0..tries {
            let hours = history.below(30);
            history.chain.now = history.chain.now.plus(hours * HOUR_MS + 1_000);
            history.step();
            match number % 9 {
                4 => history.assess(number),
                2 => history.work_together(number),
                8 => history.follow_up(number),
                _ => {}
            }
        }
        history.prepare_in_vain();
        history
    }

    /// A number below another (splitmix64).
    fn below(&mut self, limit: u64) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let place = self.below(choices.len().max(1) as u64);
        choices.get(usize::try_from(place).unwrap()).copied()
    }

    fn act(&mut self, signers: &[(&str, KeyRole)], action: Action) -> Option<LogIndex> {
        self.chain.now = self.chain.now.plus(1_000);
        let index = self.chain.submit(signers, action)?;
        if state::grant(&self.chain.ledger, GrantId(index)).is_some() {
            self.grants.push(GrantId(index));
        }
        if state::request(&self.chain.ledger, RequestId(index)).is_some() {
            self.requests.push(RequestId(index));
        }
        Some(index)
    }

    /// Calendars, a supervisor, rules with a review, and the first datasets.
    fn begin(&mut self) {
        let today = Day(self.chain.now.day(480));
        let on = |days: u64| Day(today.0 + days);
        // 1 January 2026 is a Thursday.
        for (region, holidays, workdays) in
            [("", vec![on(1), on(4)], vec![on(9)]), ("440183", vec![on(12)], vec![])]
        {
            let calendar = Calendar {
                region: region.parse().unwrap(),
                first: today,
                last: on(300),
                week: Week::PLAIN,
                holidays: holidays.into_iter().collect(),
                workdays: workdays.into_iter().collect(),
            };
            self.act(&[(AUTHORITY, Steward)], Action::PublishCalendar { calendar }).unwrap();
        }
        self.appoint(Office::Supervisor, &[SUPERVISOR]);
        self.appoint(Office::EmergencyDeclarer, &DECLARERS);
        self.appoint(Office::Assessor, &ASSESSORS);
        let clocks = [
            (Clock::ComplianceReview, 2),
            (Clock::ReplyUnconditional, 1),
            (Clock::ReplyConditional, 4),
            (Clock::ReplyExtension, 3),
            (Clock::Delivery, 5),
            (Clock::AssessmentFollowUp, 6),
        ];
        let pack = RulePack {
            name: "TRIED".parse().unwrap(),
            from: self.chain.now.plus(60 * DAY_MS),
            clocks: clocks.into(),
            ..RulePack::plain()
        };
        let both = [(AUTHORITY, Steward), (SUPERVISOR, Steward)];
        self.act(&both, Action::PublishRules { pack }).unwrap();
        for (id, ..) in &DATASETS[..5] {
            self.publish(id);
        }
    }

    fn appoint(&mut self, office: Office, agencies: &[&str]) {
        let agencies = agencies.iter().map(|agency| agency.parse().unwrap()).collect();
        let measure = Measure::Appoint { office, agencies };
        let opened = self.act(&[(AUTHORITY, Admin)], Action::OpenProposal { measure }).unwrap();
        for (agency, ..) in MEMBERS {
            let (proposal, choice) = (ProposalId(opened), Choice::For);
            self.act(&[(agency, Admin)], Action::CastBallot { proposal, choice });
        }
    }

    fn publish(&mut self, id: &str) {
        let dataset = dataset(id);
        let owner = dataset.id.agency.to_string();
        self.act(&[(&owner, Steward)], Action::PublishDataset { dataset });
    }

    fn step(&mut self) {
        match self.below(31) {
            0..=7 => self.ask(),
            8..=9 => self.approve(),
            25 => self.refuse(),
            10 => self.take_back(),
            11 => self.review(),
            12 => self.extend(),
            13..=14 => self.issue(),
            15 | 23 | 26 | 27 => self.deliver(),
            16 => self.end(),
            17 => self.pass_on(),
            18 => self.change_catalogue(),
            19..=22 => self.access(),
            28 => self.declare(),
            29..=30 => self.ask_urgently(),
            _ => self.acknowledge(),
        }
    }

    fn terms(&mut self) -> GrantTerms {
        let (id, ..) = self.one_of(&DATASETS).unwrap();
        let dataset = dataset(id);
        let (requester, ..) = self.one_of(&MEMBERS).unwrap();
        let (onward, ..) = self.one_of(&MEMBERS).unwrap();
        let (first, second) = (self.one_of(&MATTERS).unwrap(), self.one_of(&MATTERS).unwrap());
        let some = match self.below(3) {
            0 => Items::Only([dataset.items[0].name.clone()].into()),
            _ => Items::All,
        };
        let later = if self.below(8) == 0 { 15 * DAY_MS } else { 0 };
        let lasts = (10 + self.below(90)) * DAY_MS;
        let begins = self.chain.now.plus(later);
        GrantTerms {
            dataset: dataset.id,
            requester: requester.parse().unwrap(),
            matters: [first, second].map(|code| code.parse().unwrap()).into(),
            duty_basis: DUTY_BASIS.parse().unwrap(),
            items: some,
            modes: dataset.modes,
            not_before: begins,
            not_after: begins.plus(lasts),
            total_quota: None,
            daily_quota: None,
            conditions: Default::default(),
            officers: Default::default(),
            onward: if onward == requester { [].into() } else { [onward.parse().unwrap()].into() },
            undertakings: Vec::new(),
            task_force: None,
        }
    }

    fn ask(&mut self) {
        let once = self.below(2) == 0;
        // One answer on one case is a quota of one.
        let asked = GrantTerms { total_quota: once.then_some(1), ..self.terms() };
        let requester = asked.requester.to_string();
        let terms = RequestTerms { asked, once, needed_by: None, bundle: None };
        self.act(&[(&requester, Officer)], Action::OpenRequest { terms });
    }

    /// A request without a reply, and who decides.
    fn open_request(&mut self) -> Option<(RequestId, Request)> {
        let is_open =
            |id: &RequestId| state::request(&self.chain.ledger, *id).unwrap().reply.is_none();
        let open: Vec<RequestId> = self.requests.iter().copied().filter(is_open).collect();
        let id = self.one_of(&open)?;
        Some((id, state::request(&self.chain.ledger, id).unwrap()))
    }

    fn approve(&mut self) {
        let Some((id, request)) = self.open_request() else { return };
        let terms = request.terms.asked;
        let (decides, requester) = (request.decided_by.to_string(), terms.requester.to_string());
        let mut signers = vec![(decides.as_str(), Steward)];
        if requester == "univ.prov" && decides != AUTHORITY {
            signers.push((AUTHORITY, Steward));
        }
        self.act(&signers, Action::ApproveRequest { request: id, terms });
    }

    fn refuse(&mut self) {
        let Some((id, request)) = self.open_request() else { return };
        let decides = request.decided_by.to_string();
        let (legal_basis, reason) = ("Act 12".parse().unwrap(), "No duty".parse().unwrap());
        self.act(
            &[(&decides, Steward)],
            Action::RefuseRequest { request: id, legal_basis, reason },
        );
    }

    fn take_back(&mut self) {
        let Some((id, request)) = self.open_request() else { return };
        let requester = request.terms.asked.requester.to_string();
        let reason = "Done otherwise".parse().unwrap();
        self.act(&[(&requester, Officer)], Action::WithdrawRequest { request: id, reason });
    }

    fn review(&mut self) {
        let Some((id, _)) = self.open_request() else { return };
        let fault = if self.below(3) == 0 { "Unclear" } else { "" };
        let fault = fault.parse().unwrap();
        self.act(&[(AUTHORITY, Steward)], Action::ReviewRequest { request: id, fault });
    }

    fn extend(&mut self) {
        let Some((id, request)) = self.open_request() else { return };
        let decides = request.decided_by.to_string();
        let (days, reason) = (2, "Two registers".parse().unwrap());
        self.act(&[(&decides, Steward)], Action::ExtendReply { request: id, days, reason });
    }

    fn issue(&mut self) {
        let terms = self.terms();
        let published = state::dataset(&self.chain.ledger, &terms.dataset);
        let Some(published) = published else { return };
        let decides = published.dataset.decided_by(&terms.requester).to_string();
        self.act(&[(&decides, Steward)], Action::IssueGrant { terms });
    }

    fn some_grant(&mut self) -> Option<(GrantId, GrantTerms)> {
        let grants = self.grants.clone();
        let id = self.one_of(&grants)?;
        Some((id, state::grant(&self.chain.ledger, id).unwrap().terms))
    }

    /// What nobody comes for any more.
    fn prepare_in_vain(&mut self) {
        for _ in 0..6 {
            let known = self.grants.len();
            self.issue();
            if let Some(grant) = self.grants.get(known).copied() {
                self.deliver_for(grant);
            }
        }
    }

    fn deliver(&mut self) {
        if let Some((grant, _)) = self.some_grant() {
            self.deliver_for(grant);
        }
    }

    fn deliver_for(&mut self, grant: GrantId) {
        let terms = state::grant(&self.chain.ledger, grant).unwrap().terms;
        let owner = terms.dataset.agency.to_string();
        self.act(&[(&owner, Steward)], Action::ReportDelivery { grant });
    }

    fn end(&mut self) {
        let Some((grant, terms)) = self.some_grant() else { return };
        let owner = terms.dataset.agency.to_string();
        let reason = "No longer needed".parse().unwrap();
        self.act(&[(&owner, Steward)], Action::RevokeGrant { grant, reason });
    }

    fn pass_on(&mut self) {
        let Some((parent, terms)) = self.some_grant() else { return };
        let Some(to) = terms.onward.first() else { return };
        let holder = terms.requester.to_string();
        let terms = GrantTerms { onward: [].into(), ..terms.passed_on_to(to) };
        self.act(&[(&holder, Steward)], Action::IssueOnward { parent, terms });
    }

    /// Something is published, also again; now and then something is taken out.
    fn change_catalogue(&mut self) {
        let (id, ..) = self.one_of(&DATASETS).unwrap();
        if self.below(4) > 0 {
            return self.publish(id);
        }
        let dataset = dataset(id).id;
        let owner = dataset.agency.to_string();
        let reason = "Merged".parse().unwrap();
        self.act(&[(&owner, Steward)], Action::WithdrawDataset { dataset, reason });
    }

    /// An emergency, and what is asked in its first minutes.
    fn declare(&mut self) {
        let declarer = self.one_of(&DECLARERS).unwrap();
        let (id, ..) = self.one_of(&DATASETS).unwrap();
        let dataset: DatasetId = id.parse().unwrap();
        let (one, other) = (self.one_of(&MEMBERS).unwrap(), self.one_of(&MEMBERS).unwrap());
        let scope = match self.below(3) {
            0 => EmergencyScope { agencies: [dataset.agency].into(), ..EmergencyScope::default() },
            _ => EmergencyScope { datasets: [dataset].into(), ..EmergencyScope::default() },
        };
        let terms = EmergencyTerms {
            scope,
            requesters: [one, other].map(|(agency, ..)| agency.parse().unwrap()).into(),
            matter: self.one_of(&MATTERS).unwrap().parse().unwrap(),
            until: self.chain.now.plus((2 + self.below(60)) * HOUR_MS),
            reason: "The river is over its banks".parse().unwrap(),
        };
        let action = Action::DeclareEmergency { terms };
        let Some(at) = self.act(&[(declarer, Steward)], action) else { return };
        self.emergencies.push(EmergencyId(at));
        self.ask_urgently();
        self.ask_urgently();
    }

    fn ask_urgently(&mut self) {
        let Some(id) = self.emergencies.last().copied() else { return };
        let terms = state::emergency(&self.chain.ledger, id).unwrap().terms;
        let asking: Vec<&AgencyId> = terms.requesters.iter().collect();
        let requester = self.one_of(&asking).unwrap().to_string();
        let opened = DATASETS.iter().map(|(id, ..)| id.parse::<DatasetId>().unwrap());
        let opened: Vec<DatasetId> = opened
            .filter(|id| terms.scope.datasets.contains(id) || terms.scope.has_provider(&id.agency))
            .collect();
        let place = usize::try_from(self.below(opened.len() as u64)).unwrap();
        let own = GrantTerms {
            dataset: opened[place].clone(),
            requester: requester.parse().unwrap(),
            matters: [terms.matter.clone()].into(),
            modes: dataset(&opened[place].to_string()).modes,
            ..self.terms()
        };
        let items = dataset(&opened[place].to_string()).items[0].name.clone();
        let items = if self.below(2) == 0 { Items::All } else { Items::Only([items].into()) };
        self.use_data(id.into(), &GrantTerms { items, ..own });
    }

    fn access(&mut self) {
        let Some((grant, terms)) = self.some_grant() else { return };
        self.use_data(grant.into(), &terms);
    }

    /// An access within these terms.
    fn use_data(&mut self, grant: Basis, terms: &GrantTerms) {
        let (owner, requester) = (terms.dataset.agency.to_string(), terms.requester.to_string());
        let modes: Vec<DeliveryMode> = terms.modes.iter().copied().collect();
        let mode = self.one_of(&modes).unwrap();
        let matters: Vec<_> = terms.matters.iter().collect();
        let matter = self.one_of(&matters).unwrap().clone();
        self.exchanges += 1;
        let mut exchange = [0; 16];
        exchange[..8].copy_from_slice(&self.exchanges.to_le_bytes());
        let count = u32::try_from(2 + self.below(40)).unwrap();
        let batch = (self.below(3) == 0).then_some(Batch { count, root: BatchRoot([3; 32]) });
        let officer = secret(&requester, Officer);
        let attempt = Attempt {
            consortium: *self.chain.ledger.consortium(),
            exchange: ExchangeId(exchange),
            grant,
            dataset: terms.dataset.clone(),
            requester: terms.requester.clone(),
            officer: officer.public(),
            matter,
            items: terms.items.clone(),
            mode,
            made_at: self.chain.now,
            valid_until: self.chain.now.plus(VALIDITY_MS),
            sealed: vec![],
            batch,
            capacity: terms.task_force.map_or(Capacity::Agency, Capacity::TaskForce),
        };
        let published = state::dataset(&self.chain.ledger, &terms.dataset);
        let is_reliable = mode == DeliveryMode::Verify
            && published.is_some_and(|published| published.dataset.reliable);
        let reliable = is_reliable && self.below(4) > 0;
        let answer = (reliable || self.below(2) == 0)
            .then_some(Answer { digest: AnswerHash(officer_hash(self.exchanges)), reliable });
        let key = secret(&owner, Gateway).public();
        let number = state::gateway_numbers(&self.chain.ledger, &key).next();
        let signature = officer.sign_attempt(&attempt);
        let (exchange, count) = (attempt.exchange, u32::try_from(attempt.count()).unwrap());
        let attempt = SignedAttempt { attempt, signature };
        let action = Action::RecordAccess { attempt, number, answer };
        if let Some(access) = self.act(&[(&owner, Gateway)], action) {
            let digest = answer.map(|answer| answer.digest);
            let one = Acknowledgement { access, exchange, digest, count };
            self.accesses.push((grant, terms.requester.clone(), one));
        }
    }

    /// A word of receipt: true, as a rule.
    fn acknowledge(&mut self) {
        let place = usize::try_from(self.below(self.accesses.len().max(1) as u64)).unwrap();
        let Some((grant, grantee, mut one)) = self.accesses.get(place).cloned() else { return };
        match self.below(8) {
            0 => one.digest = Some(AnswerHash([9; 32])),
            1 => one.count += 1,
            2 => one.exchange = ExchangeId([9; 16]),
            3 => one.digest = None,
            // The same may be acknowledged again.
            4 => {}
            _ => {
                self.accesses.swap_remove(place);
            }
        }
        let action = Action::AcknowledgeAccess { grant, accesses: vec![one] };
        self.act(&[(grantee.as_str(), Officer)], action);
    }
}

fn officer_hash(number: u64) -> [u8; 32] {
    let mut hash = [5; 32];
    hash[..8].copy_from_slice(&number.to_le_bytes());
    hash
}

fn dataset(id: &str) -> Dataset {
    let (_, sharing, reliable, manager) =
        *DATASETS.iter().find(|(known, ..)| *known == id).unwrap();
    let item = |name: &str| Item { name: name.parse().unwrap(), kind: "text".parse().unwrap() };
    Dataset {
        id: id.parse().unwrap(),
        title: "A register".parse().unwrap(),
        summary: Default::default(),
        items: vec![item("姓名"), item("day"), item("state")],
        sharing,
        conditions: Default::default(),
        openness: Openness::Closed,
        grade: Grade::General,
        modes: [DeliveryMode::Verify, DeliveryMode::Query, DeliveryMode::Batch].into(),
        contact: "Registry".parse().unwrap(),
        identifier: Default::default(),
        details: None,
        update_days: None,
        reliable,
        manager: manager.map(|agency| agency.parse().unwrap()),
        service: Default::default(),
        stated: Vec::new(),
    }
}
