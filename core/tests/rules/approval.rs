//! Sharing attributes, managers, sponsors, and whose signatures let data go.

use comity_core::access::AccessRefusal;
use comity_core::agency::{AgencyKind, KeyRole, Standing};
use comity_core::dataset::{Dataset, Grade, MAX_STATED, Sharing};
use comity_core::genesis::Params;
use comity_core::governance::{Measure, Office};
use comity_core::grant::GrantTerms;
use comity_core::ids::{GrantId, RequestId};
use comity_core::keys::SecretKey;
use comity_core::ledger::Ledger;
use comity_core::refusal::{ApprovalRefusal, MeasureFault, Refusal, SignerNeeded};
use comity_core::request::Outcome;
use comity_core::rule_pack::Clock;
use comity_core::statement::{Action, StatementSigner, VerifiedRecord};
use comity_core::{duty, state};

use crate::acts::{AUTHORITY, another, asking};
use crate::governance::{VILLAGE, unfit};
use crate::refusals::{Case, wrong_signer};
use crate::story::{
    CIVIL, FINANCE, HEALTH, Story, dataset, new_key, secret, signed_by_officer, terms, text,
};

/// The second steward of the provider.
const SECOND: u8 = 50;

impl Story {
    /// A story in which this dataset, and nothing else, was published.
    fn of(dataset: Dataset) -> Story {
        let mut story = Story::new(Params::default());
        story.publish_again(dataset).unwrap();
        story
    }

    /// The provider registers a second steward.
    fn with_second(mut self) -> Story {
        self.add_second();
        self
    }

    fn add_second(&mut self) -> SecretKey {
        let key = new_key(SECOND);
        let registration = self.register(CIVIL, KeyRole::Steward, &key, None);
        self.commit(vec![registration]);
        key
    }

    /// A record that these stewards sign.
    fn by_stewards(&mut self, action: Action, stewards: &[(&str, SecretKey)]) -> VerifiedRecord {
        let (first, others) = stewards.split_first().unwrap();
        let mut draft =
            self.draft_by(first.0, KeyRole::Steward, SecretKey::from_seed(&first.1.seed()), action);
        for (agency, key) in others {
            draft.statement.signers.push(StatementSigner {
                agency: agency.parse().unwrap(),
                key: key.public(),
                ..draft.statement.signers[0].clone()
            });
            draft.keys.push(SecretKey::from_seed(&key.seed()));
        }
        draft.verified()
    }

    /// An issue of a grant that these stewards sign: each a member's, or the provider's second.
    fn issuing(&mut self, terms: GrantTerms, stewards: &[&'static str]) -> VerifiedRecord {
        let stewards: Vec<_> = stewards.iter().copied().map(steward).collect();
        self.by_stewards(Action::IssueGrant { terms }, &stewards)
    }

    /// An enterprise joins, for which this member answers.
    pub(crate) fn enterprise(&self, sponsor: Option<&str>) -> Measure {
        let mut member = self.joiner(VILLAGE, Standing::Observer);
        member.agency.kind = AgencyKind::Enterprise;
        member.agency.sponsor = sponsor.map(|sponsor| sponsor.parse().unwrap());
        Measure::Admit { member: Box::new(member) }
    }
}

/// A member's steward, or the provider's second.
fn steward(name: &'static str) -> (&'static str, SecretKey) {
    match name {
        "second" => (CIVIL, new_key(SECOND)),
        member => (member, secret(member, KeyRole::Steward)),
    }
}

fn stewards(agencies: &[&str]) -> Refusal {
    let needed =
        |agency: &&str| SignerNeeded { agency: agency.parse().unwrap(), role: KeyRole::Steward };
    Refusal::WrongSigners { needed: agencies.iter().map(needed).collect() }
}

fn approval(refusal: ApprovalRefusal) -> Refusal {
    Refusal::Approval(refusal)
}

fn graded(grade: Grade) -> Dataset {
    Dataset { grade, ..dataset() }
}

fn withheld() -> Dataset {
    Dataset { sharing: Sharing::NotShared, conditions: text("Act 5"), ..dataset() }
}

fn unconditional() -> Dataset {
    Dataset { sharing: Sharing::Unconditional, ..dataset() }
}

fn managed(manager: &str) -> Dataset {
    Dataset { manager: Some(manager.parse().unwrap()), ..dataset() }
}

fn to(requester: &str) -> GrantTerms {
    GrantTerms { requester: requester.parse().unwrap(), ..terms() }
}

fn publication(story: &mut Story, dataset: Dataset) -> VerifiedRecord {
    story.steward(Action::PublishDataset { dataset })
}

/// An approval of too few or the wrong ones.
fn short_of(
    story: &mut Story,
    dataset: Dataset,
    signed: &[&'static str],
    needed: &[&str],
) -> (VerifiedRecord, Refusal) {
    *story = Story::of(dataset).with_second();
    (story.issuing(terms(), signed), stewards(needed))
}

/// Cases about what is stated, and about who signs.
pub(crate) const CASES: &[Case] = &[
    |story| {
        let stated = (0..=MAX_STATED).map(|n| text(&format!("Condition {n}"))).collect();
        let count = MAX_STATED as u64 + 1;
        let record = publication(story, Dataset { stated, ..another() });
        (record, approval(ApprovalRefusal::TooManyConditions { count, limit: count - 1 }))
    },
    |story| {
        let record = publication(story, Dataset { stated: vec![text("a"), text("")], ..another() });
        (record, approval(ApprovalRefusal::ConditionUnfit { number: 2 }))
    },
    |story| {
        let stated = vec![text("a"), text("b"), text("a")];
        let record = publication(story, Dataset { stated, ..another() });
        (record, approval(ApprovalRefusal::ConditionUnfit { number: 3 }))
    },
    |story| {
        let unknown = Dataset { manager: Some("stranger.gd".parse().unwrap()), ..another() };
        let agency = "stranger.gd".parse().unwrap();
        (publication(story, unknown), Refusal::AgencyUnknown { agency })
    },
    |story| {
        let record = story.issuing(GrantTerms { conditions: [1, 3].into(), ..terms() }, &[CIVIL]);
        (record, approval(ApprovalRefusal::ConditionNotStated { number: 3 }))
    },
    |story| {
        let terms = GrantTerms { conditions: [0].into(), ..terms() };
        let record = story.officer(Action::OpenRequest { terms: asking(terms) });
        (record, approval(ApprovalRefusal::ConditionNotStated { number: 0 }))
    },
    |story| {
        let record = story.issuing(terms(), &[CIVIL, FINANCE]);
        let agency = FINANCE.parse().unwrap();
        (record, approval(ApprovalRefusal::BothSides { agency }))
    },
    |story| short_of(story, graded(Grade::Important), &[CIVIL], &[CIVIL, CIVIL]),
    |story| short_of(story, graded(Grade::Important), &[CIVIL, HEALTH], &[CIVIL, CIVIL]),
    |story| short_of(story, graded(Grade::Core), &[CIVIL, "second"], &[CIVIL, CIVIL, AUTHORITY]),
    |story| short_of(story, withheld(), &[CIVIL], &[CIVIL, AUTHORITY]),
    |story| short_of(story, withheld(), &[CIVIL, "second"], &[CIVIL, AUTHORITY]),
    |story| {
        *story = Story::of(withheld());
        let agency = AUTHORITY.parse().unwrap();
        let record = story.issuing(to(AUTHORITY), &[CIVIL]);
        (record, approval(ApprovalRefusal::NoOverseer { agency }))
    },
    |story| {
        // A founder for which nobody answers.
        *story = Story::new(Params::default());
        story.genesis.members[3].agency.kind = AgencyKind::SocialOrganisation;
        story.ledger = Ledger::new(&story.genesis).unwrap();
        story.publish();
        let agency = HEALTH.parse().unwrap();
        let record = story.issuing(to(HEALTH), &[CIVIL]);
        (record, approval(ApprovalRefusal::SponsorMissing { agency }))
    },
    |story| {
        story.pass(story.enterprise(Some(HEALTH)));
        (story.issuing(to(VILLAGE), &[CIVIL]), stewards(&[CIVIL, HEALTH]))
    },
    |story| {
        // Whoever owns the data does not decide what another was asked to decide.
        *story = Story::of(managed(HEALTH));
        (story.issuing(terms(), &[CIVIL]), wrong_signer(HEALTH, KeyRole::Steward))
    },
    |story| {
        *story = Story::of(managed(HEALTH));
        let request = story.opened();
        (story.refusal(request), wrong_signer(HEALTH, KeyRole::Steward))
    },
    |story| {
        *story = Story::of(managed(HEALTH));
        let issue = story.issuing(terms(), &[HEALTH]);
        let grant = GrantId(story.commit(vec![issue]));
        let record = story.steward(Action::SuspendGrant { grant, reason: text("x") });
        (record, wrong_signer(HEALTH, KeyRole::Steward))
    },
    |story| {
        *story = Story::of(managed(HEALTH));
        let issue = story.issuing(terms(), &[HEALTH]);
        let grant = GrantId(story.commit(vec![issue]));
        let attempt = signed_by_officer(story.attempt(grant));
        let record = story.record(
            FINANCE,
            KeyRole::Gateway,
            Action::RecordAccess { attempt, number: 1, answer: None },
        );
        (record, wrong_signer(CIVIL, KeyRole::Gateway))
    },
    |story| {
        let measure = story.enterprise(None);
        (story.proposing(CIVIL, measure), unfit(MeasureFault::Sponsor))
    },
];

fn reply(story: &Story, request: RequestId) -> Option<Outcome> {
    state::request(&story.ledger, request).unwrap().reply.map(|reply| reply.outcome)
}

#[test]
fn what_is_shared_unconditionally_is_granted_by_rule_and_the_grant_says_so() {
    let mut story = Story::of(unconditional());
    let request = story.opened();
    let grant = GrantId(request.0);
    assert_eq!(reply(&story, request), Some(Outcome::Approved { grant, by_rule: true }));
    let issued = state::grant(&story.ledger, grant).unwrap();
    assert_eq!((issued.terms, issued.request), (terms(), Some(request)));
    assert_eq!(issued.sharing, Sharing::Unconditional);
    let access = story.access(grant);
    assert_eq!(story.check(&access), Ok(()));
    let asked = state::request(&story.ledger, request).unwrap();
    let duties = duty::of_request(&story.ledger, &asked);
    assert_eq!(duties.len(), 1);
    assert_eq!(duties[0].clock, Clock::ReplyUnconditional);
    let closing = story.steward(Action::ApproveRequest { request, terms: terms() });
    assert_eq!(story.check(&closing), Err(Refusal::RequestClosed { request, at: request.0 }));
}

#[test]
fn a_request_that_is_not_sound_is_not_granted_by_rule() {
    let mut story = Story::of(unconditional());
    let none = GrantTerms { items: comity_core::dataset::Items::Only([].into()), ..terms() };
    assert_eq!(story.open(asking(none)).map(drop), Err(Refusal::NoItems));
}

#[test]
fn only_general_data_goes_to_public_bodies_by_rule() {
    for (dataset, kind) in [
        (Dataset { grade: Grade::Important, ..unconditional() }, AgencyKind::Government),
        (Dataset { grade: Grade::Core, ..unconditional() }, AgencyKind::Government),
        (dataset(), AgencyKind::Government),
        (unconditional(), AgencyKind::Enterprise),
        (unconditional(), AgencyKind::SocialOrganisation),
        (unconditional(), AgencyKind::Research),
    ] {
        let mut story = Story::of(dataset.clone());
        let (mut asked, mut officer) = (terms(), secret(FINANCE, KeyRole::Officer));
        if !kind.is_public() {
            let Measure::Admit { mut member } = story.enterprise(Some(HEALTH)) else {
                unreachable!()
            };
            member.agency.kind = kind;
            story.pass(Measure::Admit { member });
            (asked, officer) = (to(VILLAGE), secret(VILLAGE, KeyRole::Officer));
        }
        let by = asked.requester.to_string();
        let action = Action::OpenRequest { terms: asking(asked) };
        let record = story.draft_by(&by, KeyRole::Officer, officer, action).verified();
        let request = RequestId(story.commit(vec![record]));
        assert_eq!(reply(&story, request), None, "{kind:?}, {:?}", dataset.grade);
    }
}

#[test]
fn other_public_bodies_are_granted_by_rule_like_government() {
    for kind in [AgencyKind::PublicInstitution, AgencyKind::PartyLegislativeOrJudicial] {
        let mut story = Story::of(unconditional());
        let Measure::Admit { mut member } = story.enterprise(None) else { unreachable!() };
        member.agency.kind = kind;
        story.pass(Measure::Admit { member });
        let action = Action::OpenRequest { terms: asking(to(VILLAGE)) };
        let record = story.record(VILLAGE, KeyRole::Officer, action);
        let request = RequestId(story.commit(vec![record]));
        assert!(matches!(reply(&story, request), Some(Outcome::Approved { by_rule: true, .. })));
    }
}

#[test]
fn the_weightier_the_data_the_more_stewards_sign() {
    for (dataset, signed) in [
        (dataset(), &[CIVIL] as &[&'static str]),
        (graded(Grade::Important), &[CIVIL, "second"]),
        (graded(Grade::Core), &[CIVIL, AUTHORITY, "second"]),
        (withheld(), &[AUTHORITY, CIVIL]),
        (Dataset { grade: Grade::Core, ..withheld() }, &["second", CIVIL, AUTHORITY]),
    ] {
        let mut story = Story::of(dataset).with_second();
        let record = story.issuing(terms(), signed);
        assert_eq!(story.check(&record), Ok(()), "{signed:?}");
        let request = story.opened();
        let approval = Action::ApproveRequest { request, terms: terms() };
        let stewards: Vec<_> = signed.iter().copied().map(steward).collect();
        let record = story.by_stewards(approval.clone(), &stewards);
        assert_eq!(story.check(&record), Ok(()), "{signed:?}");
        if stewards.len() > 1 {
            let record = story.by_stewards(approval, &stewards[1..]);
            assert!(story.check(&record).is_err(), "one less than {signed:?}");
        }
    }
}

#[test]
fn where_the_authority_decides_itself_each_capacity_has_a_key_of_its_own() {
    let dataset = Dataset { manager: Some(AUTHORITY.parse().unwrap()), ..withheld() };
    let mut story = Story::of(dataset);
    let one = story.issuing(terms(), &[AUTHORITY]);
    assert_eq!(story.check(&one), Err(stewards(&[AUTHORITY, AUTHORITY])));
    let key = new_key(60);
    let registration = story.register(AUTHORITY, KeyRole::Steward, &key, None);
    story.commit(vec![registration]);
    let both = [(AUTHORITY, secret(AUTHORITY, KeyRole::Steward)), (AUTHORITY, key)];
    let two = story.by_stewards(Action::IssueGrant { terms: terms() }, &both);
    assert_eq!(story.check(&two), Ok(()));
}

#[test]
fn what_the_authority_itself_asks_for_the_supervisor_signs() {
    let mut story = Story::of(withheld());
    let agencies = [HEALTH.parse().unwrap()].into();
    story.pass(Measure::Appoint { office: Office::Supervisor, agencies });
    let record = story.issuing(to(AUTHORITY), &[CIVIL, HEALTH]);
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn a_managers_own_request_is_decided_by_the_owner() {
    let mut story = Story::of(managed(FINANCE));
    let request = story.opened();
    let asked = state::request(&story.ledger, request).unwrap();
    assert_eq!(asked.decided_by.as_str(), CIVIL);
    assert!(story.approve(request, terms()).is_ok());
}

#[test]
fn the_manager_decides_and_both_have_the_data() {
    let mut story = Story::of(managed(HEALTH));
    let request = story.opened();
    let asked = state::request(&story.ledger, request).unwrap();
    let owed_by = duty::of_request(&story.ledger, &asked).remove(0).owed_by;
    assert_eq!(owed_by.as_str(), HEALTH);
    let key = || vec![(HEALTH, secret(HEALTH, KeyRole::Steward))];
    let action = Action::ApproveRequest { request, terms: terms() };
    let approval = story.by_stewards(action, &key());
    let grant = GrantId(story.commit(vec![approval]));
    for gateway in [CIVIL, HEALTH] {
        let attempt = signed_by_officer(story.attempt(grant));
        let record = story.record(
            gateway,
            KeyRole::Gateway,
            Action::RecordAccess { attempt, number: 1, answer: None },
        );
        assert_eq!(story.check(&record), Ok(()), "{gateway}");
    }
    for steward in [CIVIL, HEALTH] {
        let record = story.record(steward, KeyRole::Steward, Action::ReportDelivery { grant });
        assert_eq!(story.check(&record), Ok(()), "{steward}");
    }
    let pause = Action::SuspendGrant { grant, reason: text("x") };
    let record = story.by_stewards(pause, &key());
    assert_eq!(story.check(&record), Ok(()));
}

#[test]
fn what_went_while_it_was_not_shared_goes_on_and_nothing_else_does() {
    let mut story = Story::of(dataset());
    let before = story.issuing(terms(), &[CIVIL]);
    let before = GrantId(story.commit(vec![before]));
    story.amend(withheld(), 1).unwrap();
    let after = story.issuing(terms(), &[CIVIL, AUTHORITY]);
    let after = GrantId(story.commit(vec![after]));
    let judged = |story: &mut Story, grant| {
        let attempt = story.attempt(grant);
        story.ledger.evaluate(&attempt, story.now).map(drop)
    };
    let sharing = Sharing::NotShared;
    assert_eq!(judged(&mut story, before), Err(AccessRefusal::DatasetNotShared { sharing }));
    assert_eq!(judged(&mut story, after), Ok(()));
}

#[test]
fn a_sponsor_answers_until_another_does_or_it_leaves() {
    let mut story = Story::of(dataset());
    story.pass(story.enterprise(Some(HEALTH)));
    let record = story.issuing(to(VILLAGE), &[CIVIL, HEALTH]);
    assert_eq!(story.check(&record), Ok(()));
    let sponsored = |sponsor: &str| Measure::ChangeSponsor {
        agency: VILLAGE.parse().unwrap(),
        sponsor: sponsor.parse().unwrap(),
    };
    for (measure, fault) in [
        (sponsored(HEALTH), MeasureFault::NothingChanges),
        (sponsored(VILLAGE), MeasureFault::Sponsor),
        (
            Measure::ChangeSponsor {
                agency: CIVIL.parse().unwrap(),
                sponsor: HEALTH.parse().unwrap(),
            },
            MeasureFault::Standing,
        ),
    ] {
        let record = story.proposing(CIVIL, measure);
        assert_eq!(story.check(&record), Err(unfit(fault)));
    }
    let proposal = story.propose(sponsored(FINANCE));
    for member in [CIVIL, FINANCE, HEALTH] {
        story.vote(member, proposal);
    }
    let record = story.issuing(to(VILLAGE), &[CIVIL, FINANCE]);
    assert_eq!(story.check(&record), Ok(()));
    let proposal =
        story.propose(Measure::Remove { agency: FINANCE.parse().unwrap(), reason: text("x") });
    for member in [CIVIL, FINANCE, HEALTH] {
        story.vote(member, proposal);
    }
    let record = story.issuing(to(VILLAGE), &[CIVIL]);
    let gone = story.check(&record);
    assert!(matches!(gone, Err(Refusal::AgencyLeft { .. })), "{gone:?}");
}
