//! `comity_hostile::targets::committed_block` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| comity_hostile::targets::committed_block(data));
