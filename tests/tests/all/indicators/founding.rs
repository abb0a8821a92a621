//! A consortium of several levels, regions and kinds, whose keys follow from their places, and a ledger
//! to which anybody's records are given.
//! Holds: the same in every run; every validator signs every certificate.

use std::path::Path;

use comity_core::agency::{Agency, AgencyKind, KeyAlgorithm, KeyRole, Level, Standing};
use comity_core::archive::{block_frame, certificate_frame, head};
use comity_core::codes::CodeEntry;
use comity_core::genesis::{
    GENESIS_VERSION, Genesis, GenesisKey, GenesisMember, NO_CONSORTIUM, Params,
};
use comity_core::ids::{LogIndex, Nonce, TimeMs};
use comity_core::keys::SecretKey;
use comity_core::ledger::{Ledger, NewBlock};
use comity_core::statement::{
    Action, Capacity, STATEMENT_VERSION, SignedRecord, Statement, StatementSigner, VerifiedRecord,
};
use comity_core::text::AgencyId;
use comity_core::vote::{CertificateSignature, CommitCertificate, Vote, VoteKind};

use Level::{County, Municipal, Provincial};

/// A member: id, level, region, kind.
type Member = (&'static str, Level, &'static str, AgencyKind);

/// The members, in order; the first four vote.
pub(super) const MEMBERS: [Member; 7] = [
    ("audit.prov", Provincial, "440000", AgencyKind::Government),
    ("civil.city", Municipal, "440100", AgencyKind::Government),
    ("data.prov", Provincial, "440000", AgencyKind::Government),
    ("health.city", Municipal, "440100", AgencyKind::PublicInstitution),
    ("school.county", County, "440183", AgencyKind::Government),
    ("tax.county", County, "440183", AgencyKind::Government),
    ("univ.prov", Provincial, "", AgencyKind::Research),
];
const VOTING: usize = 4;
/// The supervisor, and the competent authority, which is also the sponsor of who needs one.
pub(super) const SUPERVISOR: &str = "audit.prov";
pub(super) const AUTHORITY: &str = "data.prov";
pub(super) const MATTERS: [&str; 3] = ["BIRTH", "HOUSING", "SCHOOL"];
pub(super) const DUTY_BASIS: &str = "ACT-12";

/// 1 January 2026, 00:00 in the zone of the consortium.
const BEGINS: TimeMs = TimeMs(1_767_196_800_000);
/// How long a statement may wait (ms).
pub(super) const VALIDITY_MS: u64 = 600_000;

/// A chain that grows.
pub(super) struct Chain {
    pub(super) genesis: Genesis,
    pub(super) ledger: Ledger,
    pub(super) now: TimeMs,
    archive: Vec<u8>,
    parent: Option<CommitCertificate>,
    signed: u64,
}

/// The key of a member in a role.
pub(super) fn secret(agency: &str, role: KeyRole) -> SecretKey {
    let mut seed = [0x1d; 32];
    let place = MEMBERS.iter().position(|(id, ..)| *id == agency).unwrap();
    seed[0] = u8::try_from(place).unwrap();
    seed[1] = u8::try_from(KeyRole::ALL.iter().position(|known| *known == role).unwrap()).unwrap();
    SecretKey::from_seed(&seed)
}

fn member(place: usize, (id, level, region, kind): Member) -> GenesisMember {
    let agency: AgencyId = id.parse().unwrap();
    let votes = place < VOTING;
    let left_out =
        |role: &KeyRole| *role == KeyRole::Note || (*role == KeyRole::Validator && !votes);
    let keys = KeyRole::ALL.into_iter().filter(|role| !left_out(role)).map(|role| {
        let secret = secret(id, role);
        let possession = secret.sign_possession(&NO_CONSORTIUM, &agency, role);
        let (algorithm, post) = (KeyAlgorithm::Ed25519, "Duty desk".parse().unwrap());
        GenesisKey { role, algorithm, key: secret.public(), post, possession }
    });
    let standing = if votes { Standing::Validator { power: 1 } } else { Standing::Observer };
    let sponsor = (!kind.is_public()).then(|| AUTHORITY.parse().unwrap());
    let agency = Agency {
        id: agency.clone(),
        name: format!("部门 {id}").parse().unwrap(),
        level,
        region: region.parse().unwrap(),
        kind,
        superior: None,
        authority: None,
        operated_by: id.parse().unwrap(),
        standing,
        sponsor,
    };
    GenesisMember { keys: keys.collect(), agency }
}

impl Chain {
    pub(super) fn found() -> Chain {
        let code = |code: &str| CodeEntry {
            code: code.parse().unwrap(),
            title: "As published".parse().unwrap(),
        };
        let members = MEMBERS.into_iter().enumerate();
        let genesis = Genesis {
            version: GENESIS_VERSION,
            name: "Figures <twice> & \"checked\"".parse().unwrap(),
            time: BEGINS,
            params: Params::default(),
            competent_authority: AUTHORITY.parse().unwrap(),
            matters: MATTERS.map(code).into(),
            duty_bases: vec![code(DUTY_BASIS)],
            members: members.map(|(place, of)| member(place, of)).collect(),
        };
        let ledger = Ledger::new(&genesis).unwrap();
        let archive = head(ledger.consortium());
        Chain { genesis, ledger, now: BEGINS.plus(1_000), archive, parent: None, signed: 0 }
    }

    /// A block with this record alone, if the rules take it. Returns its position.
    pub(super) fn submit(
        &mut self,
        signers: &[(&str, KeyRole)],
        action: Action,
    ) -> Option<LogIndex> {
        let record = self.record(signers, action);
        let consortium = *self.ledger.consortium();
        let parent = self.parent.clone().map(|certificate| {
            certificate.verify(&consortium, self.ledger.tip_validators()).unwrap()
        });
        let new = NewBlock { time: self.now, round: 0, parent: parent.as_ref() };
        let index = LogIndex(self.ledger.log().size());
        let built = self.ledger.build(&new, [record]);
        if built.executed.records.is_empty() {
            return None;
        }
        self.archive.extend(block_frame(&built.block));
        self.ledger.commit(&built.executed);
        self.parent = Some(self.certificate());
        Some(index)
    }

    fn record(&mut self, signers: &[(&str, KeyRole)], action: Action) -> VerifiedRecord {
        self.signed += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.signed.to_le_bytes());
        let signer = |(agency, role): &(&str, KeyRole)| StatementSigner {
            agency: agency.parse().unwrap(),
            key: secret(agency, *role).public(),
            role: *role,
            capacity: Capacity::Agency,
        };
        let consortium = *self.ledger.consortium();
        let statement = Statement {
            version: STATEMENT_VERSION,
            consortium,
            nonce: Nonce(nonce),
            valid_until: self.now.plus(VALIDITY_MS),
            signers: signers.iter().map(signer).collect(),
            sealed: vec![],
            action,
        };
        let signatures =
            signers.iter().map(|(agency, role)| secret(agency, *role).sign_statement(&statement));
        let bytes = SignedRecord { signatures: signatures.collect(), statement }.to_bytes();
        VerifiedRecord::verify(&bytes, &consortium).unwrap()
    }

    fn certificate(&self) -> CommitCertificate {
        let (tip, consortium) = (self.ledger.tip(), self.ledger.consortium());
        let sign = |(agency, ..): &Member| {
            let key = secret(agency, KeyRole::Validator);
            let (kind, value, validator) = (VoteKind::Precommit, Some(tip.hash), key.public());
            let vote = Vote { kind, height: tip.height, round: 0, value, validator };
            CertificateSignature { validator, signature: key.sign_vote(consortium, &vote) }
        };
        let mut signatures: Vec<_> = MEMBERS[..VOTING].iter().map(sign).collect();
        signatures.sort_by_key(|signature| signature.validator);
        CommitCertificate { height: tip.height, round: 0, header_hash: tip.hash, signatures }
    }

    /// Writes `log.archive` and `genesis.json`.
    pub(super) fn write(&self, directory: &Path) {
        let end = certificate_frame(self.parent.as_ref().unwrap());
        std::fs::write(directory.join("log.archive"), [&self.archive[..], &end].concat()).unwrap();
        let genesis = serde_json::to_vec(&self.genesis).unwrap();
        std::fs::write(directory.join("genesis.json"), genesis).unwrap();
    }
}
