//! What leaves the nodes, copied into plain values that the checker judges.
//! Holds: copying only; no rule of the ledger and no count of the consensus is used here.

use std::collections::BTreeSet;

use comity_core::agency::{KeyRole, Standing};
use comity_core::block::{CommittedBlock, Header};
use comity_core::dataset::Sharing;
use comity_core::encoding::{decode, encode};
use comity_core::equivocation::Equivocation;
use comity_core::genesis::{Genesis, GenesisKey};
use comity_core::governance::{Choice, Measure};
use comity_core::grant::GrantTerms;
use comity_core::polka::PolkaCertificate;
use comity_core::statement::{Action, SignedRecord, Statement, VerifiedRecord};
use comity_core::validators::ValidatorSet;
use comity_core::vote::{CertificateSignature, CommitCertificate};
use comity_replica::io::Commit;
use sha2::{Digest, Sha256};

/// Longest record of any consortium (bytes).
const LONGEST_RECORD: usize = 65_535;

/// A hash or a public key.
pub type Bytes32 = [u8; 32];

/// A member of a validator set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Whose node it is.
    pub agency: String,
    /// The key.
    pub key: Bytes32,
    /// The weight.
    pub power: u64,
}

/// A key with whose it is and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOf {
    /// Whose.
    pub agency: String,
    /// The key.
    pub key: Bytes32,
    /// What for.
    pub role: KeyRole,
    /// Until when (ms), where limited.
    pub valid_until: Option<u64>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Of which height.
    pub height: u64,
    /// Of which round.
    pub round: u32,
    /// Of which block.
    pub hash: Bytes32,
    /// Who signed.
    pub signers: Vec<Bytes32>,
}

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its height.
    pub height: u64,
    /// Its hash.
    pub hash: Bytes32,
    /// Its parent's hash.
    pub parent: Bytes32,
    /// Its time (ms).
    pub time: u64,
    /// The round in which it was first proposed.
    pub proposal_round: u32,
    /// Who is said to have proposed it.
    pub proposer: String,
    /// Where its entries begin.
    pub first_index: u64,
    /// The log's size after it.
    pub log_size: u64,
    /// The log's root after it, as its header says.
    pub log_root: Bytes32,
    /// The state's root after it, as its header says.
    pub state_root: Bytes32,
    /// What committed it.
    pub proof: Proof,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its leaf hash.
    pub leaf: Bytes32,
    /// The statement's hash, whatever signatures it has.
    pub id: Bytes32,
    /// Until when it may be committed (ms).
    pub valid_until: u64,
    /// Who signed, in which role.
    pub signers: Vec<(String, Bytes32, KeyRole)>,
    /// The number that its gateway gave it, if it is an access or a denial.
    pub number: Option<u64>,
    /// What it does.
    pub act: Act,
}

/// What a grant allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// On which dataset.
    pub dataset: String,
    /// To whom.
    pub requester: String,
    /// For what.
    pub matters: BTreeSet<String>,
    /// From when (ms).
    pub not_before: u64,
    /// Until before when (ms).
    pub not_after: u64,
    /// How often, where limited.
    pub quota: Option<u64>,
}

/// An attempt at an access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Under which grant.
    pub grant: u64,
    /// To which dataset.
    pub dataset: String,
    /// For whom.
    pub requester: String,
    /// By whose key.
    pub officer: Bytes32,
    /// For what.
    pub matter: String,
    /// The exchange's id.
    pub exchange: [u8; 16],
    /// Until when it is good (ms).
    pub valid_until: u64,
}

/// A measure, as far as it is followed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A member comes in.
    Admit {
        /// Who.
        agency: String,
        /// The weight of its node, if that votes.
        power: Option<u64>,
        /// Its keys.
        keys: Vec<KeyOf>,
    },
    /// A member goes.
    Remove(String),
    /// A key is replaced.
    Replace {
        /// Whose.
        agency: String,
        /// Which.
        old: Option<Bytes32>,
        /// By which.
        new: Option<KeyOf>,
    },
    /// A node gets or loses the vote, or its weight changes.
    Standing {
        /// Whose.
        agency: String,
        /// The weight, if it votes.
        power: Option<u64>,
        /// The key, where it begins to.
        key: Option<KeyOf>,
    },
    /// The share of ballots that passes a measure may have changed.
    Share(u64, u64),
    /// What is not followed.
    Other,
}

/// What an entry does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A key begins.
    Register(KeyOf),
    /// A key ends.
    Revoke(Bytes32),
    /// A dataset is described: whether it is shared at all.
    Describe(String, bool),
    /// A dataset is withdrawn, and with it every grant so far.
    Withdraw(String),
    /// A dataset is suspended.
    SuspendDataset(String),
    /// A dataset is not suspended any more.
    ResumeDataset(String),
    /// A grant.
    Grant(Terms),
    /// A grant ends.
    RevokeGrant(u64),
    /// A grant is suspended.
    SuspendGrant(u64),
    /// A grant is not suspended any more.
    ResumeGrant(u64),
    /// An access.
    Access(Attempt),
    /// A measure is proposed.
    Open(Change),
    /// A ballot.
    Ballot {
        /// On which proposal.
        proposal: u64,
        /// Whether it is for it.
        is_for: bool,
    },
    /// A key is said to have signed twice.
    Blame(Bytes32),
    /// What is not followed.
    Other,
}

impl Block {
    /// A block as a node announces it.
    pub fn of_commit(commit: &Commit) -> Block {
        let entries = commit.records.iter().map(Entry::of).collect();
        Block::new(&commit.header, commit.header_hash.0, &commit.certificate, entries)
    }

    /// A block as a disk holds it. Errors: a record that does not decode.
    pub fn of_stored(stored: &CommittedBlock) -> Result<Block, String> {
        let entries: Result<Vec<Entry>, String> =
            stored.block.records.iter().map(|bytes| Entry::of_bytes(bytes)).collect();
        let header = &stored.block.header;
        Ok(Block::new(header, header.hash().0, &stored.certificate, entries?))
    }

    fn new(
        header: &Header,
        hash: Bytes32,
        proof: &CommitCertificate,
        entries: Vec<Entry>,
    ) -> Block {
        Block {
            height: header.height.0,
            hash,
            parent: header.parent.0,
            time: header.time.0,
            proposal_round: header.proposal_round,
            proposer: header.proposer.to_string(),
            first_index: header.first_index.0,
            log_size: header.log_size,
            log_root: header.log_root.0,
            state_root: header.state_root.0,
            proof: Proof::of(proof),
            entries,
        }
    }
}

impl Proof {
    /// A certificate's content.
    pub fn of(certificate: &CommitCertificate) -> Proof {
        Proof {
            height: certificate.height.0,
            round: certificate.round,
            hash: certificate.header_hash.0,
            signers: signers(&certificate.signatures),
        }
    }

    /// A polka certificate's content.
    pub fn of_polka(polka: &PolkaCertificate) -> Proof {
        Proof {
            height: polka.height.0,
            round: polka.round,
            hash: polka.value.0,
            signers: signers(&polka.signatures),
        }
    }
}

fn signers(signatures: &[CertificateSignature]) -> Vec<Bytes32> {
    signatures.iter().map(|signed| *signed.validator.as_bytes()).collect()
}

impl Entry {
    fn of(record: &VerifiedRecord) -> Entry {
        Entry::new(record.bytes(), record.statement())
    }

    fn of_bytes(bytes: &[u8]) -> Result<Entry, String> {
        let record: SignedRecord =
            decode(bytes, LONGEST_RECORD).map_err(|error| error.to_string())?;
        Ok(Entry::new(bytes, &record.statement))
    }

    fn new(bytes: &[u8], statement: &Statement) -> Entry {
        let signers = statement.signers.iter();
        Entry {
            leaf: Sha256::new().chain_update([0]).chain_update(bytes).finalize().into(),
            id: Sha256::digest(encode(statement)).into(),
            valid_until: statement.valid_until.0,
            signers: signers.map(|s| (s.agency.to_string(), *s.key.as_bytes(), s.role)).collect(),
            number: match &statement.action {
                Action::RecordAccess { number, .. } | Action::RecordDenial { number, .. } => {
                    Some(*number)
                }
                _ => None,
            },
            act: act(statement.signers.first().map(|s| s.agency.to_string()), &statement.action),
        }
    }
}

/// A set's members.
pub fn voters(set: &ValidatorSet) -> Vec<Voter> {
    let plain = set.members().iter().map(|validator| Voter {
        agency: validator.agency.to_string(),
        key: *validator.key.as_bytes(),
        power: validator.power,
    });
    plain.collect()
}

/// Who founds the consortium: agencies with the weight of their nodes, and their keys.
pub fn founders(genesis: &Genesis) -> Vec<(String, Option<u64>, Vec<KeyOf>)> {
    let members = genesis.members.iter().map(|member| {
        let agency = member.agency.id.to_string();
        let keys = member.keys.iter().map(|key| key_of(&agency, key)).collect();
        (agency, power(&member.agency.standing), keys)
    });
    members.collect()
}

fn power(standing: &Standing) -> Option<u64> {
    match standing {
        Standing::Validator { power } => Some(*power),
        Standing::Observer | Standing::Hosted { .. } => None,
    }
}

fn key_of(agency: &str, key: &GenesisKey) -> KeyOf {
    KeyOf { agency: agency.to_owned(), key: *key.key.as_bytes(), role: key.role, valid_until: None }
}

fn act(acting: Option<String>, action: &Action) -> Act {
    match action {
        Action::RegisterKey { key, role, valid_until, .. } => Act::Register(KeyOf {
            agency: acting.unwrap_or_default(),
            key: *key.as_bytes(),
            role: *role,
            valid_until: valid_until.map(|until| until.0),
        }),
        Action::RevokeKey { key, .. } => Act::Revoke(*key.as_bytes()),
        Action::PublishDataset { dataset } | Action::AmendDataset { dataset, .. } => {
            let hidden = matches!(dataset.sharing, Sharing::NotShared | Sharing::Unclassified);
            Act::Describe(dataset.id.to_string(), !hidden)
        }
        Action::WithdrawDataset { dataset, .. } => Act::Withdraw(dataset.to_string()),
        Action::SuspendDataset { dataset, .. } => Act::SuspendDataset(dataset.to_string()),
        Action::ResumeDataset { dataset } => Act::ResumeDataset(dataset.to_string()),
        Action::IssueGrant { terms } | Action::ApproveRequest { terms, .. } => {
            Act::Grant(terms_of(terms))
        }
        Action::RevokeGrant { grant, .. } => Act::RevokeGrant(grant.0.0),
        Action::SuspendGrant { grant, .. } => Act::SuspendGrant(grant.0.0),
        Action::ResumeGrant { grant } => Act::ResumeGrant(grant.0.0),
        Action::RecordAccess { attempt, .. } => {
            let attempt = &attempt.attempt;
            Act::Access(Attempt {
                grant: attempt.grant.made_at().0,
                dataset: attempt.dataset.to_string(),
                requester: attempt.requester.to_string(),
                officer: *attempt.officer.as_bytes(),
                matter: attempt.matter.to_string(),
                exchange: attempt.exchange.0,
                valid_until: attempt.valid_until.0,
            })
        }
        Action::OpenProposal { measure } => Act::Open(change(measure)),
        Action::CastBallot { proposal, choice } => {
            Act::Ballot { proposal: proposal.0.0, is_for: *choice == Choice::For }
        }
        Action::RecordEquivocation { equivocation } => Act::Blame(blamed(equivocation)),
        _ => Act::Other,
    }
}

/// Whom an equivocation names.
pub fn blamed(equivocation: &Equivocation) -> Bytes32 {
    match equivocation {
        Equivocation::Votes { first, .. } => *first.validator.as_bytes(),
        Equivocation::Proposals { first, .. } => *first.validator.as_bytes(),
    }
}

fn terms_of(terms: &GrantTerms) -> Terms {
    Terms {
        dataset: terms.dataset.to_string(),
        requester: terms.requester.to_string(),
        matters: terms.matters.iter().map(ToString::to_string).collect(),
        not_before: terms.not_before.0,
        not_after: terms.not_after.0,
        quota: terms.total_quota,
    }
}

fn change(measure: &Measure) -> Change {
    match measure {
        Measure::Admit { member } => {
            let agency = member.agency.id.to_string();
            let keys = member.keys.iter().map(|key| key_of(&agency, key)).collect();
            Change::Admit { agency, power: power(&member.agency.standing), keys }
        }
        Measure::Remove { agency, .. } => Change::Remove(agency.to_string()),
        Measure::ReplaceKey { agency, old, new, .. } => Change::Replace {
            agency: agency.to_string(),
            old: old.map(|key| *key.as_bytes()),
            new: new.as_ref().map(|key| key_of(agency.as_str(), key)),
        },
        Measure::ChangeStanding { agency, standing, key } => Change::Standing {
            agency: agency.to_string(),
            power: power(standing),
            key: key.as_ref().map(|key| key_of(agency.as_str(), key)),
        },
        Measure::ChangeParams { params } => {
            Change::Share(u64::from(params.ballot_numerator), u64::from(params.ballot_denominator))
        }
        _ => Change::Other,
    }
}
