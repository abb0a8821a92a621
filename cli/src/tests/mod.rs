//! The commands as people run them: whole command lines in, transcripts and exit codes out.
//! Holds: nothing here leaves this computer's loopback.

mod archives;
mod arguments;
mod fake_node;
mod fixture;
mod flows;
mod gateway;
mod reading;
