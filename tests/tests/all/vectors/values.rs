//! Every type in both of its forms, bytes that are no value, and text.

use std::collections::BTreeSet;
use std::str::FromStr;

use comity_core::access::{AccessRefusal, Attempt, SignedAttempt};
use comity_core::agency::{
    Agency, AgencyKind, Key, KeyAlgorithm, KeyRole, Level, OfficialKeys, Standing,
};
use comity_core::assessment::{Assessment, AssessmentKind, AssessmentTerms};
use comity_core::basis::Basis;
use comity_core::batch::{Batch, BatchedAccess};
use comity_core::binding::{Bearers, Fulfilment, Promise, Side, Undertaking};
use comity_core::block::{Block, CommittedBlock, Header};
use comity_core::calendar::{Calendar, RegionCalendars};
use comity_core::check_request::{CheckOutcome, CheckRequest, CheckTerms, Handover};
use comity_core::codes::{CodeEntry, CodeList, PublishedCode};
use comity_core::dataset::{
    Dataset, DatasetVersion, DeliveryMode, Grade, Item, Items, Openness, PublishedDataset, Sharing,
};
use comity_core::dispute::{Dispute, DisputeAbout, Ruling};
use comity_core::duty::Mark;
use comity_core::emergency::{Emergency, EmergencyAccess, EmergencyTerms, EmergencyUse};
use comity_core::encoding::{Decode, DecodeError, Encode, decode, encode};
use comity_core::equivocation::Equivocation;
use comity_core::gateway::GatewayNumbers;
use comity_core::genesis::{Genesis, GenesisKey, GenesisMember, Params};
use comity_core::governance::{self, Ballot, Choice, Departure, Measure, Office, Roll};
use comity_core::grant::{Grant, GrantTerms, GrantVersion, Usage};
use comity_core::hash::{
    AnswerHash, BatchRoot, Commitment, DetailsHash, DrawCommitment, DrawSecret, HeaderHash,
    ReportHash,
};
use comity_core::ids::{
    AssessmentId, BundleId, CheckId, DatasetId, DisputeId, DrawId, EmergencyId, ExchangeId,
    FindingId, GrantId, Height, IncidentId, LogIndex, Nonce, ProposalId, RequestId, TaskForceId,
    TimeMs,
};
use comity_core::incident::{Incident, IncidentTerms};
use comity_core::interruption::Interruptions;
use comity_core::keys::{PublicKey, Signature};
use comity_core::legs::{Acknowledgement, Answer};
use comity_core::log_tree::Frontier;
use comity_core::oversight::{Draw, Finding, Power};
use comity_core::polka::PolkaCertificate;
use comity_core::query::{Query, SignedQuery};
use comity_core::request::{Extension, Outcome, Reply, Request, RequestTerms, Urging};
use comity_core::rule_pack::{Clock, RulePack, RulePacks};
use comity_core::sealed::{Detail, Opening};
use comity_core::state_tree::StateProof;
use comity_core::statement::{Action, Capacity, SignedRecord, Statement, StatementSigner};
use comity_core::task_force::{TaskForce, TaskForceTerms};
use comity_core::text::{AgencyId, Code, ItemName, Slug, Text};
use comity_core::validators::{Validator, ValidatorSet};
use comity_core::vote::{CommitCertificate, Proposal, Vote, VoteKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Hex, Vectors, sha256};

/// Does `$act::<T>(..)` for the type of this name.
macro_rules! of_type {
    ($name:expr, $act:ident($($argument:expr),*), $otherwise:expr) => {
        match $name {
            "u8" => $act::<u8>($($argument),*),
            "u16" => $act::<u16>($($argument),*),
            "u32" => $act::<u32>($($argument),*),
            "u64" => $act::<u64>($($argument),*),
            "i16" => $act::<i16>($($argument),*),
            "bool" => $act::<bool>($($argument),*),
            "option-u32" => $act::<Option<u32>>($($argument),*),
            "list-u16" => $act::<Vec<u16>>($($argument),*),
            "set-code" => $act::<BTreeSet<Code>>($($argument),*),
            "set-mode" => $act::<BTreeSet<DeliveryMode>>($($argument),*),
            "text-96" => $act::<Text<96>>($($argument),*),
            "agency-id" => $act::<AgencyId>($($argument),*),
            "slug" => $act::<Slug>($($argument),*),
            "code" => $act::<Code>($($argument),*),
            "item-name" => $act::<ItemName>($($argument),*),
            "dataset-id" => $act::<DatasetId>($($argument),*),
            "grant-id" => $act::<GrantId>($($argument),*),
            "request-id" => $act::<RequestId>($($argument),*),
            "bundle-id" => $act::<BundleId>($($argument),*),
            "commitment" => $act::<Commitment>($($argument),*),
            "details-hash" => $act::<DetailsHash>($($argument),*),
            "height" => $act::<Height>($($argument),*),
            "log-index" => $act::<LogIndex>($($argument),*),
            "time-ms" => $act::<TimeMs>($($argument),*),
            "calendar" => $act::<Calendar>($($argument),*),
            "region-calendars" => $act::<RegionCalendars>($($argument),*),
            "clock" => $act::<Clock>($($argument),*),
            "rule-pack" => $act::<RulePack>($($argument),*),
            "rule-packs" => $act::<RulePacks>($($argument),*),
            "office" => $act::<Office>($($argument),*),
            "mark" => $act::<Mark>($($argument),*),
            "extension" => $act::<Extension>($($argument),*),
            "bearers" => $act::<Bearers>($($argument),*),
            "side" => $act::<Side>($($argument),*),
            "promise" => $act::<Promise>($($argument),*),
            "undertaking" => $act::<Undertaking>($($argument),*),
            "fulfilment" => $act::<Fulfilment>($($argument),*),
            "emergency" => $act::<Emergency>($($argument),*),
            "emergency-access" => $act::<EmergencyAccess>($($argument),*),
            "emergency-use" => $act::<EmergencyUse>($($argument),*),
            "emergency-id" => $act::<EmergencyId>($($argument),*),
            "basis" => $act::<Basis>($($argument),*),
            "emergency-terms" => $act::<EmergencyTerms>($($argument),*),
            "grant-version" => $act::<GrantVersion>($($argument),*),
            "nonce" => $act::<Nonce>($($argument),*),
            "exchange-id" => $act::<ExchangeId>($($argument),*),
            "header-hash" => $act::<HeaderHash>($($argument),*),
            "public-key" => $act::<PublicKey>($($argument),*),
            "signature" => $act::<Signature>($($argument),*),
            "level" => $act::<Level>($($argument),*),
            "agency-kind" => $act::<AgencyKind>($($argument),*),
            "standing" => $act::<Standing>($($argument),*),
            "agency" => $act::<Agency>($($argument),*),
            "key-role" => $act::<KeyRole>($($argument),*),
            "key-algorithm" => $act::<KeyAlgorithm>($($argument),*),
            "key" => $act::<Key>($($argument),*),
            "params" => $act::<Params>($($argument),*),
            "code-entry" => $act::<CodeEntry>($($argument),*),
            "genesis-key" => $act::<GenesisKey>($($argument),*),
            "genesis-member" => $act::<GenesisMember>($($argument),*),
            "genesis" => $act::<Genesis>($($argument),*),
            "validator" => $act::<Validator>($($argument),*),
            "validator-set" => $act::<ValidatorSet>($($argument),*),
            "sharing" => $act::<Sharing>($($argument),*),
            "openness" => $act::<Openness>($($argument),*),
            "grade" => $act::<Grade>($($argument),*),
            "delivery-mode" => $act::<DeliveryMode>($($argument),*),
            "item" => $act::<Item>($($argument),*),
            "dataset" => $act::<Dataset>($($argument),*),
            "published-dataset" => $act::<PublishedDataset>($($argument),*),
            "dataset-version" => $act::<DatasetVersion>($($argument),*),
            "interruptions" => $act::<Interruptions>($($argument),*),
            "code-list" => $act::<CodeList>($($argument),*),
            "published-code" => $act::<PublishedCode>($($argument),*),
            "request-terms" => $act::<RequestTerms>($($argument),*),
            "request" => $act::<Request>($($argument),*),
            "urging" => $act::<Urging>($($argument),*),
            "reply" => $act::<Reply>($($argument),*),
            "outcome" => $act::<Outcome>($($argument),*),
            "detail" => $act::<Detail>($($argument),*),
            "opening" => $act::<Opening>($($argument),*),
            "query" => $act::<Query>($($argument),*),
            "signed-query" => $act::<SignedQuery>($($argument),*),
            "items" => $act::<Items>($($argument),*),
            "grant-terms" => $act::<GrantTerms>($($argument),*),
            "grant" => $act::<Grant>($($argument),*),
            "batch" => $act::<Batch>($($argument),*),
            "batched-access" => $act::<BatchedAccess>($($argument),*),
            "gateway-numbers" => $act::<GatewayNumbers>($($argument),*),
            "answer" => $act::<Answer>($($argument),*),
            "acknowledgement" => $act::<Acknowledgement>($($argument),*),
            "batch-root" => $act::<BatchRoot>($($argument),*),
            "check-id" => $act::<CheckId>($($argument),*),
            "check-terms" => $act::<CheckTerms>($($argument),*),
            "check-outcome" => $act::<CheckOutcome>($($argument),*),
            "handover" => $act::<Handover>($($argument),*),
            "check-request" => $act::<CheckRequest>($($argument),*),
            "incident-id" => $act::<IncidentId>($($argument),*),
            "dispute-id" => $act::<DisputeId>($($argument),*),
            "dispute-about" => $act::<DisputeAbout>($($argument),*),
            "ruling" => $act::<Ruling>($($argument),*),
            "dispute" => $act::<Dispute>($($argument),*),
            "incident-terms" => $act::<IncidentTerms>($($argument),*),
            "incident" => $act::<Incident>($($argument),*),
            "draw-id" => $act::<DrawId>($($argument),*),
            "finding-id" => $act::<FindingId>($($argument),*),
            "task-force-id" => $act::<TaskForceId>($($argument),*),
            "task-force-terms" => $act::<TaskForceTerms>($($argument),*),
            "task-force" => $act::<TaskForce>($($argument),*),
            "draw-commitment" => $act::<DrawCommitment>($($argument),*),
            "draw-secret" => $act::<DrawSecret>($($argument),*),
            "power" => $act::<Power>($($argument),*),
            "draw" => $act::<Draw>($($argument),*),
            "finding" => $act::<Finding>($($argument),*),
            "assessment-id" => $act::<AssessmentId>($($argument),*),
            "assessment-kind" => $act::<AssessmentKind>($($argument),*),
            "assessment-terms" => $act::<AssessmentTerms>($($argument),*),
            "assessment" => $act::<Assessment>($($argument),*),
            "report-hash" => $act::<ReportHash>($($argument),*),
            "answer-hash" => $act::<AnswerHash>($($argument),*),
            "usage" => $act::<Usage>($($argument),*),
            "attempt" => $act::<Attempt>($($argument),*),
            "signed-attempt" => $act::<SignedAttempt>($($argument),*),
            "access-refusal" => $act::<AccessRefusal>($($argument),*),
            "capacity" => $act::<Capacity>($($argument),*),
            "statement-signer" => $act::<StatementSigner>($($argument),*),
            "action" => $act::<Action>($($argument),*),
            "statement" => $act::<Statement>($($argument),*),
            "signed-record" => $act::<SignedRecord>($($argument),*),
            "vote-kind" => $act::<VoteKind>($($argument),*),
            "vote" => $act::<Vote>($($argument),*),
            "proposal" => $act::<Proposal>($($argument),*),
            "commit-certificate" => $act::<CommitCertificate>($($argument),*),
            "header" => $act::<Header>($($argument),*),
            "polka-certificate" => $act::<PolkaCertificate>($($argument),*),
            "proposal-id" => $act::<ProposalId>($($argument),*),
            "official-keys" => $act::<OfficialKeys>($($argument),*),
            "measure" => $act::<Measure>($($argument),*),
            "choice" => $act::<Choice>($($argument),*),
            "ballot" => $act::<Ballot>($($argument),*),
            "proposed-measure" => $act::<governance::Proposal>($($argument),*),
            "roll" => $act::<Roll>($($argument),*),
            "departure" => $act::<Departure>($($argument),*),
            "equivocation" => $act::<Equivocation>($($argument),*),
            _ => $otherwise,
        }
    };
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Good {
    r#type: String,
    json: Value,
    bytes: Hex,
}

pub(super) fn check_values(vectors: &Vectors) {
    vectors.each(|case: Good| {
        let (json, bytes) = (&case.json, &case.bytes.0);
        of_type!(case.r#type.as_str(), round_trip(json, bytes), panic!("no such type"));
    });
}

fn round_trip<T>(json: &Value, bytes: &[u8])
where
    T: Serialize + DeserializeOwned + Encode + Decode<()>,
{
    let value: T = T::deserialize(json).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(hex::encode(encode(&value)), hex::encode(bytes), "encoding");
    let decoded: T = decode(bytes, bytes.len()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(serde_json::to_value(decoded).unwrap(), *json, "rendering");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bad {
    what: String,
    r#type: String,
    bytes: Hex,
    limit: usize,
    fault: String,
}

pub(super) fn check_malformed(vectors: &Vectors) {
    vectors.each(|case: Bad| {
        let (bytes, limit) = (&case.bytes.0, case.limit);
        let name = case.r#type.as_str();
        let read = of_type!(name, read(bytes, limit), read_bare(name, bytes, limit));
        let error = read.expect_err(&case.what);
        assert_eq!(error.name(), case.fault, "{}: {error}", case.what);
    });
}

fn read<T: Encode + Decode<()>>(bytes: &[u8], limit: usize) -> Result<(), DecodeError> {
    decode::<T>(bytes, limit).map(drop)
}

/// Types that have no rendering.
fn read_bare(name: &str, bytes: &[u8], limit: usize) -> Result<(), DecodeError> {
    match name {
        "frontier" => read::<Frontier>(bytes, limit),
        "state-proof" => read::<StateProof>(bytes, limit),
        "block" => read::<Block>(bytes, limit),
        "committed-block" => read::<CommittedBlock>(bytes, limit),
        other => panic!("no type {other}"),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(OneText),
    Sweep(Sweep),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneText {
    r#type: String,
    text: String,
    accepted: bool,
}

/// Every character there is, put into one shape.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sweep {
    r#type: String,
    sweep: String,
    accepted: usize,
    /// SHA-256 of one byte for each character, 1 where it is accepted.
    digest: Hex,
}

pub(super) fn check_texts(vectors: &Vectors) {
    vectors.each(|case: Written| match case {
        Written::One(OneText { r#type, text, accepted }) => {
            assert_eq!(is_accepted(&r#type, &text), accepted);
        }
        Written::Sweep(Sweep { r#type, sweep, accepted, digest }) => {
            let judge = |c: char| is_accepted(&r#type, &sweep.replace("{}", &c.to_string()));
            let judged: Vec<u8> = ('\0'..=char::MAX).map(|c| u8::from(judge(c))).collect();
            assert_eq!(judged.iter().filter(|judged| **judged == 1).count(), accepted);
            assert_eq!(sha256(&judged).to_vec(), digest.0);
        }
    });
}

fn is_accepted(name: &str, text: &str) -> bool {
    match name {
        "text-96" => Text::<96>::from_str(text).is_ok(),
        "agency-id" => AgencyId::from_str(text).is_ok(),
        "slug" => Slug::from_str(text).is_ok(),
        "code" => Code::from_str(text).is_ok(),
        "item-name" => ItemName::from_str(text).is_ok(),
        other => panic!("no type {other}"),
    }
}
