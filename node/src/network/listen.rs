//! Listening: every address of the operator, until each says where it is.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use libp2p::Multiaddr;
use libp2p::swarm::SwarmEvent;

use super::behaviour::Swarm;
use super::{NetworkError, names};
use crate::bounds;

/// Listens on `wanted` and waits until the machine has said where each is; port 0 becomes a port.
pub(super) async fn listen(swarm: &mut Swarm, wanted: &[String]) -> Result<Vec<Multiaddr>, NetworkError> {
    let mut waiting = BTreeMap::new();
    for text in wanted {
        let failed = |reason: String| NetworkError::Listen { address: text.clone(), reason };
        let listener = swarm.listen_on(names::parse_address(text)?).map_err(|error| failed(error.to_string()))?;
        waiting.insert(listener.to_string(), text.clone());
    }
    let gather = gather(swarm, waiting.clone());
    tokio::time::timeout(bounds::LISTEN_TIMEOUT, gather).await.unwrap_or_else(|_| {
        let address = waiting.into_values().next().unwrap_or_default();
        Err(NetworkError::Listen { address, reason: "the machine did not answer in time".to_owned() })
    })
}

async fn gather(swarm: &mut Swarm, mut waiting: BTreeMap<String, String>) -> Result<Vec<Multiaddr>, NetworkError> {
    let mut addresses = Vec::new();
    while !waiting.is_empty() {
        match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { listener_id, address } => {
                waiting.remove(&listener_id.to_string());
                addresses.push(address);
            }
            SwarmEvent::ListenerClosed { listener_id, reason: Err(error), .. }
            | SwarmEvent::ListenerError { listener_id, error } => {
                let address = waiting.remove(&listener_id.to_string()).unwrap_or_default();
                return Err(NetworkError::Listen { address, reason: error.to_string() });
            }
            _ => (),
        }
    }
    Ok(addresses)
}
