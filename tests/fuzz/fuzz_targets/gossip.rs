//! `comity_hostile::targets::gossip` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| comity_hostile::targets::gossip(data));
