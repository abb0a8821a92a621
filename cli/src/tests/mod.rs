//! The commands as people run them: whole command lines in, transcripts and exit codes out.
//! Holds: nothing here leaves this computer's loopback.

mod archives;
mod arguments;
mod catalogues;
mod explaining;
mod fake_catalogue;
mod fake_lists;
mod fake_members;
mod fake_node;
mod fixture;
mod flows;
mod gateway;
mod keys;
mod listing;
mod manual;
mod proposals;
mod reading;
mod requests;
mod rubbish;
mod sealed;
mod stewards;
