//! ZIP files as bundles are, written from docs/formats.md alone, so that they can be written wrong.
//! Holds: nothing is checked here.

use comity_core::proof::Proof;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Members with their contents.
pub(super) type Parts = Vec<(String, Vec<u8>)>;

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// The members of a bundle.
pub(super) fn unpacked(bytes: &[u8]) -> Parts {
    let (mut parts, mut at) = (vec![], 0);
    while bytes[at..].starts_with(b"PK\x03\x04") {
        let (size, name) = (u32_at(bytes, at + 18), usize::from(bytes[at + 26]));
        let content = at + 30 + name;
        let name = String::from_utf8(bytes[at + 30..content].to_vec()).unwrap();
        parts.push((name, bytes[content..content + size].to_vec()));
        at = content + size;
    }
    parts
}

/// A bundle of these members, whatever they are.
pub(super) fn packed(parts: &Parts) -> Vec<u8> {
    let (mut bytes, mut directory) = (vec![], vec![]);
    for (name, content) in parts {
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let name_bytes = u16::try_from(name.len()).unwrap().to_le_bytes();
        let crc = crc32(content).to_le_bytes();
        let head =
            [&[10, 0, 0, 0, 0, 0, 0, 0, 33, 0][..], &crc, &size, &size, &name_bytes, &[0, 0]];
        let head = head.concat();
        let offset = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        directory.extend([b"PK\x01\x02\x0a\0", &head[..], &[0; 10], &offset].concat());
        directory.extend(name.as_bytes());
        bytes.extend([b"PK\x03\x04", &head[..], name.as_bytes(), content].concat());
    }
    let offset = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let (count, size) = (u16::try_from(parts.len()).unwrap().to_le_bytes(), directory.len());
    let size = u32::try_from(size).unwrap().to_le_bytes();
    bytes.extend(directory);
    bytes.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &offset, &[0, 0]].concat());
    bytes
}

/// The content of a member.
pub(super) fn part<'a>(parts: &'a mut Parts, name: &str) -> &'a mut Vec<u8> {
    let found = parts.iter_mut().find(|(found, _)| found == name);
    &mut found.unwrap_or_else(|| panic!("there is no {name}")).1
}

/// The manifest with a change, in its own form.
pub(super) fn change_manifest(parts: &mut Parts, change: impl FnOnce(&mut String)) {
    let manifest = part(parts, "manifest.json");
    let mut text = String::from_utf8(manifest.clone()).unwrap();
    change(&mut text);
    *manifest = text.into_bytes();
}

/// Puts other content in the place of a member, and has the manifest say so.
pub(super) fn replace(parts: &mut Parts, name: &str, content: Vec<u8>) {
    let before = part(parts, name).clone();
    let hash = |content: &[u8]| hex::encode(Sha256::digest(content));
    let entry = |content: &[u8]| {
        let (size, hash) = (content.len(), hash(content));
        format!(
            "\"name\": \"{name}\",\n      \"size_bytes\": {size},\n      \"sha256\": \"{hash}\""
        )
    };
    let (old, new) = (entry(&before), entry(&content));
    change_manifest(parts, |text| {
        assert!(text.contains(&old), "{text}");
        *text = text.replace(&old, &new);
    });
    *part(parts, name) = content;
}

/// Changes the proof in a member.
pub(super) fn change_proof(parts: &mut Parts, name: &str, change: impl FnOnce(&mut Proof)) {
    let mut proof = Proof::from_bytes(part(parts, name)).unwrap();
    change(&mut proof);
    replace(parts, name, proof.to_bytes());
}

/// The manifest.
pub(super) fn manifest(parts: &mut Parts) -> Value {
    serde_json::from_slice(part(parts, "manifest.json")).unwrap()
}
