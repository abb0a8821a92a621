//! The engine's adapter by itself: what it keeps of a height's rounds.

use comity_core::hash::{ConsortiumId, HeaderHash};
use comity_core::ids::Height;
use comity_core::keys::SecretKey;
use comity_core::polka::check_polkas;
use comity_core::validators::{Validator, ValidatorSet};
use comity_core::vote::{Proposal, Vote, VoteKind};

use super::{Engine, Output, Setting, Signer, Validity};
use crate::message::SignedVote;
use crate::storage::Guard;
use crate::verified::Verified;

const CONSORTIUM: ConsortiumId = ConsortiumId([9; 32]);
const HEIGHT: Height = Height(1);
const ONE: HeaderHash = HeaderHash([1; 32]);
const OTHER: HeaderHash = HeaderHash([2; 32]);
/// This node's place in the set: it proposes in neither of the first two rounds.
const ME: usize = 3;

fn keys() -> Vec<SecretKey> {
    (0..4).map(|number| SecretKey::from_seed(&[number + 1; 32])).collect()
}

fn validators() -> ValidatorSet {
    let validator = |(at, key): (usize, &SecretKey)| Validator {
        agency: format!("a{at}").parse().unwrap(),
        key: key.public(),
        power: 1,
    };
    ValidatorSet::try_from(keys().iter().enumerate().map(validator).collect::<Vec<_>>()).unwrap()
}

fn prevote(of: usize, round: u32, value: HeaderHash) -> SignedVote {
    let key = &keys()[of];
    let (kind, validator) = (VoteKind::Prevote, key.public());
    let vote = Vote { kind, height: HEIGHT, round, value: Some(value), validator };
    SignedVote { vote, signature: key.sign_vote(&CONSORTIUM, &vote) }
}

fn begun(recovered: Vec<Vec<u8>>, signer: &mut Option<Signer>) -> Engine {
    let set = validators();
    let me = signer.as_ref().map(|signer| signer.key.public());
    let setting = Setting {
        consortium: CONSORTIUM,
        height: HEIGHT,
        validators: &set,
        me,
        recovered,
        verified: Verified::default(),
    };
    Engine::start(setting, signer).unwrap().0
}

fn kept(outputs: &[Output]) -> impl Iterator<Item = Vec<u8>> {
    outputs.iter().filter_map(|output| match output {
        Output::Keep(bytes) => Some(bytes.clone()),
        _ => None,
    })
}

/// One block has a quorum of prevotes in round 0; then this node votes to commit another in round
/// 1, whereupon the engine forgets what was before.
fn two_rounds() -> (Engine, Vec<Vec<u8>>) {
    let key = keys().swap_remove(ME);
    let guard = Guard::new(*key.public().as_bytes(), 0);
    let mut signer = Some(Signer { key, guard });
    let mut engine = begun(Vec::new(), &mut signer);
    let mut entries = Vec::new();
    for (of, round, value) in [(0, 0, ONE), (1, 0, ONE), (2, 0, ONE), (0, 1, OTHER), (1, 1, OTHER)]
    {
        let vote = prevote(of, round, value);
        assert!(engine.verify_vote(&vote));
        entries.extend(kept(&engine.vote(&vote, &mut signer)));
    }
    let set = validators();
    let proposer = set.select(HEIGHT, 1).key;
    let key = keys().into_iter().find(|key| key.public() == proposer).unwrap();
    let proposal =
        Proposal { height: HEIGHT, round: 1, value: OTHER, polka_round: None, validator: proposer };
    let signature = key.sign_proposal(&CONSORTIUM, &proposal);
    assert!(engine.verify_proposal(&proposal, &signature));
    let mut outputs = engine.proposal(&proposal, &signature, &mut signer);
    outputs.extend(engine.judged(OTHER, 1, proposer, Validity::Valid, &mut signer));
    entries.extend(kept(&outputs));
    let commits = |output: &Output| {
        matches!(output, Output::Vote(SignedVote { vote, .. })
            if vote.kind == VoteKind::Precommit && vote.value == Some(OTHER))
    };
    assert!(outputs.iter().any(commits), "it votes to commit: {outputs:?}");
    assert!(!engine.has_polka(0, &ONE), "the engine itself has forgotten the first round");
    (engine, entries)
}

#[test]
fn polka_certificates_of_rounds_that_the_engine_forgets_are_kept() {
    let (engine, _) = two_rounds();
    assert_eq!(engine.polkas().keys().copied().collect::<Vec<_>>(), [(0, ONE), (1, OTHER)]);
    let polkas: Vec<_> = engine.polkas().values().cloned().collect();
    assert_eq!(check_polkas(&polkas, HEIGHT, &CONSORTIUM, &validators()), Ok(()));
}

#[test]
fn polka_certificates_are_found_again_after_a_restart() {
    let (engine, entries) = two_rounds();
    let again = begun(entries, &mut None);
    assert_eq!(again.polkas(), engine.polkas());
}
