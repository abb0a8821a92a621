//! The commands as people run them: whole command lines in, transcripts and exit codes out.
//! Holds: nothing here leaves this computer's loopback.

mod archives;
mod arguments;
mod bindings;
mod catalogues;
mod checks;
mod chinese;
mod disputes;
mod drafts;
mod emergencies;
mod explaining;
mod fake_catalogue;
mod fake_lists;
mod fake_members;
mod fake_node;
mod fake_oversight;
mod fixture;
mod flows;
mod gateway;
mod holding;
mod keys;
mod late;
mod legs;
mod listing;
mod manual;
mod oversight;
mod proposals;
mod reading;
mod reports;
mod requests;
mod rubbish;
mod sealed;
mod stewards;
mod task_forces;
