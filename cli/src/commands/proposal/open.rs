//! `comity proposal open`: from what is typed to the measure that is proposed.
//! Holds: of the ledger's present terms only those that were named change; cards prove possession
//! for this consortium before anything is shown.

use std::path::Path;

use comity_core::agency::{KeyRole, Standing};
use comity_core::genesis::{GenesisKey, GenesisMember};
use comity_core::governance::Measure;
use comity_core::ids::ProposalId;
use comity_core::keys::PublicKey;
use comity_core::statement::Action;
use comity_core::text::AgencyId;

use super::{outlook, say_standing, standing};
use crate::args::{OpenProposal, ProposeKey, ProposeStanding};
use crate::fault::Fault;
use crate::keys;
use crate::messages::fault;
use crate::shell::Session;
use crate::sign::Desk;
use crate::time::{self, Edge};

pub(super) fn open(what: OpenProposal, session: &mut Session<'_>) -> Result<(), Fault> {
    let desk = Desk::open(session, signing(&what))?;
    let measure = measure(what, session, &desk)?;
    outlook::show(session, &desk, &measure)?;
    let action = Action::OpenProposal { measure };
    let client = &desk.client;
    let also = |index| standing(client, ProposalId(index));
    let committed = desk.change(session, action, |committed| also(committed.index))?;
    say_standing(session, client, ProposalId(committed.index));
    Ok(())
}

/// Whose key signs.
fn signing(what: &OpenProposal) -> &Path {
    let signing = match what {
        OpenProposal::Admit(args) => &args.signing,
        OpenProposal::Remove(args) => &args.signing,
        OpenProposal::ReplaceKey(args) => &args.signing,
        OpenProposal::ChangeOperator(args) => &args.signing,
        OpenProposal::ChangeStanding(args) => &args.signing,
        OpenProposal::ChangeAuthority(args) => &args.signing,
        OpenProposal::ChangeSponsor(args) => &args.signing,
        OpenProposal::ChangeParams(args) => &args.signing,
        OpenProposal::ActivateVersion(args) => &args.signing,
        OpenProposal::Appoint(args) => &args.signing,
        OpenProposal::RenewEmergency(args) => &args.signing,
    };
    &signing.key
}

fn measure(what: OpenProposal, session: &Session<'_>, desk: &Desk) -> Result<Measure, Fault> {
    Ok(match what {
        OpenProposal::Admit(args) => {
            Measure::Admit { member: Box::new(load_member(&args.file, desk)?) }
        }
        OpenProposal::Remove(args) => Measure::Remove { agency: args.agency, reason: args.reason },
        OpenProposal::ReplaceKey(args) => replace_key(args, session, desk)?,
        OpenProposal::ChangeOperator(args) => {
            Measure::ChangeOperator { agency: args.agency, operated_by: args.operated_by }
        }
        OpenProposal::ChangeStanding(args) => change_standing(args, desk)?,
        OpenProposal::ChangeAuthority(args) => Measure::ChangeAuthority { agency: args.agency },
        OpenProposal::ChangeSponsor(args) => {
            Measure::ChangeSponsor { agency: args.agency, sponsor: args.sponsor }
        }
        OpenProposal::ChangeParams(args) => {
            Measure::ChangeParams { params: args.over(&desk.client.rules()?.params) }
        }
        OpenProposal::ActivateVersion(args) => Measure::ActivateVersion { version: args.version },
        OpenProposal::Appoint(args) => Measure::Appoint {
            office: args.office.into(),
            agencies: args.agencies.into_iter().collect(),
        },
        OpenProposal::RenewEmergency(args) => {
            let (zone, now) = (&session.shell.zone, session.shell.now());
            let until = time::instant(&args.until, Edge::End, zone, now)?;
            Measure::RenewEmergency { emergency: args.emergency, until }
        }
    })
}

/// Reads the file of a member that is to be admitted. Errors: it is none, or was made for a
/// genesis or another consortium.
fn load_member(path: &Path, desk: &Desk) -> Result<GenesisMember, Fault> {
    let member: GenesisMember = keys::load_json(path, |cause| {
        fault!(Failed, "member-unreadable", path = path.display(), cause = cause)
    })?;
    let consortium = desk.consortium();
    for key in &member.keys {
        let (agency, role) = (&member.agency.id, key.role);
        if key.key.verify_possession(&consortium, agency, role, &key.possession).is_err() {
            return Err(fault!(Failed, "member-unproven", path = path.display(), role = role));
        }
    }
    Ok(member)
}

/// The key of a card, for this consortium and this agency.
fn load_key(path: &Path, agency: &AgencyId, desk: &Desk) -> Result<GenesisKey, Fault> {
    let card = keys::load_card(path)?;
    if card.consortium != desk.consortium() {
        let (found, expected) = (card.consortium, desk.consortium());
        return Err(fault!(Failed, "card-other-consortium", found = found, expected = expected));
    }
    if card.agency != *agency {
        let found = card.agency;
        return Err(fault!(Failed, "card-other-member", found = found, expected = agency));
    }
    Ok(card.into_genesis_key())
}

fn replace_key(args: ProposeKey, session: &Session<'_>, desk: &Desk) -> Result<Measure, Fault> {
    let ProposeKey { agency, old, card, suspect_since, .. } = args;
    let new = card.map(|path| load_key(&path, &agency, desk)).transpose()?;
    // A node has one key of each role: which one ends needs no naming.
    let old = match (old, &new) {
        (None, Some(new)) if new.role != KeyRole::Admin => present_key(&agency, new.role, desk)?,
        (old, _) => old,
    };
    let (zone, now) = (&session.shell.zone, session.shell.now());
    let since = suspect_since.map(|text| time::past_instant(&text, Edge::Start, zone, now));
    Ok(Measure::ReplaceKey { agency, old, new, suspect_since: since.transpose()? })
}

/// The key of that role that the agency's node has now.
fn present_key(agency: &AgencyId, role: KeyRole, desk: &Desk) -> Result<Option<PublicKey>, Fault> {
    let found = desk.client.keys_of(agency)?;
    let mut found =
        found.into_iter().filter(|found| found.key.role == role && found.key.revoked.is_none());
    Ok(found.next().map(|found| found.public_key))
}

fn change_standing(args: ProposeStanding, desk: &Desk) -> Result<Measure, Fault> {
    let ProposeStanding { agency, power, card, .. } = args;
    let key = card.map(|path| load_key(&path, &agency, desk)).transpose()?;
    let standing = match power {
        Some(power) => Standing::Validator { power },
        None => Standing::Observer,
    };
    Ok(Measure::ChangeStanding { agency, standing, key })
}
