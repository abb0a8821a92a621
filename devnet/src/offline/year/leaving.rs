//! A member leaves: by ballot, with all that others had of it and it had of others.

use comity_core::governance::Measure;

use super::people::LEAVING;
use super::{Done, Year, said};

impl Year {
    /// The members let one go. Errors: the rules refuse it.
    pub(super) fn leave(&mut self) -> Done {
        let (agency, reason) = (said(LEAVING), said("Its work went to the city's archive"));
        self.vote(Measure::Remove { agency, reason })
    }
}
