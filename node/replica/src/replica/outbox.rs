//! Holds back what may go out only when what was persisted before it is durable.
//! Holds: messages and announcements leave in order, each after its durability.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::io::{Commit, Effect, Ticket};
use crate::message::Gossip;

use super::Replica;

/// Counts what was persisted; what waits for which count.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    persisted: u64,
    asked: u64,
    durable: u64,
    messages: VecDeque<(u64, Gossip)>,
    commits: VecDeque<(u64, Arc<Commit>)>,
}

impl Outbox {
    pub(super) fn persisted(&mut self) {
        self.persisted += 1;
    }

    /// The position that covers all that was persisted so far.
    pub(super) fn position(&self) -> u64 {
        self.persisted
    }

    pub(super) fn is_durable(&self, position: u64) -> bool {
        self.durable >= position
    }
}

impl Replica {
    /// Sends to everyone, once all that was persisted so far is durable.
    pub(super) fn send_when_durable(&mut self, message: Gossip) {
        let position = self.outbox.position();
        if self.outbox.is_durable(position) && self.outbox.messages.is_empty() {
            self.effects.push(Effect::Broadcast(message));
        } else {
            self.outbox.messages.push_back((position, message));
        }
    }

    /// Announces a commit, once all that was persisted so far is durable.
    pub(super) fn announce_when_durable(&mut self, commit: Arc<Commit>) {
        let position = self.outbox.position();
        self.outbox.commits.push_back((position, commit));
    }

    /// Asks for durability where something waits for it that was not asked for yet.
    pub(super) fn request_sync(&mut self) {
        let Outbox { asked, durable, messages, commits, persisted } = &self.outbox;
        let last = [messages.back().map(|m| m.0), commits.back().map(|c| c.0)];
        let wanted = last.into_iter().flatten().max().unwrap_or(0);
        if wanted > *asked && wanted > *durable {
            let position = *persisted;
            self.outbox.asked = position;
            self.effects.push(Effect::Sync { ticket: Ticket(position) });
        }
    }

    /// All that was persisted up to `position` is durable.
    pub(super) fn on_durable(&mut self, position: u64) {
        self.outbox.durable = self.outbox.durable.max(position);
        while let Some((_, message)) = self.outbox.messages.pop_front_if(|(at, _)| *at <= position)
        {
            self.effects.push(Effect::Broadcast(message));
        }
        while let Some((_, commit)) = self.outbox.commits.pop_front_if(|(at, _)| *at <= position) {
            self.effects.push(Effect::Committed(commit));
        }
        self.after_durable();
    }
}
