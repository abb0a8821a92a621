//! The API over a real socket, with a real view and block log and a replica played by the test.

mod client;
mod fixture;
mod reads;
mod streams;
mod submits;
