//! `comity_hostile::targets::proposal` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| comity_hostile::targets::proposal(data));
