//! What is published: the checkpoint that enough witnesses have cosigned, or what takes its place.
//! Holds: while the policy is closed nothing is shown that too few have cosigned; what is shown never
//! becomes smaller.
//! May not enter: asking witnesses.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use comity_core::note::{Note, NoteSignature};

use crate::config::Fail;

/// What the API shows, shared with whoever asks the witnesses. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Board(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fail: Fail,
    shown: Mutex<Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    /// The last note that enough have cosigned, and its entries.
    cosigned: Option<(u64, Arc<str>)>,
    /// Entries of the largest that was shown without enough.
    shown_without: u64,
    /// The text that witnesses are asked to cosign, and what they have answered so far.
    asked: Option<(String, Vec<NoteSignature>)>,
    /// Whether the newest has lacked cosignatures for longer than the operator's patience.
    is_overdue: bool,
}

/// What is to be shown to who asks for the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Showing {
    /// This note.
    Note(Arc<str>),
    /// The newest, with what cosignatures there are of it.
    Newest,
    /// None: too few have ever cosigned.
    Nothing,
}

impl Board {
    /// A board on which nothing is published yet.
    pub(crate) fn new(fail: Fail) -> Board {
        Board(Arc::new(Inner { fail, shown: Mutex::default() }))
    }

    /// What is to be shown now.
    pub(crate) fn showing(&self) -> Showing {
        let shown = self.lock();
        match (self.0.fail, &shown.cosigned) {
            (Fail::Closed, None) => Showing::Nothing,
            (Fail::Closed, Some((_, note))) => Showing::Note(Arc::clone(note)),
            (Fail::Open, Some((size, note)))
                if !shown.is_overdue && *size >= shown.shown_without =>
            {
                Showing::Note(Arc::clone(note))
            }
            (Fail::Open, _) => Showing::Newest,
        }
    }

    /// Adds to a checkpoint of the node's own, of so many entries, what witnesses have signed of the
    /// same text.
    pub(crate) fn complete(&self, size: u64, mut note: Note) -> Note {
        let mut shown = self.lock();
        shown.shown_without = shown.shown_without.max(size);
        if let Some((text, lines)) = &shown.asked
            && *text == note.text
        {
            note.signatures.extend(lines.iter().cloned());
        }
        note
    }

    /// Publishes a note of so many entries that enough have cosigned.
    pub(super) fn publish(&self, size: u64, note: String) {
        self.lock().cosigned = Some((size, note.into()));
    }

    /// While the policy is open, shows nothing smaller than this (entries): it may have been shown
    /// before the node was restarted.
    pub(super) fn begin_at(&self, size: u64) {
        self.lock().shown_without = size;
    }

    /// What witnesses have signed of a text so far.
    pub(super) fn collect(&self, text: &str, lines: Vec<NoteSignature>) {
        self.lock().asked = Some((text.to_owned(), lines));
    }

    pub(super) fn set_overdue(&self, is_overdue: bool) {
        self.lock().is_overdue = is_overdue;
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        // Every change is one assignment: nothing is half done where a thread ended.
        self.0.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use comity_core::keys::SecretKey;

    use super::*;

    #[test]
    fn closed_shows_only_what_enough_have_cosigned() {
        let board = Board::new(Fail::Closed);
        assert_eq!(board.showing(), Showing::Nothing);
        board.set_overdue(true);
        assert_eq!(board.showing(), Showing::Nothing);
        board.publish(1, "a".to_owned());
        assert_eq!(board.showing(), Showing::Note("a".into()));
    }

    #[test]
    fn open_shows_the_newest_once_patience_is_over_and_until_the_first_is_cosigned() {
        let board = Board::new(Fail::Open);
        assert_eq!(board.showing(), Showing::Newest);
        board.publish(1, "a".to_owned());
        assert_eq!(board.showing(), Showing::Note("a".into()));
        board.set_overdue(true);
        assert_eq!(board.showing(), Showing::Newest);
        board.set_overdue(false);
        assert_eq!(board.showing(), Showing::Note("a".into()));
    }

    #[test]
    fn what_is_shown_never_becomes_smaller() {
        let board = Board::new(Fail::Open);
        let key = SecretKey::from_seed(&[1; 32]);
        board.set_overdue(true);
        board.complete(5, Note::sign("five\n", "log.example", &key).unwrap());
        board.set_overdue(false);
        board.publish(4, "a".to_owned());
        assert_eq!(board.showing(), Showing::Newest);
        board.publish(5, "b".to_owned());
        assert_eq!(board.showing(), Showing::Note("b".into()));
        board.begin_at(6);
        assert_eq!(board.showing(), Showing::Newest);
    }

    #[test]
    fn newest_carries_the_cosignatures_of_its_own_text_only() {
        let board = Board::new(Fail::Open);
        let key = SecretKey::from_seed(&[1; 32]);
        let note = |text: &str| Note::sign(text, "log.example", &key).unwrap();
        let line = NoteSignature { name: "w".to_owned(), key_id: [1; 4], signature: vec![2] };
        board.collect("one\n", vec![line.clone()]);
        assert_eq!(board.complete(1, note("one\n")).signatures[1..], [line]);
        assert_eq!(board.complete(1, note("two\n")), note("two\n"));
    }
}
