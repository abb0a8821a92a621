//! A consortium of many agencies with datasets, keys, codes and rules, before anything is granted.
//! Holds: what lies in its state is what records would have left there; the same in every run.
//! May not enter: grants and requests (see `crowd`).

use std::collections::BTreeSet;

use comity_core::agency::{Key, KeyAlgorithm, KeyRole, Standing};
use comity_core::apply::Position;
use comity_core::binding::{Promise, Side, Undertaking};
use comity_core::calendar::{Calendar, Day, RegionCalendars, Week};
use comity_core::codes::{CodeList, PublishedCode};
use comity_core::dataset::{
    Dataset, DeliveryMode, Grade, Item, Items, Openness, PublishedDataset, Sharing,
};
use comity_core::duty::Mark;
use comity_core::governance::Office;
use comity_core::grant::GrantTerms;
use comity_core::hash::{ConsortiumId, RecordId};
use comity_core::ids::{DatasetId, ExchangeId, LogIndex, Nonce, TimeMs};
use comity_core::interruption::Interruptions;
use comity_core::keys::SecretKey;
use comity_core::rule_pack::{Clock, PublishedRules, RulePack, RulePacks};
use comity_core::state::{Changes, StateKey, StateRead, Window, genesis_changes};
use comity_core::state_tree::StateTree;
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner, VerifiedRecord,
};
use comity_core::text::{AgencyId, Code};

use super::super::founding::{self, BEGINS, parsed};
use crate::failure::{DevnetError, unexpected};

/// Agencies; the first is the competent authority, the second the supervisor.
pub(super) const AGENCIES: usize = 64;
/// Of these, so many have a node that votes.
const VALIDATORS: usize = 4;
/// Matters in the code list.
const MATTERS: usize = 256;
/// Agencies that review stewards, the first ones; half of them may declare emergencies.
pub(super) const REVIEWERS: usize = 16;
/// Datasets that are suspended, and as many that are shared unconditionally.
pub(super) const SPECIAL: usize = 64;
/// A day (ms).
pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// The time of the records that are measured.
pub(super) const NOW: TimeMs = TimeMs(BEGINS.0 + 400 * DAY_MS);
/// How long a statement may wait (ms).
const VALIDITY_MS: u64 = 10 * 60 * 1_000;
/// The entries that left what a town begins with: any that are before the first grant.
const EARLY: LogIndex = LogIndex(7);

/// A state with its replay window, and the names in it.
pub(super) struct Town {
    pub(super) consortium: ConsortiumId,
    pub(super) tree: StateTree,
    pub(super) window: Window,
    /// How many grants there are, or are to be.
    pub(super) grants: u64,
    pub(super) agencies: Vec<AgencyId>,
    pub(super) datasets: Vec<DatasetId>,
    pub(super) matters: Vec<Code>,
    /// How many records the gateway of each agency has had.
    pub(super) numbered: Vec<u64>,
    template: GrantTerms,
    dataset: Dataset,
}

impl StateRead for Town {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.tree.get(key)
    }
    fn has_record(&self, id: &RecordId) -> bool {
        self.window.has_record(id)
    }
    fn has_exchange(&self, id: &ExchangeId) -> bool {
        self.window.has_exchange(id)
    }
}

impl Town {
    /// A town in which so many grants are to be. Errors: a name that is none.
    pub(super) fn founded(grants: u64) -> Result<Town, DevnetError> {
        let names: Vec<String> = (0..AGENCIES).map(|place| format!("a{place:02}.gen")).collect();
        let member = |(place, name): (usize, &String)| {
            let votes = Standing::Validator { power: 1 };
            let standing = if place < VALIDATORS { votes } else { Standing::Observer };
            founding::member(place, name, standing)
        };
        let members = names.iter().enumerate().map(member).collect::<Result<_, _>>()?;
        let genesis = founding::genesis_of(members)?;
        genesis.check().map_err(unexpected)?;
        let consortium = genesis.id();
        let begun = genesis_changes(&genesis).map_err(unexpected)?;
        let agencies: Vec<AgencyId> =
            genesis.members.into_iter().map(|member| member.agency.id).collect();
        let count = usize::try_from(grants / 100).unwrap_or_default().clamp(AGENCIES, 10_000);
        let id = |number: usize| DatasetId {
            agency: agencies[number % AGENCIES].clone(),
            slug: name(&format!("d{number}")),
        };
        let datasets: Vec<_> = (0..count).map(id).collect();
        let matters = (0..MATTERS).map(|number| name(&format!("M-{number}"))).collect();
        let dataset = dataset(datasets[0].clone())?;
        let mut town = Town {
            consortium,
            tree: StateTree::new(&consortium).with(begun.puts),
            window: Window::default(),
            grants,
            template: template(&dataset, &agencies[1])?,
            agencies,
            datasets,
            matters,
            numbered: vec![0; AGENCIES],
            dataset,
        };
        let early = town.early()?;
        town.put(early);
        Ok(town)
    }

    /// Lays changes into the state.
    pub(super) fn put(&mut self, changes: Changes) {
        self.window.advance(&changes, TimeMs(0));
        self.tree = self.tree.with(changes.puts);
    }

    /// Where the records that are measured are judged: after all others.
    pub(super) fn position(&self) -> Position {
        Position { index: LogIndex(100_000 + 8 * self.grants), time: NOW }
    }

    /// Codes, datasets, officers' keys, a supervisor, rules and a calendar.
    fn early(&self) -> Result<Changes, DevnetError> {
        let mut changes = Changes::default();
        for code in &self.matters {
            let listed = PublishedCode {
                code: code.clone(),
                title: parsed("As published")?,
                published_at: Some(EARLY),
                withdrawn_at: None,
            };
            changes.put(&StateKey::code(CodeList::Matters, code), &listed);
        }
        for id in &self.datasets {
            changes.put(&StateKey::Dataset(id), &published(self.described(id.clone())));
        }
        for number in 0..SPECIAL {
            let mut paused = published(self.described(self.special("paused", number)));
            paused.suspensions.begin(paused.updated, parsed("under repair")?);
            changes.put(&StateKey::Dataset(&paused.dataset.id), &paused);
            let mut open = published(self.described(self.special("open", number)));
            open.dataset.sharing = Sharing::Unconditional;
            changes.put(&StateKey::Dataset(&open.dataset.id), &open);
        }
        let desk_key = Key {
            agency: self.agencies[0].clone(),
            role: KeyRole::Officer,
            algorithm: KeyAlgorithm::Ed25519,
            post: parsed("A desk")?,
            registered_at: Some(EARLY),
            registered_on: Some(TimeMs(0)),
            valid_until: None,
            revoked: None,
        };
        for number in 0..self.desks() {
            let agency = self.agencies[number % AGENCIES].clone();
            let key = Key { agency, ..desk_key.clone() };
            changes.put(&StateKey::Key(&desk(number).public()), &key);
        }
        // Auditors are not among those whom a genesis needs.
        for (place, agency) in self.agencies.iter().enumerate() {
            let key = Key { agency: agency.clone(), role: KeyRole::Auditor, ..desk_key.clone() };
            let auditor = founding::secret(place, KeyRole::Auditor);
            changes.put(&StateKey::Key(&auditor.public()), &key);
        }
        let holders = [
            (Office::Supervisor, 1..2),
            (Office::EmergencyDeclarer, 0..REVIEWERS / 2),
            (Office::StewardReviewer, 0..REVIEWERS),
            (Office::Assessor, 0..REVIEWERS),
        ];
        for (office, places) in holders {
            let holders: BTreeSet<AgencyId> = self.agencies[places].iter().cloned().collect();
            changes.put(&StateKey::Office(office), &holders);
        }
        let packs: RulePacks = vec![PublishedRules { pack: rules()?, at: EARLY }];
        changes.put(&StateKey::RulePacks, &packs);
        let mut calendars = RegionCalendars::default();
        calendars.publish(calendar("Measured", BEGINS)?, EARLY);
        changes.put(&StateKey::Calendars(&parsed("Measured")?), &calendars);
        Ok(changes)
    }

    /// How many officers' keys there are beside those of the genesis.
    pub(super) fn desks(&self) -> usize {
        self.datasets.len()
    }

    /// The id of a dataset that is suspended, or shared unconditionally.
    pub(super) fn special(&self, kind: &str, number: usize) -> DatasetId {
        let number = number % SPECIAL;
        let agency = self.agencies[number % AGENCIES].clone();
        DatasetId { agency, slug: name(&format!("{kind}-{number}")) }
    }

    /// A dataset as it is described here.
    pub(super) fn described(&self, id: DatasetId) -> Dataset {
        Dataset { id, ..self.dataset.clone() }
    }

    /// Terms on a dataset for a requester.
    pub(super) fn terms(&self, dataset: &DatasetId, requester: &AgencyId) -> GrantTerms {
        let (dataset, requester) = (dataset.clone(), requester.clone());
        GrantTerms { dataset, requester, ..self.template.clone() }
    }

    /// The place of an agency among all.
    pub(super) fn place_of(&self, agency: &AgencyId) -> usize {
        self.agencies.iter().position(|known| known == agency).unwrap_or_default()
    }

    /// A record with the signatures of these, the first of whom acts. Errors: it is not well formed.
    pub(super) fn signed(
        &self,
        by: &[(&AgencyId, KeyRole)],
        nonce: u64,
        time: TimeMs,
        action: Action,
    ) -> Result<VerifiedRecord, DevnetError> {
        let keys: Vec<_> = by
            .iter()
            .map(|(agency, role)| founding::secret(self.place_of(agency), *role))
            .collect();
        let signer = |((agency, role), key): (&(&AgencyId, KeyRole), &SecretKey)| StatementSigner {
            agency: (*agency).clone(),
            key: key.public(),
            role: *role,
            capacity: Capacity::Agency,
        };
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium: self.consortium,
            nonce: Nonce(numbered(nonce)),
            valid_until: time.plus(VALIDITY_MS),
            signers: by.iter().zip(&keys).map(signer).collect(),
            sealed: vec![],
            action,
        };
        let signatures = keys.iter().map(|key| key.sign_statement(&statement)).collect();
        let bytes = SignedRecord { statement, signatures }.to_bytes();
        VerifiedRecord::verify(&bytes, &self.consortium).map_err(unexpected)
    }
}

/// A short name that is made here.
pub(super) fn name<T: std::str::FromStr>(text: &str) -> T {
    match text.parse() {
        Ok(name) => name,
        Err(_) => unreachable!("{text} is well formed"),
    }
}

/// An officer's key beside those of the genesis.
pub(super) fn desk(number: usize) -> SecretKey {
    let mut seed = *b"comity generated desk, no secret";
    seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
    SecretKey::from_seed(&seed)
}

/// Bytes that no other number has.
pub(super) fn numbered<const SIZE: usize>(number: u64) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn published(dataset: Dataset) -> PublishedDataset {
    let since = BEGINS.plus(DAY_MS);
    PublishedDataset {
        promised: PublishedDataset::promised_anew(&dataset, since),
        dataset,
        version: 1,
        published_at: EARLY,
        version_at: EARLY,
        suspensions: Interruptions::default(),
        withdrawals: Interruptions::default(),
        updated: Mark { at: EARLY, on: since },
        version_on: since,
    }
}

fn dataset(id: DatasetId) -> Result<Dataset, DevnetError> {
    let item =
        |name: &str| Ok::<_, DevnetError>(Item { name: parsed(name)?, kind: parsed("text")? });
    Ok(Dataset {
        id,
        title: parsed("Low-income households")?,
        summary: parsed("Households that were assessed, with the outcome")?,
        items: ["grade", "date of assessment", "address"]
            .map(item)
            .into_iter()
            .collect::<Result<_, _>>()?,
        sharing: Sharing::Conditional,
        conditions: parsed("")?,
        openness: Openness::Closed,
        grade: Grade::General,
        modes: [DeliveryMode::Query, DeliveryMode::Verify].into(),
        contact: parsed("Registry, duty desk")?,
        identifier: Default::default(),
        details: None,
        update_days: Some(30),
        reliable: false,
        manager: None,
        service: Default::default(),
        stated: vec![parsed("Only at the counter")?],
    })
}

fn template(dataset: &Dataset, requester: &AgencyId) -> Result<GrantTerms, DevnetError> {
    let undertaken = |what| Undertaking { by: Side::Requester, what };
    Ok(GrantTerms {
        dataset: dataset.id.clone(),
        requester: requester.clone(),
        matters: [founding::matter()?].into(),
        duty_basis: founding::duty_basis()?,
        items: Items::Only([parsed("grade")?, parsed("date of assessment")?].into()),
        modes: [DeliveryMode::Query].into(),
        not_before: BEGINS,
        not_after: BEGINS.plus(3_650 * DAY_MS),
        total_quota: Some(10_000),
        daily_quota: Some(1_000),
        conditions: [1].into(),
        officers: Default::default(),
        onward: Default::default(),
        undertakings: vec![
            undertaken(Promise::DeleteAfterDays(30)),
            undertaken(Promise::ReportUseEveryDays(90)),
        ],
        task_force: None,
    })
}

/// Rules under which every clock runs.
pub(super) fn rules() -> Result<RulePack, DevnetError> {
    let clocks = [
        (Clock::ComplianceReview, 2),
        (Clock::ReplyUnconditional, 1),
        (Clock::ReplyConditional, 10),
        (Clock::ReplyUnclassified, 10),
        (Clock::ReplyExtension, 10),
        (Clock::Delivery, 20),
        (Clock::Update, 5),
        (Clock::CheckReply, 10),
        (Clock::Correction, 10),
        (Clock::EmergencyReview, 20),
        (Clock::DisputeAnswer, 5),
        (Clock::DisputeDecision, 10),
        (Clock::DecideAnew, 5),
        (Clock::EmergencyJustification, 5),
        (Clock::DrawnReview, 20),
        (Clock::FindingAnswer, 10),
        (Clock::FindingClosure, 20),
        (Clock::AssessmentFollowUp, 20),
    ];
    Ok(RulePack {
        name: parsed("MEASURED")?,
        title: parsed("Rules, for measuring only")?,
        source: parsed("Nothing")?,
        from: BEGINS.plus(9 * DAY_MS),
        clocks: clocks.into(),
        stewards_important: 2,
        stewards_core: 2,
    })
}

/// A calendar of two years that begins on the day after a time.
pub(super) fn calendar(region: &str, after: TimeMs) -> Result<Calendar, DevnetError> {
    let offset = comity_core::genesis::Params::default().day_offset_minutes;
    let first = Day::of(after, offset).next();
    let weekdays =
        (0..700).map(|ahead| Day(first.0 + ahead)).filter(|day| Week::PLAIN.works_on(*day));
    Ok(Calendar {
        region: parsed(region)?,
        first,
        last: Day(first.0 + 700),
        week: Week::PLAIN,
        holidays: weekdays.step_by(25).collect(),
        workdays: Default::default(),
    })
}
