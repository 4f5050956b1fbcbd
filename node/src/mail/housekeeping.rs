//! What is done from time to time: what expired is forgotten, and endorsers are reminded.

use proto::node_id::NodeId;
use proto::timestamp::Instant;
use tokio_util::sync::CancellationToken;

use super::delivery::Bell;
use super::letters::{self, Links};
use crate::bounds;
use crate::clock::Clock;
use crate::storage::ledger::{Ledger, LedgerError};

/// Keeps the ledger's correspondence in order.
#[derive(Debug, Clone)]
pub struct Housekeeping {
    /// Where it is.
    pub ledger: Ledger,
    /// This node: it speaks of the entries that it admitted itself.
    pub node: NodeId,
    /// What the links of reminders begin with; none where endorsers are not reminded.
    pub reminders: Option<Links>,
    /// Rung when mails were queued.
    pub bell: Bell,
}

impl Housekeeping {
    /// Keeps order now and then, until `stop` is cancelled.
    pub async fn run(self, clock: Clock, stop: CancellationToken) {
        loop {
            match self.round(clock.now()).await {
                Ok(0) => (),
                Ok(_) => self.bell.ring(),
                Err(error) => tracing::error!(%error, "the ledger's correspondence could not be kept in order"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(bounds::HOUSEKEEPING_PAUSE) => (),
            }
        }
    }

    /// Does what is due at `now`; returns how many mails were queued.
    pub async fn round(&self, now: Instant) -> Result<usize, LedgerError> {
        let expired = self.ledger.forget_expired(now).await?;
        if expired > 0 {
            tracing::info!(expired, "entries that nobody confirmed were forgotten");
        }
        self.ledger.forget_mail(now).await?;
        match &self.reminders {
            Some(links) => Ok(self.remind(links, now).await? + self.announce(links, now).await?),
            None => Ok(0),
        }
    }

    async fn remind(&self, links: &Links, now: Instant) -> Result<usize, LedgerError> {
        let mut queued = 0;
        self.count_the_time(now).await?;
        loop {
            let due = self.ledger.reminding(self.node, now).await?.due;
            if due.is_empty() {
                return Ok(queued);
            }
            for (email, last) in due {
                let endorsements = self.ledger.endorsements(self.node, email.clone(), now).await?;
                let mail = letters::reminder(links, &email, &endorsements, last);
                if !self.ledger.remind(mail, now).await? {
                    return Ok(full(queued));
                }
                queued += 1;
            }
        }
    }

    /// The time of an endorser is counted from its first entry, not from the first reminder.
    async fn count_the_time(&self, now: Instant) -> Result<(), LedgerError> {
        loop {
            let new = self.ledger.reminding(self.node, now).await?.new;
            let is_all = new.len() < bounds::REMINDER_BATCH_MAX;
            self.ledger.begin_reminding(new, self.node, now).await?;
            if is_all {
                return Ok(());
            }
        }
    }

    async fn announce(&self, links: &Links, now: Instant) -> Result<usize, LedgerError> {
        let mut queued = 0;
        loop {
            let expiring = self.ledger.expiring(self.node, now).await?;
            if expiring.is_empty() {
                return Ok(queued);
            }
            for entry in expiring {
                if !self.ledger.announce_expiry(entry.seq, letters::expiry(links, &entry), now).await? {
                    return Ok(full(queued));
                }
                queued += 1;
            }
        }
    }
}

fn full(queued: usize) -> usize {
    tracing::warn!("the mail queue is full; endorsers are reminded when it has room again");
    queued
}
