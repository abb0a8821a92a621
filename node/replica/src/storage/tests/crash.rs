//! Random histories with crashes at any operation, the opening itself included.
//! Holds: what `sync` acknowledged is there; what was not is there in part, in order, or gone.
//! May not enter: damage to durable bytes (see `rot`).

use std::collections::BTreeMap;

use super::super::{
    Recovered, RecoveredBody, RecoveredEntry, SignedMark, Step, Storage, StorageError, StorageOp,
};
use super::*;

/// What was performed, and how much of it is acknowledged.
#[derive(Default)]
struct Model {
    blocks: BTreeMap<u64, Vec<u8>>,
    /// How many marks were performed before each block: it may show what they signed.
    marks_before: BTreeMap<u64, usize>,
    marks: Vec<SignedMark>,
    entries: Vec<RecoveredEntry>,
    bodies: Vec<RecoveredBody>,
    acknowledged: Acknowledged,
}

#[derive(Default)]
struct Acknowledged {
    tip: u64,
    marks: usize,
    entries: usize,
    bodies: usize,
}

impl Model {
    fn tip(&self) -> u64 {
        self.blocks.last_key_value().map_or(0, |(height, _)| *height)
    }

    fn acknowledge(&mut self) {
        self.acknowledged = Acknowledged {
            tip: self.tip(),
            marks: self.marks.len(),
            entries: self.entries.len(),
            bodies: self.bodies.len(),
        };
    }

    fn random_op(&mut self, random: &mut Random) -> StorageOp {
        let height = self.tip() + 1;
        match random.below(8) {
            0 | 1 => {
                let payload = random.bytes(150);
                self.blocks.insert(height, payload.clone());
                self.marks_before.insert(height, self.marks.len());
                let header_hash = hash(height.to_le_bytes()[0]);
                StorageOp::Commit { height, header_hash, payload }
            }
            2 | 3 => {
                let entry =
                    RecoveredEntry { height: height + random.below(2), bytes: random.bytes(60) };
                self.entries.push(entry.clone());
                StorageOp::Entry { height: entry.height, bytes: entry.bytes }
            }
            4 => self.random_body(height, random),
            _ => StorageOp::SignedMark(self.random_mark(height, random)),
        }
    }

    fn random_body(&mut self, height: u64, random: &mut Random) -> StorageOp {
        let again = self.bodies.last().filter(|body| body.height >= height && random.below(3) == 0);
        let body = if let Some(body) = again {
            body.clone()
        } else {
            let mut header_hash = hash(0);
            header_hash.0[..8].copy_from_slice(&random.next().to_le_bytes());
            let body = RecoveredBody { height, header_hash, bytes: random.bytes(90) };
            self.bodies.push(body.clone());
            body
        };
        let RecoveredBody { height, header_hash, bytes } = body;
        StorageOp::Body { height, header_hash, bytes }
    }

    /// The mark after the last, or the last again.
    fn random_mark(&mut self, height: u64, random: &mut Random) -> SignedMark {
        let byte = random.next().to_le_bytes()[0];
        let next = match self.marks.last() {
            Some(last) if random.below(4) == 0 => return last.clone(),
            Some(last) if last.height >= height => match last.step {
                Step::Proposal => signed(last.height, last.round, Step::Prevote, byte),
                Step::Prevote => signed(last.height, last.round, Step::Precommit, byte),
                Step::Precommit => signed(last.height, last.round + 1, Step::Prevote, byte),
            },
            _ => signed(height, 0, Step::Proposal, byte),
        };
        self.marks.push(next.clone());
        next
    }

    /// Checks what an opening recovered, and takes it for the truth from then on.
    fn recover(&mut self, storage: &Storage<MemoryDisk>, recovered: &Recovered) {
        let tip = recovered.tip.unwrap_or(0);
        assert!(self.acknowledged.tip <= tip && tip <= self.tip());
        assert!(recovered.durable_tip.is_none_or(|(height, _)| height <= tip));
        self.blocks.retain(|height, _| *height <= tip);
        for (height, payload) in &self.blocks {
            assert_eq!(storage.reader().read(*height).unwrap().as_ref(), Some(payload));
        }
        self.recover_marks(recovered, tip);

        let acknowledged = &self.acknowledged;
        let survivors = |heights: &mut dyn Iterator<Item = u64>, acknowledged: usize| {
            heights.take(acknowledged).filter(|height| *height > tip).count()
        };
        let least = survivors(&mut self.entries.iter().map(|e| e.height), acknowledged.entries);
        self.entries.retain(|entry| entry.height > tip);
        assert!(recovered.entries.len() >= least);
        assert!(self.entries.starts_with(&recovered.entries));
        self.entries.clone_from(&recovered.entries);

        let least = survivors(&mut self.bodies.iter().map(|b| b.height), acknowledged.bodies);
        self.bodies.retain(|body| body.height > tip);
        assert!(recovered.bodies.len() >= least);
        assert!(self.bodies.starts_with(&recovered.bodies));
        self.bodies.clone_from(&recovered.bodies);
        self.acknowledge();
    }

    fn recover_marks(&mut self, recovered: &Recovered, tip: u64) {
        let guard = recovered.guard.as_ref().unwrap();
        assert_eq!(guard.public_key(), &KEY);
        let kept = match guard.last() {
            None => 0,
            Some(last) => 1 + self.marks.iter().position(|mark| mark == last).unwrap(),
        };
        assert!(kept >= self.acknowledged.marks);
        let shown = self.marks_before.get(&tip).copied().unwrap_or_default();
        assert!(kept >= shown, "block {tip} is there, mark {kept} of the {shown} before it is not");
        self.marks.truncate(kept);
        for mark in self.marks.iter().filter(|mark| mark.height > tip) {
            assert_eq!(guard.mark(mark.position()), Some(mark));
        }
    }
}

/// Performs and syncs until the disk fails or so many steps are done.
fn run(
    storage: &mut Storage<MemoryDisk>,
    model: &mut Model,
    random: &mut Random,
) -> Result<(), StorageError> {
    for _ in 0..random.below(60) {
        if random.below(4) == 0 {
            storage.sync()?;
            model.acknowledge();
        } else {
            storage.perform(model.random_op(random))?;
        }
    }
    Ok(())
}

fn assert_power_failed(error: &StorageError, seed: u64) {
    assert!(matches!(error, StorageError::Disk(_)), "seed {seed}: {error}");
}

fn live_through(seed: u64) -> u64 {
    let mut random = Random(seed);
    let mut disk = guarded_disk();
    let mut model = Model::default();
    for _ in 0..12 {
        if random.below(3) > 0 {
            disk.cut_power_after(random.below(80));
        }
        match Storage::open(disk.clone(), small_options(random.next())) {
            Ok((mut storage, recovered)) => {
                model.recover(&storage, &recovered);
                let result = run(&mut storage, &mut model, &mut random);
                if let Err(error) = &result {
                    assert_power_failed(error, seed);
                } else if random.below(2) == 0 {
                    // Only the process dies: what it wrote can be read but is not yet durable.
                    continue;
                }
            }
            Err(error) => assert_power_failed(&error, seed),
        }
        disk.crash(|| random.next());
    }
    disk.crash(|| random.next());
    let (storage, recovered) = Storage::open(disk, small_options(random.next())).unwrap();
    model.recover(&storage, &recovered);
    model.tip()
}

#[test]
fn nothing_acknowledged_is_lost_by_crashes_at_any_operation() {
    let mut heights = 0;
    for seed in 0..600 {
        let lived = std::panic::catch_unwind(|| live_through(seed));
        heights += lived.unwrap_or_else(|_| panic!("with seed {seed}"));
    }
    assert!(heights > 600 * 10);
}

#[test]
fn crash_in_the_creation_of_a_guard_leaves_it_whole_or_missing() {
    let mut outcomes = std::collections::BTreeSet::new();
    for seed in 0..100 {
        let mut random = Random(seed);
        let mut disk = MemoryDisk::new();
        disk.cut_power_after(random.below(4));
        let created = Storage::create_guard(&mut disk, KEY, 1).is_ok();
        disk.crash(|| random.next());
        let guard = open(&disk.fork()).1.guard;
        assert!(!created || guard.is_some(), "seed {seed}");
        assert!(guard.as_ref().is_none_or(|guard| guard.public_key() == &KEY));
        outcomes.insert((created, guard.is_some()));
        // Whoever creates the key begins again, over what the interruption left.
        assert_eq!(Storage::create_guard(&mut disk, KEY, 2).is_ok(), guard.is_none());
        assert_eq!(open(&disk).1.guard.unwrap().public_key(), &KEY);
    }
    assert_eq!(outcomes.len(), 3);
}

#[test]
fn same_seed_gives_the_same_history() {
    let history = || {
        let mut random = Random(77);
        let mut disk = guarded_disk();
        let mut model = Model::default();
        let (mut storage, _) = Storage::open(disk.clone(), small_options(5)).unwrap();
        run(&mut storage, &mut model, &mut random).unwrap();
        disk.crash(|| random.next());
        let names = disk.list().unwrap();
        names
            .into_iter()
            .map(|name| (disk.read(&name, 0, 1 << 20).unwrap(), name))
            .collect::<Vec<_>>()
    };
    assert_eq!(history(), history());
}
