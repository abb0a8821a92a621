//! What measures, ballots and equivocations say, in plain words.
//! Holds: every field of a measure that has an effect is shown.
//! May not enter: signing; the node; what a measure may do (core decides).

use std::collections::BTreeSet;

use comity_core::agency::{Agency, Standing};
use comity_core::equivocation::{Equivocation, Step};
use comity_core::genesis::{GenesisKey, Params};
use comity_core::governance::{Choice, Measure, Office};
use comity_core::text::AgencyId;
use jiff::tz::TimeZone;

use crate::describe::{said, time_or};
use crate::messages::{say, text};
use crate::{table, time};

type Rows = Vec<(String, String)>;

/// A measure in one clause, such as "admit health.gd as a validator".
pub(crate) fn sentence(measure: &Measure) -> String {
    match measure {
        Measure::Admit { member } => say!("measure-admit", agency = member.agency.id),
        Measure::Remove { agency, .. } => say!("measure-remove", agency = agency),
        Measure::ReplaceKey { agency, old, new, .. } => match (old, new) {
            (None, _) => say!("measure-add-key", agency = agency),
            (_, None) => say!("measure-end-key", agency = agency),
            (Some(_), Some(new)) => say!("measure-replace-key", agency = agency, role = new.role),
        },
        Measure::ChangeOperator { agency, operated_by } => {
            say!("measure-change-operator", agency = agency, operator = operated_by)
        }
        Measure::ChangeStanding { agency, standing, .. } => {
            say!("measure-change-standing", agency = agency, standing = self::standing(standing))
        }
        Measure::ChangeAuthority { agency } => say!("measure-change-authority", agency = agency),
        Measure::ChangeSponsor { agency, sponsor } => {
            say!("measure-change-sponsor", agency = agency, sponsor = sponsor)
        }
        Measure::RenewEmergency { emergency, .. } => {
            say!("measure-renew-emergency", emergency = emergency)
        }
        Measure::ChangeParams { .. } => say!("measure-change-params"),
        Measure::ActivateVersion { version } => say!("measure-activate", version = version),
        Measure::Appoint { office, agencies } => {
            say!("measure-appoint", office = self::office(*office), agencies = listed(agencies))
        }
    }
}

/// A measure's terms, with times in `zone`.
pub(crate) fn rows(measure: &Measure, zone: &TimeZone) -> Rows {
    match measure {
        Measure::Admit { member } => {
            let mut rows = agency_rows(&member.agency, zone);
            rows.extend(member.keys.iter().map(key_row));
            rows
        }
        Measure::Remove { agency, reason } => {
            vec![agency_row(agency), (say!("label-reason"), reason.to_string())]
        }
        Measure::ReplaceKey { agency, old, new, suspect_since } => {
            let mut rows = vec![agency_row(agency)];
            rows.extend(old.iter().map(|old| (say!("label-key-ends"), table::key(old))));
            rows.extend(new.iter().map(key_row));
            if old.is_some() {
                let suspect = time_or(*suspect_since, zone, "word-not-suspect");
                rows.push((say!("label-suspect-since"), suspect));
            }
            rows
        }
        Measure::ChangeOperator { agency, operated_by } => {
            vec![agency_row(agency), (say!("label-operated-by"), operated_by.to_string())]
        }
        Measure::ChangeStanding { agency, standing, key } => {
            let mut rows = vec![agency_row(agency), standing_row(standing)];
            if let Standing::Hosted { until, .. } = standing {
                rows.push((say!("label-hosted-until"), time::show(*until, zone)));
            }
            rows.extend(key.iter().map(key_row));
            rows
        }
        Measure::ChangeAuthority { agency } => vec![agency_row(agency)],
        Measure::ChangeSponsor { agency, sponsor } => {
            vec![agency_row(agency), (say!("label-sponsor"), sponsor.to_string())]
        }
        Measure::RenewEmergency { emergency, until } => vec![
            (say!("label-emergency"), emergency.to_string()),
            (say!("label-emergency-until"), time::show(*until, zone)),
        ],
        Measure::ChangeParams { params } => params_rows(params),
        Measure::ActivateVersion { version } => vec![(say!("label-version"), version.to_string())],
        Measure::Appoint { office, agencies } => {
            vec![
                (say!("label-office"), self::office(*office)),
                (say!("label-holders"), listed(agencies)),
            ]
        }
    }
}

/// What an agency's node does, in words.
pub(crate) fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Validator { power } => say!("words-validator", power = power),
        Standing::Observer => say!("word-observer"),
        Standing::Hosted { sponsor, .. } => say!("words-hosted", sponsor = sponsor),
    }
}

/// An office, in words.
pub(crate) fn office(office: Office) -> String {
    text(&format!("office-{office}")).to_owned()
}

fn listed(agencies: &BTreeSet<AgencyId>) -> String {
    agencies.iter().map(|agency| agency.as_str()).collect::<Vec<_>>().join(", ")
}

/// A ballot's choice, in a word.
pub(crate) fn choice(choice: Choice) -> String {
    match choice {
        Choice::For => say!("word-for"),
        Choice::Against => say!("word-against"),
    }
}

/// What an equivocation shows.
pub(crate) fn equivocation_rows(equivocation: &Equivocation) -> Rows {
    let Some(place) = equivocation.place() else { return vec![] };
    let step = match place.step {
        Step::Proposal => say!("word-proposal"),
        Step::Prevote => say!("word-prevote"),
        Step::Precommit => say!("word-precommit"),
    };
    let at = say!("words-consensus-place", height = place.height, round = place.round, step = step);
    vec![
        (say!("label-guilty-key"), table::key(&place.validator)),
        (say!("label-consensus-place"), at),
    ]
}

/// An agency with what the ledger knows of it.
pub(crate) fn agency_rows(agency: &Agency, zone: &TimeZone) -> Rows {
    let mut rows = vec![
        agency_row(&agency.id),
        (say!("label-name"), agency.name.to_string()),
        (say!("label-level"), said("level", &agency.level)),
        (say!("label-region"), agency.region.to_string()),
        (say!("label-agency-kind"), said("kind", &agency.kind)),
        standing_row(&agency.standing),
    ];
    if let Standing::Hosted { until, .. } = agency.standing {
        rows.push((say!("label-hosted-until"), time::show(until, zone)));
    }
    rows.push((say!("label-operated-by"), agency.operated_by.to_string()));
    for (label, other) in [
        (say!("label-line-superior"), &agency.superior),
        (say!("label-local-authority"), &agency.authority),
        (say!("label-sponsor"), &agency.sponsor),
    ] {
        rows.extend(other.iter().map(|other| (label.clone(), other.to_string())));
    }
    rows
}

fn agency_row(agency: &comity_core::text::AgencyId) -> (String, String) {
    (say!("label-agency"), agency.to_string())
}

fn standing_row(held: &Standing) -> (String, String) {
    (say!("label-standing"), standing(held))
}

fn key_row(key: &GenesisKey) -> (String, String) {
    (say!("label-new-key-of", role = key.role), table::key(&key.key))
}

/// Every parameter under the name that it has in genesis files.
fn params_rows(params: &Params) -> Rows {
    match serde_json::to_value(params) {
        Ok(serde_json::Value::Object(fields)) => {
            fields.into_iter().map(|(name, value)| (name, value.to_string())).collect()
        }
        _ => vec![],
    }
}
