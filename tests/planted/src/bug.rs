//! What a planted bug is: a small change of the source text, and where the simulator must find it.

/// Stands in a replacement for "this bug is switched on".
pub const SWITCH: &str = "PLANTED";

/// One wrong implementation.
#[derive(Clone, Copy, Debug)]
pub struct Bug {
    /// Its name, by which it is asked for.
    pub name: &'static str,
    /// What it breaks: an invariant of the simulator's list, or a section of docs/formats.md.
    pub breaks: &'static str,
    /// The changes that make it; all are made at once.
    pub edits: &'static [Edit],
    /// The simulator's arguments beside the seeds.
    pub arguments: &'static [&'static str],
    /// It must be found within so many seeds.
    pub seeds: u64,
}

/// One change of one file.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// The file, from the root of the workspace.
    pub file: &'static str,
    /// Text that stands there exactly once.
    pub find: &'static str,
    /// What takes its place. [`SWITCH`] in it is true while the bug is switched on; while it is
    /// not, the code must do what it did before.
    pub replace: &'static str,
}
