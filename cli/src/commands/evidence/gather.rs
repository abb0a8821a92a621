//! Fetches what belongs to a case: from its beginnings to all that they need, proven.
//! Holds: objects are of one block, and no entry is of a later one; the node's answers are
//! believed for nothing but where to look next.
//! May not enter: packing, what a case begins with. Source: docs/formats.md, "What a bundle holds".

use std::collections::{BTreeMap, BTreeSet};

use comity_core::encoding::decode;
use comity_core::ids::{Height, LogIndex};
use comity_core::proof::{Claim, CollectedBlock, Collection, Extract, Proof};
use comity_core::statement::{MAX_RECORD_BYTES, SignedRecord, Statement};
use comity_core::trust_path::SetChange;

use super::seeds::Seeds;
use crate::bundle::closure;
use crate::bundle::objects::Objects;
use crate::client::{Client, Query};
use crate::fault::Fault;
use crate::messages::{fault, say};
use crate::shell::Shell;

/// Entries or objects that a node proves at a time.
const AT_A_TIME: usize = 256;
/// More entries or objects are no case for one file.
const MAX_GATHERED: usize = 50_000;
/// Blocks may come between the parts of an extract so often.
const MAX_TRIES: usize = 20;

/// What was fetched.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    changes: Vec<SetChange>,
    blocks: BTreeMap<Height, CollectedBlock>,
    statements: BTreeMap<LogIndex, Statement>,
    objects: Objects,
}

/// Fetches all that the seeds need. Errors: the node lacks something, or tells no consistent story.
pub(super) fn gather(
    seeds: &Seeds,
    client: &Client,
    shell: &mut Shell,
) -> Result<(Collection, Extract), Fault> {
    let mut gathered = Gathered::default();
    for _ in 0..MAX_TRIES {
        gathered.close(seeds, client, shell)?;
        let keys: Vec<Vec<u8>> = gathered.objects.keys().map(<[u8]>::to_vec).collect();
        let Some(extract) = whole_extract(&keys, client)? else { continue };
        for claim in &extract.claims {
            gathered.add(claim, client)?;
        }
        // The newest block may have changed an object that needs more now.
        let (entries, objects) = gathered.wanted(seeds);
        if entries.is_empty() && objects.is_empty() {
            let blocks = gathered.blocks.into_values().collect();
            return Ok((Collection { changes: gathered.changes, blocks }, extract));
        }
    }
    Err(fault!(Failed, "bundle-unsettled", url = client.url()))
}

impl Gathered {
    /// Fetches until nothing is needed that is not there.
    fn close(&mut self, seeds: &Seeds, client: &Client, shell: &mut Shell) -> Result<(), Fault> {
        loop {
            let (entries, keys) = self.wanted(seeds);
            let count = self.statements.len() + self.objects.keys().count();
            shell.show_progress(&say!("progress-gather", count = count));
            if count > MAX_GATHERED {
                return Err(fault!(Failed, "bundle-too-much"));
            }
            if entries.is_empty() && keys.is_empty() {
                shell.show_progress("");
                return Ok(());
            }
            for part in entries.chunks(AT_A_TIME) {
                self.fetch_entries(part, client)?;
            }
            for part in keys.chunks(AT_A_TIME) {
                for claim in extract(part, client)?.claims {
                    self.add(&claim, client)?;
                }
                if let Some(key) = part.iter().find(|key| !self.objects.claims(key)) {
                    return Err(lacks(client, &hex::encode(key)));
                }
            }
        }
    }

    /// Entries and objects that are needed and not there.
    fn wanted(&self, seeds: &Seeds) -> (Vec<LogIndex>, Vec<Vec<u8>>) {
        let mut entries = seeds.entries.clone();
        let mut keys: BTreeSet<Vec<u8>> = seeds.keys.clone();
        keys.extend(closure::always());
        for (index, statement) in &self.statements {
            keys.extend(closure::of_entry(*index, statement));
        }
        for held in self.objects.all() {
            keys.extend(closure::of_object(&held));
            entries.extend(closure::positions(&held).into_iter().map(|(_, index)| index));
        }
        entries.retain(|index| !self.statements.contains_key(index));
        keys.retain(|key| !self.objects.claims(key));
        (entries.into_iter().collect(), keys.into_iter().collect())
    }

    fn add(&mut self, claim: &Claim, client: &Client) -> Result<(), Fault> {
        let added = self.objects.add(&claim.key, claim.value.as_deref());
        added.map_err(|key| lacks(client, &hex::encode(key)))
    }

    fn fetch_entries(&mut self, wanted: &[LogIndex], client: &Client) -> Result<(), Fault> {
        let numbers: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        let query = vec![("entries", numbers.join(","))];
        let Proof::Collection(part) = proof("/v1/collection", &query, client)? else {
            return Err(lacks(client, "a collection"));
        };
        if part.changes.len() > self.changes.len() {
            self.changes = part.changes;
        }
        for block in part.blocks {
            for entry in &block.entries {
                let record: SignedRecord = decode(&entry.record, MAX_RECORD_BYTES)
                    .map_err(|_| lacks(client, &entry.index.to_string()))?;
                self.statements.insert(entry.index, record.statement);
            }
            match self.blocks.get_mut(&block.header.height) {
                Some(known) => {
                    known.entries.extend(block.entries);
                    known.entries.sort_by_key(|entry| entry.index);
                    known.entries.dedup_by_key(|entry| entry.index);
                }
                None => {
                    self.blocks.insert(block.header.height, block);
                }
            }
        }
        match wanted.iter().find(|index| !self.statements.contains_key(index)) {
            Some(index) => Err(lacks(client, &index.to_string())),
            None => Ok(()),
        }
    }
}

/// All these keys as of one block; `None` where blocks came in between.
fn whole_extract(keys: &[Vec<u8>], client: &Client) -> Result<Option<Extract>, Fault> {
    let mut whole: Option<Extract> = None;
    for part in keys.chunks(AT_A_TIME) {
        let part = extract(part, client)?;
        match &mut whole {
            None => whole = Some(part),
            Some(whole) if whole.path.header == part.path.header => {
                whole.claims.extend(part.claims);
            }
            Some(_) => return Ok(None),
        }
    }
    if let Some(whole) = &mut whole {
        whole.claims.sort_by(|one, other| one.key.cmp(&other.key));
    }
    Ok(whole)
}

fn extract(keys: &[Vec<u8>], client: &Client) -> Result<Extract, Fault> {
    let keys: Vec<String> = keys.iter().map(hex::encode).collect();
    match proof("/v1/extract", &vec![("keys", keys.join(","))], client)? {
        Proof::Extract(extract) => Ok(extract),
        _ => Err(lacks(client, "an extract")),
    }
}

fn proof(path: &str, query: &Query, client: &Client) -> Result<Proof, Fault> {
    let bytes = client.bytes(path, query)?;
    Proof::from_bytes(&bytes).map_err(|error| {
        let (url, rule, cause) = (client.url(), error.name(), error.to_string());
        fault!(Unverified, "proof-from-node", url = url, rule = rule, cause = cause)
    })
}

/// The node does not show what it says is there.
fn lacks(client: &Client, what: &str) -> Fault {
    let cause = say!("words-node-lacks", what = what);
    fault!(Failed, "answer-unreadable", url = client.url(), cause = cause)
}
