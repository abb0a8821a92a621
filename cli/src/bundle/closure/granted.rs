//! What a grant says of the entries that made it, changed it and used it.

use comity_core::grant::Grant;
use comity_core::ids::LogIndex;

use super::{Place, dataset};

/// The positions that a grant names.
pub(super) fn positions(grant: &Grant) -> Vec<(Place, LogIndex)> {
    let mut found = vec![(Place::Made, grant.issued_at), (Place::Version, grant.version_at)];
    found.extend(dataset::interruptions(&grant.suspensions, (Place::Suspended, Place::Resumed)));
    found.extend(grant.revoked.as_ref().map(|end| (Place::Ended, end.at)));
    found.extend(grant.delivered.map(|mark| (Place::Delivered, mark.at)));
    found.extend(grant.first_use.map(|mark| (Place::Used, mark.at)));
    let told = grant.fulfilled.iter().flat_map(|done| [Some(done.last), done.before]);
    found.extend(told.flatten().map(|mark| (Place::Fulfilled, mark.at)));
    found
}
