//! What belongs to a case of datasets: how they were interrupted, and by which acts they came to be so.
//! Holds: the tables of docs/formats.md, "What a bundle holds". May not enter: fetching, proofs.

use comity_core::ids::LogIndex;
use comity_core::interruption::Interruptions;
use comity_core::statement::Action;

use super::super::objects::Held;
use super::Place;

/// Where interruptions began and ended.
pub(super) fn interruptions(
    all: &Interruptions,
    (begin, end): (Place, Place),
) -> impl Iterator<Item = (Place, LogIndex)> {
    let places = move |at: LogIndex, ended_at: Option<LogIndex>| {
        [Some((begin, at)), ended_at.map(|at| (end, at))]
    };
    all.all().iter().flat_map(move |one| places(one.at, one.ended_at)).flatten()
}

/// Whether an entry is the act that a dataset says of its position.
pub(super) fn is_act(held: &Held, place: Place, action: &Action, id: &str) -> bool {
    let Held::Dataset(_, published) = held else { return false };
    match (place, action) {
        (Place::Made | Place::Again, Action::PublishDataset { dataset }) => {
            dataset.id == published.dataset.id
        }
        (Place::Updated, Action::PublishDataset { dataset }) => dataset.id == published.dataset.id,
        (Place::Updated, Action::RefreshDataset { dataset }) => dataset.to_string() == id,
        (Place::Version, Action::PublishDataset { dataset })
        | (Place::Version, Action::AmendDataset { dataset, .. }) => *dataset == published.dataset,
        (Place::Suspended, Action::SuspendDataset { dataset, .. })
        | (Place::Resumed, Action::ResumeDataset { dataset })
        | (Place::Withdrawn, Action::WithdrawDataset { dataset, .. }) => dataset.to_string() == id,
        _ => false,
    }
}
