//! Extensions: a later log begins with an earlier one, and both are certified.

use comity_core::ids::TimeMs;
use comity_core::log_tree::ProofError;
use comity_core::proof::{Extension, ExtensionError, Proof};
use comity_core::trust_path::StepFault;

use super::consistency;
use crate::story::terms;
use crate::trust_paths::{Told, told};

fn extension(told: &Told, earlier: u64, later: u64) -> Extension {
    let path = told.path(later);
    let block = &told.story.blocks[usize::try_from(earlier - 1).unwrap()];
    let header = block.block.header.clone();
    Extension {
        consistency: consistency(told, header.log_size, path.header.log_size),
        earlier: header,
        earlier_certificate: block.certificate.clone(),
        path,
    }
}

fn grown() -> Told {
    let mut told = told();
    told.story.publish();
    let grant = told.story.issue(terms());
    for _ in 0..3 {
        let record = told.story.access(grant);
        told.story.commit(vec![record]);
    }
    told
}

#[test]
fn log_that_goes_on_is_proven_between_any_two_heights() {
    let told = grown();
    let tip = told.story.blocks.len() as u64;
    for later in 2..=tip {
        for earlier in 1..later {
            let extension = extension(&told, earlier, later);
            let bytes = Proof::Extension(extension.clone()).to_bytes();
            assert_eq!(Proof::from_bytes(&bytes), Ok(Proof::Extension(extension.clone())));
            let verified = extension.verify(&told.story.genesis).unwrap();
            assert_eq!(verified.earlier().height.0, earlier);
            assert_eq!(verified.later().height.0, later);
        }
    }
}

#[test]
fn extension_that_is_none_is_refused_by_its_own_reason() {
    let told = grown();
    let (tip, genesis) = (told.story.blocks.len() as u64, &told.story.genesis);
    let whole = extension(&told, tip - 2, tip);

    let mut bent = whole.clone();
    bent.consistency[0][0] ^= 1;
    assert!(matches!(bent.verify(genesis), Err(ExtensionError::Consistency(_))));

    let mut short = whole.clone();
    short.consistency.pop();
    let refused = short.verify(genesis).unwrap_err();
    let too_short =
        ExtensionError::Consistency(ProofError::WrongLength { hashes: short.consistency.len() });
    assert_eq!(refused, too_short);

    let mut forged = whole.clone();
    forged.earlier.time = TimeMs(forged.earlier.time.0 + 1);
    assert!(matches!(
        forged.verify(genesis),
        Err(ExtensionError::Earlier(StepFault::Certificate(_)))
    ));

    let mut backwards = extension(&told, tip - 2, tip);
    backwards.path = told.path(tip - 2);
    assert_eq!(backwards.verify(genesis).unwrap_err(), ExtensionError::Order);
}
