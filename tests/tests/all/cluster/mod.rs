//! Consortia of real processes, tried as their operators, officers, auditors and enemies would.

mod agreement;
mod archives;
mod bad_records;
mod crashes;
mod damaged_view;
mod examples;
mod faces;
mod followers;
mod four_machines;
mod lost_log;
mod refused_starts;
mod strangers;
