//! Days of people who use Comity, as the guides of `docs/` tell them: each command of a guide is
//! run as it stands there, on a terminal, and what is to be seen is compared with a transcript.
//! Holds: a guide is true to the word, or its test fails.
//! May not enter: commands that the guides do not give, but for setting the stage.

mod day;
mod governance;
mod people;
mod scenarios;
