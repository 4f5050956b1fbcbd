//! The tasks that send mail and keep the correspondence in order.

use anyhow::Context as _;
use proto::node_id::NodeId;
use tokio_util::sync::CancellationToken;

use super::settings;
use crate::clock::Clock;
use crate::config::Config;
use crate::mail::{Bell, Delivery, Housekeeping, Relay};
use crate::registry::NodeRegistry;

/// The node's post office.
#[derive(Debug)]
pub(super) struct Post {
    delivery: Option<Delivery>,
    housekeeping: Housekeeping,
    bell: Bell,
}

impl Post {
    /// Opens it; without `[mail]` nothing is sent, but what expires is forgotten all the same.
    pub(super) fn open(config: &Config, node: NodeId, registry: &NodeRegistry) -> anyhow::Result<Self> {
        let (ledger, bell) = (registry.ledger.clone(), registry.bell.clone());
        let delivery = match &config.mail {
            Some(mail) => {
                if mail.is_exposed() {
                    let host = &mail.host;
                    tracing::warn!(host, "mails cross the network in the clear; set tls in [mail]");
                }
                let relay = Relay::new(mail.clone()).context("cannot send mail")?;
                Some(Delivery::new(ledger.clone(), relay))
            }
            None => None,
        };
        let housekeeping = Housekeeping { ledger, node, reminders: settings::reminders(config), bell: bell.clone() };
        Ok(Self { delivery, housekeeping, bell })
    }

    /// Works until `stop` is cancelled.
    pub(super) async fn run(self, clock: Clock, stop: CancellationToken) {
        let keeping = self.housekeeping.run(clock.clone(), stop.clone());
        match self.delivery {
            Some(delivery) => {
                tokio::join!(keeping, delivery.run(clock, self.bell, stop));
            }
            None => keeping.await,
        }
    }
}
