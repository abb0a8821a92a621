//! `comity_hostile::targets::record` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| comity_hostile::targets::record(data));
