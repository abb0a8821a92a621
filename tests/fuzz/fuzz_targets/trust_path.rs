//! `comity_hostile::targets::trust_path` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| comity_hostile::targets::trust_path(data));
