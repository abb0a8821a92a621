//! Trust paths: they lead from the genesis over every change of the validators, and no way round one
//! is taken, whoever's old keys sign for it.

use comity_core::agency::Standing;
use comity_core::block::{CommittedBlock, Header};
use comity_core::genesis::Params;
use comity_core::governance::{Choice, Measure};
use comity_core::ids::{Height, ProposalId, TimeMs};
use comity_core::ledger::Tip;
use comity_core::trust_path::{Anchor, PathError, SetChange, StepFault, TrustPath};
use comity_core::validators::ValidatorSet;
use comity_core::vote::{CertificateError, CommitCertificate};

use crate::story::{HEALTH, JOINERS, MEMBERS, START, Story, certificate, text};

const ARCHIVE: &str = JOINERS[0];

/// A story and the changes of its validators.
pub(crate) struct Told {
    pub(crate) story: Story,
    pub(crate) changes: Vec<SetChange>,
    /// The sets, from the genesis's on.
    pub(crate) sets: Vec<ValidatorSet>,
}

impl Told {
    pub(crate) fn begin(story: Story) -> Told {
        let sets = vec![story.ledger.validators().clone()];
        Told { story, changes: Vec::new(), sets }
    }

    /// A measure passes, and changes who votes.
    pub(crate) fn change(&mut self, measure: Measure) {
        let before = self.story.ledger.validators().clone();
        let opened = self.story.proposing(MEMBERS[0], measure);
        let proposal = ProposalId(self.story.commit(vec![opened]));
        for member in &MEMBERS[1..] {
            if *self.story.ledger.validators() == before {
                let ballot = self.story.ballot(member, proposal, Choice::For);
                self.story.commit(vec![ballot]);
            }
        }
        let next = self.story.ledger.validators();
        let CommittedBlock { block, certificate, .. } = self.story.blocks.last().unwrap();
        let change = SetChange::of(&block.header, certificate, next);
        self.changes.push(change.expect("the validators change"));
        self.sets.push(next.clone());
    }

    /// The path to the block of this height.
    pub(crate) fn path(&self, height: u64) -> TrustPath {
        let at = usize::try_from(height - 1).unwrap();
        let CommittedBlock { block, certificate, .. } = &self.story.blocks[at];
        let below = |change: &&SetChange| change.header.height.0 < height;
        let changes = self.changes.iter().filter(below).cloned().collect();
        TrustPath { changes, header: block.header.clone(), certificate: certificate.clone() }
    }

    pub(crate) fn tip(&self) -> TrustPath {
        self.path(self.story.blocks.len() as u64)
    }
}

/// One agency joins the validators, another leaves.
pub(crate) fn told() -> Told {
    let mut told = Told::begin(Story::new(Params::default()));
    told.story.commit(Vec::new());
    let admission = told.story.admission(ARCHIVE, Standing::Validator { power: 1 });
    told.change(admission);
    told.story.commit(Vec::new());
    let agency = HEALTH.parse().unwrap();
    told.change(Measure::Remove { agency, reason: text("It was closed") });
    told.story.commit(Vec::new());
    told.story.commit(Vec::new());
    told
}

fn fault(path: &TrustPath, told: &Told) -> (u64, StepFault) {
    match path.verify(&told.story.genesis) {
        Err(PathError::Step { height, fault }) => (height.0, fault),
        other => panic!("{other:?}"),
    }
}

#[test]
fn path_leads_to_every_block_of_the_chain() {
    let told = told();
    for height in 1..=told.story.blocks.len() as u64 {
        let path = told.path(height);
        let path = TrustPath::from_bytes(&path.to_bytes()).unwrap();
        let verified = path.verify(&told.story.genesis).unwrap();
        let CommittedBlock { block, .. } = &told.story.blocks[usize::try_from(height - 1).unwrap()];
        assert_eq!(*verified.header(), block.header);
        assert_eq!(verified.hash(), block.header.hash());
        let consortium = told.story.consortium();
        assert_eq!(verified.validators().hash(&consortium), block.header.validators);
        for below in 1..=height {
            let CommittedBlock { block, certificate, .. } =
                &told.story.blocks[usize::try_from(below - 1).unwrap()];
            verified.prove(&block.header, certificate).unwrap();
            let set = verified.validators_at(Height(below)).unwrap();
            assert_eq!(set.hash(&consortium), block.header.validators);
        }
        assert_eq!(verified.validators_at(Height(height + 1)), None);
        assert_eq!(verified.validators_at(Height(0)), None);
    }
    assert_eq!(told.changes.len(), 2);
}

#[test]
fn path_that_skips_a_change_is_refused() {
    let told = told();
    let whole = told.tip();
    for missing in 0..told.changes.len() {
        let mut path = whole.clone();
        path.changes.remove(missing);
        let next = path.changes.get(missing).map_or(&path.header, |change| &change.header);
        assert_eq!(fault(&path, &told), (next.height.0, StepFault::Skipped));
    }
    let mut path = whole.clone();
    path.changes.clear();
    assert_eq!(fault(&path, &told), (whole.header.height.0, StepFault::Skipped));
}

/// A header that was never committed, certified by the members of the genesis, all of whose keys
/// have leaked.
fn forged(told: &Told, change: impl FnOnce(&mut Header)) -> (Header, CommitCertificate) {
    let mut header = told.tip().header;
    header.height = Height(header.height.0 + 10);
    header.time = TimeMs(header.time.0 + 10_000);
    change(&mut header);
    let tip = Tip::of(&header);
    let certificate = certificate(&told.story.consortium(), tip, 0, &MEMBERS);
    (header, certificate)
}

#[test]
fn shortcut_signed_with_leaked_keys_of_former_validators_is_refused() {
    let told = told();
    let whole = told.tip();
    // They say that today's validators rule, which they cannot sign for.
    let (header, certificate) = forged(&told, |_| {});
    let shortcut = TrustPath { changes: Vec::new(), header, certificate };
    assert_eq!(fault(&shortcut, &told).1, StepFault::Skipped);
    let after_changes = TrustPath { changes: whole.changes.clone(), ..shortcut.clone() };
    let proposer = told.sets[2].select(after_changes.header.height, 0).agency.clone();
    let (header, certificate) = forged(&told, |header| header.proposer = proposer);
    let after_changes = TrustPath { header, certificate, ..after_changes };
    let (_, stranger) = fault(&after_changes, &told);
    assert!(
        matches!(stranger, StepFault::Certificate(CertificateError::Stranger(_))),
        "{stranger}"
    );
    // They jump from the first set to the last.
    let mut jump = whole.clone();
    let (mut header, _) = forged(&told, |_| {});
    let first = &whole.changes[0].header;
    (header.height, header.time, header.validators) = (first.height, first.time, first.validators);
    header.proposer = first.proposer.clone();
    let certificate = certificate_of(&told, &header);
    jump.changes = vec![SetChange { header, certificate, next: told.sets[1].clone() }];
    assert_eq!(fault(&jump, &told), (first.height.0, StepFault::NextSet));
}

fn certificate_of(told: &Told, header: &Header) -> CommitCertificate {
    certificate(&told.story.consortium(), Tip::of(header), 0, &MEMBERS)
}

#[test]
fn pinned_header_holds_against_a_history_forged_with_leaked_keys() {
    let told = told();
    // As if the first validators had gone on for ever: from the genesis alone nobody can tell.
    let genesis_set = told.sets[0].clone();
    let (header, certificate) = forged(&told, |header| {
        header.validators = genesis_set.hash(&header.consortium);
        header.next_validators = header.validators;
        header.proposer = genesis_set.select(header.height, 0).agency.clone();
    });
    let other = TrustPath { changes: Vec::new(), header, certificate };
    other.verify(&told.story.genesis).unwrap();
    // From a header that was compared with somebody after the change it is.
    let change = &told.changes[0];
    let anchor = Anchor::header(&change.header, &change.next).unwrap();
    let refused = other.verify_from(&anchor);
    assert!(
        matches!(refused, Err(PathError::Step { fault: StepFault::Skipped, .. })),
        "{refused:?}"
    );
    // The true path goes on from there, whether or not it has the older changes.
    let mut path = told.tip();
    path.verify_from(&anchor).unwrap();
    path.changes.remove(0);
    let verified = path.verify_from(&anchor).unwrap();
    assert_eq!(verified.validators_at(change.header.height), None, "before the anchor");
    assert_eq!(verified.validators_at(change.header.height.next()), Some(&told.sets[1]));
    // What ends at it or before says nothing new.
    let height = change.header.height;
    let refused = told.path(height.0).verify_from(&anchor);
    assert_eq!(refused, Err(PathError::NotAfter { end: height, anchor: height }));
    assert_eq!(Anchor::header(&change.header, &told.sets[2]), None);
}

#[test]
fn every_way_in_which_a_step_can_be_wrong_is_named() {
    let told = told();
    let named = |change: &dyn Fn(&mut TrustPath)| {
        let mut path = told.tip();
        change(&mut path);
        fault(&path, &told)
    };
    let end = told.story.blocks.len() as u64;
    let first = told.changes[0].header.height.0;
    assert_eq!(named(&|path| path.header.version = 2), (end, StepFault::Version));
    let other = |path: &mut TrustPath| path.header.consortium.0[0] ^= 1;
    assert_eq!(named(&other), (end, StepFault::Consortium));
    let repeat = |path: &mut TrustPath| path.changes.insert(1, path.changes[0].clone());
    assert_eq!(named(&repeat), (first, StepFault::Height));
    let early = |path: &mut TrustPath| path.header.time = START;
    assert_eq!(named(&early), (end, StepFault::Time));
    let proposer = |path: &mut TrustPath| path.header.proposer = "nobody".parse().unwrap();
    assert_eq!(named(&proposer), (end, StepFault::Proposer));
    let later = |path: &mut TrustPath| path.header.time = path.header.time.plus(1);
    let other_block = StepFault::Certificate(CertificateError::OtherBlock);
    assert_eq!(named(&later), (end, other_block));
    let next = |path: &mut TrustPath| path.changes[0].next = told.sets[2].clone();
    assert_eq!(named(&next), (first, StepFault::NextSet));
    let (header, certificate) = {
        let CommittedBlock { block, certificate, .. } = &told.story.blocks[0];
        (block.header.clone(), certificate.clone())
    };
    let idle = SetChange { header, certificate, next: told.sets[0].clone() };
    let no_change = |path: &mut TrustPath| path.changes.insert(0, idle.clone());
    assert_eq!(named(&no_change), (1, StepFault::NoChange));
    let few = |path: &mut TrustPath| drop(path.changes[1].certificate.signatures.drain(2..));
    let (height, fault) = named(&few);
    assert_eq!(height, told.changes[1].header.height.0);
    let quorum = CertificateError::NoQuorum { power: 2, total: 5 };
    assert_eq!(fault, StepFault::Certificate(quorum));
}

#[test]
fn any_byte_of_a_path_that_is_changed_breaks_it() {
    let told = told();
    let bytes = told.tip().to_bytes();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            if let Ok(path) = TrustPath::from_bytes(&changed) {
                assert!(path.verify(&told.story.genesis).is_err(), "byte {at}");
            }
        }
    }
    for end in 0..bytes.len() {
        assert!(TrustPath::from_bytes(&bytes[..end]).is_err());
    }
}
