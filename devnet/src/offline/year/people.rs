//! The agencies of the year: levels, regions and kinds, who is above whom, and their keys.
//! Holds: keys follow from places, so that a year is the same wherever it is made.

use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level, Standing};
use comity_core::codes::CodeEntry;
use comity_core::genesis::{
    GENESIS_VERSION, Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM, Params,
};
use comity_core::keys::SecretKey;
use comity_core::text::AgencyId;

use super::super::founding::{BEGINS, parsed};
use super::manner::{GENEROUS, Manner, PROMPT, REFUSING, SLOW};
use super::said;
use crate::failure::{DevnetError, unexpected};
use AgencyKind::{Government, PublicInstitution, Research};
use Level::{County, Municipal, Provincial, Township};

/// The competent authority, which is also the sponsor of who needs one.
pub(super) const AUTHORITY: &str = "data.prov";
/// Who signs rules beside the authority, and reviews stewards.
pub(super) const SUPERVISOR: &str = "audit.prov";
/// Who is above all others.
pub(super) const ABOVE_ALL: &str = "government.prov";
/// Who may declare emergencies.
pub(super) const DECLARERS: [&str; 2] = ["emergency.prov", "government.prov"];
/// Who reviews them, beside the supervisor.
pub(super) const EMERGENCY_REVIEWER: &str = "justice.prov";
/// Who leaves.
pub(super) const LEAVING: &str = "archive.county";

/// Matters 事项 with their titles.
pub(super) const MATTERS: [(&str, &str); 10] = [
    ("BIRTH", "Registering a birth 出生一件事"),
    ("BUSINESS", "Opening a business 企业开办"),
    ("DISASTER", "Helping in a disaster 抢险救灾"),
    ("HEALTH", "Settling medical expenses 医疗费用报销"),
    ("HOUSING", "Allotting public housing 公租房申请"),
    ("LOW-INCOME", "Assessing low income 低收入认定"),
    ("PENSION", "Paying pensions 养老金发放"),
    ("RESEARCH", "Research for public policy 政策研究"),
    ("SCHOOL", "Enrolling pupils 入学"),
    ("TAX-RELIEF", "Granting tax relief 税费减免"),
];
/// Duty bases 职责依据 with their titles.
pub(super) const DUTY_BASES: [(&str, &str); 4] = [
    ("ASSISTANCE-9", "Measures for social assistance, article 9"),
    ("EMERGENCY-52", "Law on responses to emergencies, article 52"),
    ("SHARING-14", "Regulation on data sharing, article 14"),
    ("TAX-6", "Law on the collection of taxes, article 6"),
];

/// Id, name, level, region, kind, what it is like.
type Part = (&'static str, &'static str, Level, &'static str, AgencyKind, Manner);

/// Those who are there in every year; the first five vote.
const PARTS: [Part; 16] = [
    (AUTHORITY, "数据局 Data bureau", Provincial, "440000", Government, PROMPT),
    (ABOVE_ALL, "省政府 Government", Provincial, "440000", Government, PROMPT),
    (SUPERVISOR, "审计厅 Audit office", Provincial, "440000", Government, REFUSING),
    ("emergency.prov", "应急厅 Emergency office", Provincial, "440000", Government, GENEROUS),
    ("justice.prov", "司法厅 Justice office", Provincial, "440000", Government, PROMPT),
    ("civil.city", "民政局 Civil affairs", Municipal, "440100", Government, GENEROUS),
    ("health.city", "卫健委 Health commission", Municipal, "440100", Government, PROMPT),
    ("hospital.city", "人民医院 Hospital", Municipal, "440100", PublicInstitution, SLOW),
    ("housing.city", "住建局 Housing", Municipal, "440100", Government, SLOW),
    ("police.city", "公安局 Police", Municipal, "440100", Government, REFUSING),
    ("social.city", "人社局 Social insurance", Municipal, "440300", Government, PROMPT),
    ("tax.city", "税务局 Taxes", Municipal, "440300", Government, REFUSING),
    (LEAVING, "档案馆 Archive", County, "440183", PublicInstitution, SLOW),
    ("school.county", "教育局 Schools", County, "440183", Government, PROMPT),
    ("office.town", "街道办 Subdistrict office", Township, "440183", Government, SLOW),
    ("univ.prov", "大学 University", Provincial, "440000", Research, PROMPT),
];
const VOTING: usize = 5;
/// Stewards of one agency: as many as one act may need.
const STEWARDS: u8 = 4;
/// Officers of one agency.
pub(super) const OFFICERS: u8 = 3;

/// A member of the year.
pub(super) struct Member {
    pub(super) id: AgencyId,
    pub(super) kind: AgencyKind,
    pub(super) manner: Manner,
    agency: Agency,
}

/// All members, by place.
pub(super) struct Cast {
    pub(super) members: Vec<Member>,
}

/// Who signs: an agency's key in a role, by its number.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) agency: &'a AgencyId,
    pub(super) role: KeyRole,
    number: u8,
}

impl<'a> By<'a> {
    /// One of the agency's stewards.
    pub(super) fn steward_number(agency: &'a AgencyId, number: u8) -> By<'a> {
        By { agency, role: KeyRole::Steward, number }
    }

    pub(super) fn steward(agency: &'a AgencyId) -> By<'a> {
        By::steward_number(agency, 0)
    }

    /// One of the agency's officers.
    pub(super) fn officer(agency: &'a AgencyId, number: u8) -> By<'a> {
        By { agency, role: KeyRole::Officer, number }
    }

    pub(super) fn gateway(agency: &'a AgencyId) -> By<'a> {
        By { agency, role: KeyRole::Gateway, number: 0 }
    }

    pub(super) fn admin(agency: &'a AgencyId) -> By<'a> {
        By { agency, role: KeyRole::Admin, number: 0 }
    }

    pub(super) fn auditor(agency: &'a AgencyId) -> By<'a> {
        By { agency, role: KeyRole::Auditor, number: 0 }
    }

    pub(super) fn secret(&self) -> SecretKey {
        secret(self.agency, self.role, self.number)
    }
}

/// The key with which the node of an agency votes.
pub(super) fn validator_key(agency: &AgencyId) -> SecretKey {
    secret(agency, KeyRole::Validator, 0)
}

/// The key of an agency in a role: it follows from their names, and is no secret.
fn secret(agency: &AgencyId, role: KeyRole, number: u8) -> SecretKey {
    let mut seed = *b"comity invented year, no secrets";
    let role = KeyRole::ALL.iter().position(|known| *known == role).unwrap_or_default();
    seed[30] = u8::try_from(role).unwrap_or(u8::MAX);
    seed[31] = number;
    let name = agency.as_str().bytes().take(30);
    seed.iter_mut().zip(name).for_each(|(place, byte)| *place = byte);
    SecretKey::from_seed(&seed)
}

impl Cast {
    /// The agencies, and one more for each catalogue. Errors: a name that is none.
    pub(super) fn of(catalogues: usize) -> Result<Cast, DevnetError> {
        let parts = PARTS.iter().enumerate();
        let mut members =
            parts.map(|(place, part)| member(place, part)).collect::<Result<Vec<_>, _>>()?;
        for number in 0..catalogues {
            let (id, manner) = (format!("bureau-{}.prov", number + 1), [SLOW, PROMPT, GENEROUS]);
            let kind = Government;
            let manner = manner[number % manner.len()];
            let agency = agency(&id, "局 Bureau with a catalogue", Provincial, "440000", kind)?;
            members.push(Member { id: agency.id.clone(), kind, manner, agency });
        }
        Ok(Cast { members })
    }

    /// The place of an agency among all.
    pub(super) fn place_of(&self, agency: &AgencyId) -> usize {
        self.members.iter().position(|member| member.id == *agency).unwrap_or_default()
    }

    /// What an agency is like.
    pub(super) fn manner(&self, agency: &AgencyId) -> Manner {
        self.members[self.place_of(agency)].manner
    }

    /// The places of those that have a catalogue from a file.
    pub(super) fn with_catalogues(&self) -> std::ops::Range<usize> {
        PARTS.len()..self.members.len()
    }

    /// What they begin with. Errors: a name that is none.
    pub(super) fn genesis(&self) -> Result<Genesis, DevnetError> {
        let codes = |listed: &[(&str, &str)]| -> Vec<CodeEntry> {
            let entry =
                |(code, title): &(&str, &str)| CodeEntry { code: said(code), title: said(title) };
            listed.iter().map(entry).collect()
        };
        let genesis = Genesis {
            version: GENESIS_VERSION,
            name: parsed("An invented year")?,
            time: BEGINS,
            params: Params::default(),
            competent_authority: parsed(AUTHORITY)?,
            matters: codes(&MATTERS),
            duty_bases: codes(&DUTY_BASES),
            members: sorted(self.members.iter().map(founder).collect()),
        };
        genesis.check().map_err(unexpected)?;
        Ok(genesis)
    }
}

fn sorted(mut members: Vec<GenesisMember>) -> Vec<GenesisMember> {
    members.sort_by(|one, other| one.agency.id.cmp(&other.agency.id));
    members
}

fn member(place: usize, part: &Part) -> Result<Member, DevnetError> {
    let (id, name, level, region, kind, manner) = *part;
    let mut agency = agency(id, name, level, region, kind)?;
    if place < VOTING {
        agency.standing = Standing::Validator { power: 1 };
    }
    Ok(Member { id: agency.id.clone(), kind, manner, agency })
}

fn agency(
    id: &str,
    name: &str,
    level: Level,
    region: &str,
    kind: AgencyKind,
) -> Result<Agency, DevnetError> {
    Ok(Agency {
        id: parsed(id)?,
        name: parsed(name)?,
        level,
        region: parsed(region)?,
        kind,
        superior: if id == ABOVE_ALL { None } else { Some(parsed(ABOVE_ALL)?) },
        authority: None,
        operated_by: parsed(name)?,
        standing: Standing::Observer,
        sponsor: if kind.is_public() { None } else { Some(parsed(AUTHORITY)?) },
    })
}

fn founder(member: &Member) -> GenesisMember {
    let votes = matches!(member.agency.standing, Standing::Validator { .. });
    let count = |role: KeyRole| match role {
        KeyRole::Note => 0,
        KeyRole::Validator => u8::from(votes),
        KeyRole::Steward => STEWARDS,
        KeyRole::Officer => OFFICERS,
        _ => 1,
    };
    let keys = KeyRole::ALL.into_iter().flat_map(|role| (0..count(role)).map(move |n| (role, n)));
    let key = |(role, number): (KeyRole, u8)| {
        let secret = secret(&member.id, role, number);
        let possession = secret.sign_possession(&NO_CONSORTIUM, &member.id, role);
        let post = said(&format!("Desk {}", number + 1));
        GenesisKey {
            role,
            algorithm: KeyAlgorithm::Ed25519,
            key: secret.public(),
            post,
            possession,
        }
    };
    GenesisMember { agency: member.agency.clone(), keys: keys.map(key).collect() }
}
