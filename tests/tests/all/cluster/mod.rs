//! Consortia of real processes, tried as their operators, officers, auditors and enemies would.

mod agreement;
mod archives;
mod bad_records;
mod catching_up;
mod crash_points;
mod crashes;
mod cut_machines;
mod cut_networks;
mod damaged_view;
mod examples;
mod faces;
mod failing_disk;
mod followers;
mod forgotten;
mod four_machines;
mod lost_log;
mod lost_machines;
mod membership;
mod refused_starts;
mod snapshots;
pub(crate) mod strangers;
mod upgrades;
mod upkeep;
