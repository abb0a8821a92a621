//! The container and the manifest against whoever changes them; time stamps, good ones and bad ones;
//! the texts of both languages; what checks and incidents need.

mod closure;
mod containers;
mod texts;
mod timestamps;
