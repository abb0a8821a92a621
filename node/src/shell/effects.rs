//! Does what the replica says.
//! Holds: an effect is handed on before the next one is looked at.
//! May not enter: anything of its own accord.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use comity_core::equivocation::{Equivocation, Place};
use comity_replica::io::{Commit, Effect, Ticket};
use tokio::time::Instant;

use crate::network::{Command, Held, Progress};

use super::ShellError;
use super::disk_thread::DiskJob;
use super::event_loop::Shell;

/// Where observed misbehaviour is written down, in the data directory.
const MISBEHAVIOUR_FILE: &str = "misbehaviour.log";

impl Shell {
    /// Performs one effect, or hands it to who will. Errors: `Halted`, `NetworkEnded`.
    pub(crate) async fn obey(&mut self, effect: Effect) -> Result<(), ShellError> {
        match effect {
            Effect::Persist(op) => self.organs.disk.ask(DiskJob::Perform(op)).await,
            Effect::Sync { ticket } => self.organs.disk.ask(DiskJob::Sync(ticket)).await,
            Effect::Verify { ticket, records } => self.organs.verifier.verify(ticket, records),
            Effect::SetTimer { timer, after_ms } => {
                self.timers.set(timer, Instant::now(), after_ms);
            }
            Effect::CancelTimer(timer) => self.timers.cancel(timer),
            Effect::Committed(commit) => return self.commit(commit).await,
            Effect::Answer { ticket, admission } => answer(&mut self.submitters, ticket, admission),
            Effect::Evaluated { ticket, result } => answer(&mut self.askers, ticket, result),
            Effect::Dropped { leaf, refusal } => {
                // An error means that nobody listens at present.
                let _ = self.organs.ends.dropped.send((leaf, refusal));
            }
            Effect::Misbehaviour(equivocation) => self.write_down(&equivocation),
            Effect::Note(note) => tracing::info!("{note}"),
            Effect::Halt { reason } => {
                tracing::error!(%reason, "the node stops itself");
                return Err(ShellError::Halted { reason });
            }
            Effect::Broadcast(message) => return self.send(Command::Broadcast(message)).await,
            Effect::Verdict { ticket, verdict } => {
                return self.send(Command::Verdict { ticket, verdict }).await;
            }
            Effect::Request { peer, ticket, request } => {
                return self.send(Command::Request { peer, ticket, request }).await;
            }
            Effect::Respond { ticket, response } => {
                let (response, held) = (Some(response), Held::nothing());
                return self.send(Command::Respond { ticket, response, held }).await;
            }
            Effect::Disconnect { peer, reason } => {
                return self.send(Command::Disconnect { peer, reason }).await;
            }
        }
        Ok(())
    }

    /// Hands a command to the network, waiting for room. Errors: `NetworkEnded`.
    pub(crate) async fn send(&self, command: Command) -> Result<(), ShellError> {
        let sent = self.organs.network.commands.send(command).await;
        sent.map_err(|_| ShellError::NetworkEnded)
    }

    /// Takes up a block. Errors: `NetworkEnded`.
    async fn commit(&mut self, commit: std::sync::Arc<Commit>) -> Result<(), ShellError> {
        tracing::debug!(
            height = commit.header.height.0,
            records = commit.records.len(),
            "committed a block"
        );
        let has_changed = self.organs.members.update(&commit.changes);
        self.keys_changed |= self.organs.own.are_changed_by(&commit.changes);
        let progress = Progress {
            validators: commit.tip_validators.members().len(),
            records: commit.records.len(),
            size_bytes: commit.records.iter().map(|record| record.bytes().len()).sum(),
        };
        self.organs.commits.apply(commit);
        if has_changed {
            self.organs.network.members.send_replace(self.organs.members.clone());
        }
        self.send(Command::Progress(progress)).await
    }

    /// Keeps what a validator did for the record. That it could not be kept is no reason to stop.
    fn write_down(&self, equivocation: &Equivocation) {
        let Some(Place { validator, height, round, .. }) = equivocation.place() else { return };
        tracing::warn!(
            %validator,
            %height,
            round,
            "a validator signed two contradicting messages: this goes on the log"
        );
        let Ok(line) = serde_json::to_string(equivocation) else { return };
        let path = self.organs.data_dir.join(MISBEHAVIOUR_FILE);
        let written =
            OpenOptions::new().append(true).create(true).mode(0o600).open(&path).and_then(
                |mut file| {
                    file.write_all(format!("{line}\n").as_bytes())?;
                    file.sync_all()
                },
            );
        if let Err(error) = written {
            tracing::warn!(path = %path.display(), %error, "could not write it down");
        }
    }
}

fn answer<T>(
    waiting: &mut std::collections::BTreeMap<Ticket, tokio::sync::oneshot::Sender<T>>,
    ticket: Ticket,
    with: T,
) {
    if let Some(asker) = waiting.remove(&ticket) {
        // An error means that the asker waits no longer.
        let _ = asker.send(with);
    }
}
