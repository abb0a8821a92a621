//! The container and the manifest against whoever changes them; time stamps, good ones and bad ones;
//! the texts of both languages.

mod containers;
mod texts;
mod timestamps;
