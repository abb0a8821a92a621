//! The real disk against the one in memory, which the simulator trusts.
//! Holds: both answer the same to the same operations.
//! May not enter: loss of power, which only the disk in memory can show.

use std::os::unix::fs::PermissionsExt as _;

use comity_replica::storage::MemoryDisk;

use super::*;

/// xorshift64*: any spread of operations will do.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn name(&mut self) -> String {
        format!("file-{}", self.below(4))
    }
}

/// Performs one operation; the answer in words, an error as its kind.
fn perform(disk: &mut impl Disk, random: &mut Random) -> String {
    let (choice, file, other) = (random.below(8), random.name(), random.name());
    let (number, byte) = (random.below(300), u8::try_from(random.below(256)).unwrap());
    let kind = |error: DiskError| error.source.kind();
    let length = usize::try_from(number).unwrap();
    match choice {
        0 => format!("{:?}", disk.read(&file, number / 2, length).map_err(kind)),
        1 => format!("{:?}", disk.size(&file).map_err(kind)),
        2 => format!("{:?}", disk.list().map_err(kind)),
        3 | 4 => format!("{:?}", disk.append(&file, &vec![byte; length]).map_err(kind)),
        5 => format!("{:?}", disk.sync(&file).map_err(kind)),
        6 if file != other => format!("{:?}", disk.rename(&file, &other).map_err(kind)),
        6 => format!("{:?}", disk.remove(&file).map_err(kind)),
        _ => format!("{:?}", disk.truncate(&file, number).map_err(kind)),
    }
}

#[test]
fn real_disk_answers_as_the_disk_in_memory() {
    for seed in 1..=8 {
        let directory = tempfile::tempdir().unwrap();
        let mut real = FileDisk::open(directory.path()).unwrap();
        let mut memory = MemoryDisk::new();
        let (mut one, mut other) = (Random(seed), Random(seed));
        for step in 0..300 {
            let expected = perform(&mut memory, &mut one);
            let answered = perform(&mut real, &mut other);
            assert_eq!(answered, expected, "seed {seed}, step {step}");
        }
    }
}

#[test]
fn files_are_found_again_by_another_process() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = FileDisk::open(directory.path()).unwrap();
    first.append("wal.log", b"abc").unwrap();
    first.sync("wal.log").unwrap();
    drop(first);
    let mut second = FileDisk::open(directory.path()).unwrap();
    second.append("wal.log", b"def").unwrap();
    assert_eq!(second.read("wal.log", 0, 100).unwrap(), b"abcdef");
}

#[test]
fn clone_reads_what_another_appended() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = FileDisk::open(directory.path()).unwrap();
    let reader = writer.clone();
    writer.append("a", b"12345").unwrap();
    let read = std::thread::spawn(move || reader.read("a", 1, 3).unwrap()).join().unwrap();
    assert_eq!(read, b"234");
}

#[test]
fn many_files_stay_readable_though_few_are_open() {
    let directory = tempfile::tempdir().unwrap();
    let mut disk = FileDisk::open(directory.path()).unwrap();
    let names: Vec<String> = (0..OPEN_FILES * 2).map(|number| format!("f{number}")).collect();
    for name in &names {
        disk.append(name, name.as_bytes()).unwrap();
        disk.sync(name).unwrap();
    }
    for name in &names {
        assert_eq!(disk.read(name, 0, 10).unwrap(), name.as_bytes());
    }
    assert!(disk.open_files().files.len() <= OPEN_FILES);
}

#[test]
fn only_the_owner_can_read_the_files() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("log");
    let mut disk = FileDisk::open(&directory).unwrap();
    disk.append("a", b"1").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&directory), mode(&directory.join("a"))), (0o700, 0o600));
}

#[test]
fn renewed_bytes_are_written_once_more_in_their_place() {
    const BEFORE_NS: u64 = 1_000_000_000;
    let directory = tempfile::tempdir().unwrap();
    let mut disk = FileDisk::open(directory.path()).unwrap();
    // More than is written at once, and no multiple of it.
    let spread = |at: usize| u8::try_from(at % 251).unwrap();
    let bytes: Vec<u8> = (0..RENEWED_AT_ONCE_BYTES * 2 + 77).map(spread).collect();
    disk.append("log", &bytes).unwrap();
    disk.sync("log").unwrap();
    let size = bytes.len() as u64;
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(BEFORE_NS);
    for (offset, writes) in [(0, true), (1, true), (size - 1, true), (size, false)] {
        let file = OpenOptions::new().write(true).open(directory.path().join("log")).unwrap();
        file.set_modified(long_ago).unwrap();
        disk.renew("log", offset).unwrap();
        let modified = fs::metadata(directory.path().join("log")).unwrap().modified().unwrap();
        assert_eq!(modified != long_ago, writes, "from {offset} on");
        assert!(disk.open_files().files["log"].is_dirty, "it stays open until it is synced");
        assert!(disk.read("log", 0, bytes.len() + 1).unwrap() == bytes, "from {offset} on");
        disk.sync("log").unwrap();
        assert!(!disk.open_files().files["log"].is_dirty);
    }
    disk.append("log", b"end").unwrap();
    assert_eq!(disk.read("log", size, 9).unwrap(), b"end");
}

#[test]
fn file_that_is_not_there_is_not_renewed() {
    let directory = tempfile::tempdir().unwrap();
    let mut disk = FileDisk::open(directory.path()).unwrap();
    let error = disk.renew("log", 0).unwrap_err();
    assert_eq!(error.source.kind(), io::ErrorKind::NotFound);
    assert_eq!(disk.list().unwrap(), Vec::<String>::new());
}
