//! Snapshots: what is loaded is the ledger itself; a byte that is wrong anywhere is noticed, and where.

use comity_core::agency::{KeyRole, Standing};
use comity_core::genesis::Params;
use comity_core::ids::TimeMs;
use comity_core::ledger::Ledger;
use comity_core::log_tree::{Frontier, LogCutter, LogPart};
use comity_core::refusal::Refusal;
use comity_core::snapshot::{
    CHUNK_BYTES, ChunkPlace, CutOff, Loaded, Loading, Manifest, SNAPSHOT_VERSION, SnapshotError,
    VerifiedManifest,
};
use comity_core::state_tree::{PartsError, StatePart};
use comity_core::statement::{MAX_VALIDITY_MS, VerifiedRecord};
use comity_core::trust_path::{Anchor, PathError, StepFault};

use crate::chance::Chance;
use crate::story::{FINANCE, HOUR_MS, JOINERS, Story, new_key, terms};
use crate::trust_paths::Told;

/// Small chunks, so that there are many.
const SMALL_BYTES: u32 = 2_000;

/// A snapshot in memory.
#[derive(Clone)]
struct Taken {
    manifest: Manifest,
    chunks: Vec<Vec<u8>>,
}

/// A chain over more than the replay window, with a change of the validators in it.
fn told() -> (Told, Vec<VerifiedRecord>) {
    let (story, grant) = Story::with_grant(terms());
    let mut told = Told::begin(story);
    let old: Vec<_> = (0..3).map(|_| told.story.access(grant)).collect();
    told.story.commit(old);
    let admission = told.story.admission(JOINERS[0], Standing::Validator { power: 1 });
    told.change(admission);
    let later = TimeMs(told.story.now.0 + MAX_VALIDITY_MS / 2);
    told.story.pass_until(later);
    let mut young = Vec::new();
    for number in 0..9 {
        let accesses: Vec<_> = (0..number % 4).map(|_| told.story.access(grant)).collect();
        young.extend(accesses.iter().cloned());
        told.story.commit(accesses);
    }
    told.story.pass_until(TimeMs(told.story.now.0 + MAX_VALIDITY_MS / 2 + HOUR_MS / 2));
    let last: Vec<_> = (0..5).map(|_| told.story.access(grant)).collect();
    young.extend(last.iter().cloned());
    told.story.commit(last);
    (told, young)
}

fn take(told: &Told, limit_bytes: u32) -> Taken {
    take_at(told, limit_bytes, |time, end| time.plus(MAX_VALIDITY_MS) <= end)
}

/// A snapshot of the tip, cut off at the newest block that is old by `is_old`.
fn take_at(told: &Told, limit_bytes: u32, is_old: impl Fn(TimeMs, TimeMs) -> bool) -> Taken {
    let story = &told.story;
    let path = told.tip();
    let end = path.header.time;
    let (mut log, mut cut_off, mut entries) = (Frontier::new(), None, Vec::new());
    for committed in &story.blocks {
        let header = &committed.block.header;
        for record in &committed.block.records {
            log.push(comity_core::hash::leaf_hash(record));
            entries.push(record.clone());
        }
        if is_old(header.time, end) {
            let (header, certificate) = (header.clone(), committed.certificate.clone());
            cut_off = Some(CutOff { header, certificate, log: log.clone() });
            entries.clear();
        }
    }
    let mut cutter =
        LogCutter::new(cut_off.as_ref().map_or(0, |c| c.log.size()), limit_bytes as usize);
    let (mut log_parts, mut chunks) = (Vec::<LogPart>::new(), Vec::new());
    let mut keep = |(part, bytes)| {
        log_parts.push(part);
        chunks.push(bytes);
    };
    for entry in entries {
        cutter.push(entry);
        while let Some(cut) = cutter.take() {
            keep(cut);
        }
    }
    while let Some(cut) = cutter.finish() {
        keep(cut);
    }
    let state_parts = story.ledger.state().parts(limit_bytes);
    chunks.extend(story.ledger.state().part_pairs(&state_parts));
    let parent_certificate =
        story.blocks.last().and_then(|last| last.block.parent_certificate.clone());
    let manifest = Manifest {
        version: SNAPSHOT_VERSION,
        rules_version: story.ledger.rules_version(),
        path,
        parent_certificate,
        cut_off,
        log_parts,
        state_parts,
    };
    Taken { manifest, chunks }
}

fn checked(taken: &Taken, told: &Told) -> Result<VerifiedManifest, SnapshotError> {
    let manifest = Manifest::from_bytes(&taken.manifest.to_bytes())?;
    manifest.verify(&Anchor::genesis(&told.story.genesis).unwrap())
}

fn load(taken: &Taken, told: &Told) -> Result<Loaded, SnapshotError> {
    let mut loading = Loading::new(checked(taken, told)?);
    for chunk in &taken.chunks {
        loading.push(chunk)?;
    }
    loading.finish()
}

fn assert_same(loaded: &Ledger, ours: &Ledger) {
    assert_eq!(loaded.tip(), ours.tip());
    assert_eq!(loaded.state_root(), ours.state_root());
    assert_eq!(loaded.state().len(), ours.state().len());
    assert!(loaded.state().iter().eq(ours.state().iter()));
    assert_eq!(loaded.log(), ours.log());
    assert_eq!(loaded.window(), ours.window());
    assert_eq!(loaded.tip_validators(), ours.tip_validators());
    assert_eq!(loaded.validators(), ours.validators());
    assert_eq!(loaded.params(), ours.params());
}

#[test]
fn a_loaded_ledger_is_the_one_the_snapshot_was_taken_of() {
    let (told, young) = told();
    for limit_bytes in [1, 300, SMALL_BYTES, CHUNK_BYTES] {
        let taken = take(&told, limit_bytes);
        for (size, chunk) in taken.manifest.chunk_sizes().zip(&taken.chunks) {
            assert_eq!(size as usize, chunk.len());
        }
        assert!(taken.manifest.cut_off.is_some());
        let Loaded { mut ledger, block, .. } = load(&taken, &told).unwrap();
        assert_same(&ledger, &told.story.ledger);
        assert_eq!(Some(&block), told.story.blocks.last());
        // Both go on alike, and neither takes a record twice.
        let mut story = told.story.clone();
        for record in &young {
            let (ours, theirs) = (story.check(record), ledger.check(record, story.now));
            assert_eq!(ours, theirs);
        }
        let last = young.last().unwrap();
        assert_eq!(ledger.check(last, story.now), Err(Refusal::Replayed));
        let next = story.register(FINANCE, KeyRole::Officer, &new_key(7), None);
        let header = story.build(vec![next.clone()]).executed.header;
        let parent = story.parent();
        let executed = ledger.execute(&header, vec![next.clone()], parent.as_ref()).unwrap();
        ledger.commit(&executed);
        story.commit(vec![next]);
        assert_same(&ledger, &story.ledger);
    }
}

#[test]
fn snapshots_of_young_chains_and_of_empty_blocks_load() {
    let mut told = Told::begin(Story::new(Params::default()));
    for _ in 0..3 {
        told.story.commit(Vec::new());
        let taken = take(&told, CHUNK_BYTES);
        assert_eq!(taken.manifest.cut_off, None);
        assert_same(&load(&taken, &told).unwrap().ledger, &told.story.ledger);
    }
    let (story, grant) = Story::with_grant(terms());
    let mut told = Told::begin(story);
    for count in [1, 2, 7] {
        let accesses = (0..count).map(|_| told.story.access(grant)).collect();
        told.story.commit(accesses);
        for limit_bytes in [1, SMALL_BYTES] {
            let taken = take(&told, limit_bytes);
            assert_same(&load(&taken, &told).unwrap().ledger, &told.story.ledger);
        }
    }
}

#[test]
fn chunks_are_bounded_and_the_parts_do_not_depend_on_who_takes_them() {
    let (told, _) = told();
    let taken = take(&told, SMALL_BYTES);
    assert!(taken.manifest.log_parts.len() > 3 && taken.manifest.state_parts.len() > 3);
    for part in &taken.manifest.state_parts {
        assert!(part.size_bytes <= SMALL_BYTES || part.keys == 1, "{part:?}");
    }
    for part in &taken.manifest.log_parts {
        assert!(part.size_bytes <= SMALL_BYTES || part.level == 0, "{part:?}");
    }
    let loaded = load(&taken, &told).unwrap();
    assert_eq!(loaded.ledger.state().parts(SMALL_BYTES), taken.manifest.state_parts);
}

#[test]
fn any_byte_of_a_chunk_that_is_changed_names_that_chunk() {
    let (told, _) = told();
    let taken = take(&told, SMALL_BYTES);
    let manifest = checked(&taken, &told).unwrap();
    for (number, chunk) in taken.chunks.iter().enumerate() {
        manifest.check_chunk(number, chunk).unwrap();
        for at in 0..chunk.len() {
            let mut changed = chunk.clone();
            changed[at] ^= 1 << (at % 8);
            let refused = manifest.check_chunk(number, &changed).unwrap_err();
            assert_names(&refused, taken.manifest.place(number));
        }
        for end in [0, chunk.len() / 2, chunk.len() - 1] {
            let refused = manifest.check_chunk(number, &chunk[..end]).unwrap_err();
            assert_names(&refused, taken.manifest.place(number));
        }
        let other = &taken.chunks[(number + 1) % taken.chunks.len()];
        assert!(manifest.check_chunk(number, other).is_err(), "another chunk in its place");
    }
    assert!(manifest.check_chunk(taken.chunks.len(), &[]).is_err());
}

fn assert_names(refused: &SnapshotError, expected: ChunkPlace) {
    let (SnapshotError::Entries { place, .. } | SnapshotError::Pairs { place, .. }) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(*place, expected);
}

#[test]
fn any_byte_of_a_manifest_that_is_changed_is_noticed_before_a_state_can_be_wrong() {
    let (told, _) = told();
    let taken = take(&told, CHUNK_BYTES);
    let bytes = taken.manifest.to_bytes();
    let anchor = Anchor::genesis(&told.story.genesis).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let Ok(manifest) = Manifest::from_bytes(&changed) else { continue };
        let Ok(_) = manifest.clone().verify(&anchor) else { continue };
        // Sizes, counts and the version of the rules are not under a root: the chunks tell.
        let other = Taken { manifest, chunks: taken.chunks.clone() };
        assert!(load(&other, &told).is_err(), "byte {at}");
    }
    for end in 0..bytes.len() {
        assert!(Manifest::from_bytes(&bytes[..end]).is_err());
    }
}

#[test]
fn every_part_of_a_manifest_that_is_wrong_is_named() {
    let (told, _) = told();
    let good = take(&told, SMALL_BYTES);
    let named = |change: &dyn Fn(&mut Manifest)| {
        let mut taken = good.clone();
        change(&mut taken.manifest);
        checked(&taken, &told).unwrap_err()
    };
    assert_eq!(named(&|m| m.version = 9), SnapshotError::Version(9));
    let skipped = named(&|m| m.path.changes.clear());
    let is_skipped = |error: &SnapshotError| {
        matches!(error, SnapshotError::Path(PathError::Step { fault: StepFault::Skipped, .. }))
    };
    assert!(is_skipped(&skipped), "{skipped}");
    assert_eq!(named(&|m| m.parent_certificate = None), SnapshotError::ParentCertificate);
    let other = good.manifest.path.certificate.clone();
    let refused = named(&|m| m.parent_certificate = Some(other.clone()));
    assert_eq!(refused, SnapshotError::ParentCertificate);
    let refused = named(&|m| m.cut_off.as_mut().unwrap().header.time = TimeMs(1));
    assert!(matches!(refused, SnapshotError::CutOff(StepFault::Certificate(_))), "{refused}");
    let refused = named(&|m| m.cut_off.as_mut().unwrap().log.push(Default::default()));
    assert_eq!(refused, SnapshotError::CutOffLog);
    assert_eq!(named(&|m| m.cut_off = None), SnapshotError::LogParts);
    assert_eq!(named(&|m| m.log_parts.truncate(m.log_parts.len() - 1)), SnapshotError::LogParts);
    assert_eq!(named(&|m| m.log_parts[1].level += 1), SnapshotError::LogParts);
    let long = SnapshotError::ChunkSize(ChunkPlace::State(2));
    assert_eq!(named(&|m| m.state_parts[2].size_bytes = u32::MAX), long);
    let long = SnapshotError::ChunkSize(ChunkPlace::Log(1));
    assert_eq!(named(&|m| m.log_parts[1].size_bytes = u32::MAX), long);
    let tiling = SnapshotError::StateParts(PartsError::Tiling);
    assert_eq!(named(&|m| m.state_parts.truncate(m.state_parts.len() - 1)), tiling);
    assert_eq!(named(&|m| m.state_parts.push(m.state_parts[0])), tiling);
    assert_eq!(named(&|m| m.state_parts.clear()), tiling);
    assert_eq!(named(&|m| m.state_parts[0].depth = 300), tiling);
    let root = SnapshotError::StateParts(PartsError::Root);
    assert_eq!(named(&|m| m.state_parts[1].hash[0] ^= 1), root);
    let mut taken = good.clone();
    taken.manifest.rules_version = 2;
    let version = SnapshotError::State { field: "version of the rules" };
    assert_eq!(load(&taken, &told).unwrap_err(), version);
    taken = good.clone();
    taken.chunks.pop();
    assert_eq!(load(&taken, &told).unwrap_err(), SnapshotError::ChunkCount);
}

#[test]
fn a_snapshot_without_all_of_the_replay_window_is_refused() {
    let (told, _) = told();
    // One that forgets the younger entries, which could then be executed again.
    let taken = take_at(&told, SMALL_BYTES, |time, end| time.plus(MAX_VALIDITY_MS / 2) <= end);
    assert_eq!(load(&taken, &told).unwrap_err(), SnapshotError::CutOffYoung);
    let taken = take_at(&told, SMALL_BYTES, |time, end| time < end);
    assert_eq!(load(&taken, &told).unwrap_err(), SnapshotError::CutOffYoung);
    // One that brings more than it must is as good.
    let all = take_at(&told, SMALL_BYTES, |_, _| false);
    assert_same(&load(&all, &told).unwrap().ledger, &told.story.ledger);
}

#[test]
fn a_snapshot_is_of_one_consortium() {
    let (told, _) = told();
    let other = crate::story::genesis(Params { drift_ms: 5_000, ..Params::default() });
    let refused = take(&told, CHUNK_BYTES).manifest.verify(&Anchor::genesis(&other).unwrap());
    let Err(SnapshotError::Path(PathError::Step { fault, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(fault, StepFault::Consortium);
}

#[test]
fn parts_of_any_state_join_to_that_state() {
    let consortium = Story::new(Params::default()).consortium();
    let mut chance = Chance(7);
    for count in (0..40).chain([200, 1_000]) {
        let pairs = (0..count).map(|key: u32| {
            let value = vec![7; chance.below(200)];
            (key.to_le_bytes().to_vec(), value)
        });
        let tree = comity_core::state_tree::StateTree::new(&consortium).with(pairs);
        for limit_bytes in [1, 50, 500, 1_000_000] {
            let parts: Vec<StatePart> = tree.parts(limit_bytes);
            let partition =
                comity_core::state_tree::Partition::check(&consortium, &parts, &tree.root());
            let partition = partition.unwrap();
            let chunks = tree.part_pairs(&parts).enumerate();
            let checked = chunks.map(|(place, bytes)| {
                assert_eq!(bytes.len(), parts[place].size_bytes as usize);
                partition.pairs(place, &bytes).unwrap()
            });
            let joined = partition.join(checked.collect()).unwrap();
            assert_eq!((joined.root(), joined.len()), (tree.root(), tree.len()));
            assert!(joined.iter().eq(tree.iter()));
        }
    }
}
