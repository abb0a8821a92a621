//! The attack on the whole: real processes on free ports.
//! Holds: only what people and programs can see is judged: exit codes, words, answers, files.
//! May not enter: private parts of any package; sleeping.

// Says to the lints that everything here is a test, the harness too.
#![cfg(test)]

mod cluster;
mod days;
mod harness;
mod history;
mod hostile;
mod indicators;
mod openapi;
mod tampering;
mod tidy;
mod tlog;
mod vectors;
