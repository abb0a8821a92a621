//! `comity_hostile::targets::block_log` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| comity_hostile::targets::block_log(data));
