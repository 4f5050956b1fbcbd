//! The delivery: takes mails from the queue in their turn, and notes what became of them.

use std::sync::Arc;
use std::time::Duration;

use proto::timestamp::Instant;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::smtp::{Relay, SendError};
use crate::bounds;
use crate::clock::Clock;
use crate::storage::ledger::{Attempt, Ledger, LedgerError, QueuedMail};

/// Wakes the delivery when a mail was queued; clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

/// Sends what is queued.
#[derive(Debug, Clone)]
pub struct Delivery {
    ledger: Ledger,
    relay: Relay,
}

/// What one pass through the due mails did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Mails that the relay took.
    pub sent: usize,
    /// Mails that are tried again.
    pub deferred: usize,
    /// Mails that were given up.
    pub failed: usize,
    /// Whether the relay could not be spoken to; the rest of the due mails was not tried.
    pub is_away: bool,
}

impl Bell {
    /// Says that a mail was queued.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

impl Delivery {
    /// A delivery from this ledger's queue to this relay.
    #[must_use]
    pub const fn new(ledger: Ledger, relay: Relay) -> Self {
        Self { ledger, relay }
    }

    /// Sends what is due, now and whenever the bell rings, until `stop` is cancelled.
    pub async fn run(self, clock: Clock, bell: Bell, stop: CancellationToken) {
        // A mail under way when the node stops has a moment to end, so that it is not sent again after the next start.
        let given_up = async {
            stop.cancelled().await;
            tokio::time::sleep(bounds::MAIL_STOP_WAIT).await;
        };
        tokio::select! {
            () = self.deliver(&clock, &bell, &stop) => (),
            () = given_up => tracing::warn!("a mail under way was given up, it will be sent again"),
        }
    }

    async fn deliver(&self, clock: &Clock, bell: &Bell, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let round = self.round_until(clock.now(), stop).await;
            let round = round.inspect_err(|error| tracing::error!(%error, "the mail queue failed"));
            let pause = match &round {
                Ok(Round { is_away: false, .. }) => self.pause(clock.now()).await,
                Ok(_) | Err(_) => Duration::from_millis(bounds::MAIL_RELAY_PAUSE_MS),
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = bell.0.notified() => (),
                () = tokio::time::sleep(pause) => (),
            }
        }
    }

    /// Tries every mail that is due at `now` once.
    pub async fn round(&self, now: Instant) -> Result<Round, LedgerError> {
        self.round_until(now, &CancellationToken::new()).await
    }

    async fn round_until(&self, now: Instant, stop: &CancellationToken) -> Result<Round, LedgerError> {
        let mut round = Round::default();
        loop {
            let due = self.ledger.due_mail(now, bounds::MAIL_BATCH_MAX).await?;
            if due.is_empty() {
                return Ok(round);
            }
            for mail in due {
                if stop.is_cancelled() {
                    return Ok(round);
                }
                self.attempt(&mail, now, &mut round).await?;
                if round.is_away {
                    return Ok(round);
                }
            }
        }
    }

    async fn attempt(&self, mail: &QueuedMail, now: Instant, round: &mut Round) -> Result<(), LedgerError> {
        let outcome = self.relay.send(mail).await;
        round.is_away = matches!(outcome, Err(SendError::Away(_)));
        let attempt = judged(outcome, mail, now);
        let (kind, attempts) = (mail.mail.kind.as_str(), mail.attempts.saturating_add(1));
        match &attempt {
            Attempt::Sent => {
                round.sent += 1;
                tracing::info!(kind, attempts, "a mail was sent");
            }
            Attempt::Deferred { next, error } => {
                round.deferred += 1;
                tracing::warn!(kind, attempts, next = %next, error, "a mail was not sent, it is tried again");
            }
            Attempt::Failed { error } => {
                round.failed += 1;
                tracing::error!(kind, attempts, error, "a mail was given up");
            }
        }
        self.ledger.note_attempt(mail.seq, now, attempt).await
    }

    async fn pause(&self, now: Instant) -> Duration {
        match self.ledger.next_mail().await {
            Ok(Some(next)) => Duration::from_millis(next.ms_since(now)).min(bounds::MAIL_WAKE_MAX),
            Ok(None) | Err(_) => bounds::MAIL_WAKE_MAX,
        }
    }
}

fn judged(outcome: Result<(), SendError>, mail: &QueuedMail, now: Instant) -> Attempt {
    match outcome {
        Ok(()) => Attempt::Sent,
        Err(SendError::Permanent(error)) => Attempt::Failed { error },
        Err(SendError::Away(error) | SendError::Temporary(error)) => {
            let next = now.plus_ms(retry_pause_ms(mail.attempts));
            if next.ms_since(mail.queued) > bounds::MAIL_AGE_MS_MAX {
                let days = bounds::MAIL_AGE_MS_MAX / 86_400_000;
                return Attempt::Failed { error: format!("given up after {days} days: {error}") };
            }
            Attempt::Deferred { next, error }
        }
    }
}

/// The pause after an attempt that `failed` others came before.
fn retry_pause_ms(failed: u32) -> u64 {
    let doubled = 1_u64.checked_shl(failed).unwrap_or(u64::MAX);
    bounds::MAIL_RETRY_MS_MIN.saturating_mul(doubled).min(bounds::MAIL_RETRY_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_and_has_an_end() {
        let pauses: Vec<u64> = [0, 1, 2, 9, 63, 64, u32::MAX].map(retry_pause_ms).to_vec();
        let most = bounds::MAIL_RETRY_MS_MAX;
        assert_eq!(pauses, [30_000, 60_000, 120_000, most, most, most, most]);
    }
}
