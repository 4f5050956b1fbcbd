//! What a node speaks: gossipsub, sync over request-response, identify and ping, within connection limits.

use std::time::Duration;

use libp2p::core::upgrade::Version;
use libp2p::gossipsub::{
    self, IdentTopic, MessageAuthenticity, MessageId, PeerScoreParams, PeerScoreThresholds, TopicScoreParams,
    ValidationMode,
};
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{StreamProtocol, connection_limits, identify, identity, memory_connection_limits, ping, swarm};
use proto::digest::Sha256Digest;

use super::codec::FrameCodec;
use super::{NetworkError, PresharedKey, transport};
use crate::bounds;

/// The protocols of a node.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) limits: connection_limits::Behaviour,
    pub(super) memory: memory_connection_limits::Behaviour,
    pub(super) gossipsub: gossipsub::Behaviour,
    pub(super) sync: request_response::Behaviour<FrameCodec>,
    pub(super) identify: identify::Behaviour,
    pub(super) ping: ping::Behaviour,
}

pub(super) type Swarm = libp2p::Swarm<Behaviour>;

/// The version of the sync protocol is part of its name, so that a next one can stand beside it.
const SYNC_PROTOCOL: StreamProtocol = StreamProtocol::new("/marketplace/sync/1");
const IDENTIFY_PROTOCOL: &str = "/marketplace/1";

/// The topic that carries the entries of a federation.
pub(super) fn topic(federation: &str) -> IdentTopic {
    IdentTopic::new(format!("/marketplace/{federation}/entries/1"))
}

/// A swarm that listens nowhere yet.
pub(super) fn swarm(
    keypair: &identity::Keypair,
    federation: &str,
    preshared_key: Option<PresharedKey>,
) -> Result<Swarm, NetworkError> {
    let transport = transport::transport(keypair, preshared_key)?;
    let behaviour = Behaviour::new(keypair, &topic(federation)).map_err(NetworkError::transport)?;
    // A request is sent with the name of its protocol, not a round trip after it.
    let config = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(bounds::CONNECTION_IDLE)
        .with_substream_upgrade_protocol_override(Version::V1Lazy);
    Ok(Swarm::new(transport, behaviour, keypair.public().to_peer_id(), config))
}

impl Behaviour {
    fn new(keypair: &identity::Keypair, topic: &IdentTopic) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut gossipsub = gossipsub::Behaviour::new(MessageAuthenticity::Anonymous, gossip_config()?)?;
        let (parameters, thresholds) = scores(topic);
        gossipsub.with_peer_score(parameters, thresholds)?;
        gossipsub.subscribe(topic)?;
        let sync_config = request_response::Config::default()
            .with_request_timeout(bounds::SYNC_REQUEST_TIMEOUT)
            .with_max_concurrent_streams(bounds::SYNC_STREAMS_MAX);
        let identify = identify::Config::new(IDENTIFY_PROTOCOL.to_owned(), keypair.public())
            .with_agent_version(format!("marketplace/{}", env!("CARGO_PKG_VERSION")));
        Ok(Self {
            limits: connection_limits::Behaviour::new(connection_limits()),
            memory: memory_connection_limits::Behaviour::with_max_percentage(bounds::MEMORY_SHARE_MAX),
            gossipsub,
            sync: request_response::Behaviour::with_codec(
                FrameCodec,
                [(SYNC_PROTOCOL, ProtocolSupport::Full)],
                sync_config,
            ),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(bounds::PING_INTERVAL)),
        })
    }
}

fn connection_limits() -> connection_limits::ConnectionLimits {
    connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(Some(bounds::CONNECTIONS_PENDING_MAX))
        .with_max_pending_outgoing(Some(bounds::CONNECTIONS_PENDING_MAX))
        .with_max_established_incoming(Some(bounds::CONNECTIONS_INCOMING_MAX))
        .with_max_established_per_peer(Some(bounds::CONNECTIONS_PER_PEER_MAX))
}

/// Messages are named by their content and forwarded only after this node has verified them.
fn gossip_config() -> Result<gossipsub::Config, gossipsub::ConfigBuilderError> {
    gossipsub::ConfigBuilder::default()
        .validate_messages()
        .validation_mode(ValidationMode::Anonymous)
        .message_id_fn(|message| MessageId::new(Sha256Digest::of(&message.data).as_bytes()))
        .max_transmit_size(bounds::GOSSIP_TRANSMIT_BYTES_MAX)
        .duplicate_cache_time(bounds::GOSSIP_DUPLICATES_KEPT)
        .heartbeat_interval(bounds::GOSSIP_HEARTBEAT)
        .history_length(bounds::GOSSIP_HISTORY)
        .history_gossip(bounds::GOSSIP_HISTORY_TOLD)
        .connection_handler_queue_len(bounds::GOSSIP_QUEUE_MAX)
        .publish_queue_duration(bounds::GOSSIP_WAITING_MAX)
        .forward_queue_duration(bounds::GOSSIP_WAITING_MAX)
        .build()
}

/// Scores derived from our own rates: one kind of message, few publishers, bursts.
///
/// The defaults let first deliveries alone outweigh hundreds of invalid messages, punish quiet topics and put
/// every node of one machine below the threshold. Here good deliveries earn at most 10 points, ten invalid
/// messages cost 10 · 10² = 1,000, and quiet or neighbouring peers cost nothing. The state machine expels a peer at its
/// tenth fault; the graylist lies below that, for what a peer sends while it is being disconnected.
fn scores(topic: &IdentTopic) -> (PeerScoreParams, PeerScoreThresholds) {
    let topic_parameters = TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 0.0,
        time_in_mesh_quantum: Duration::from_secs(1),
        first_message_deliveries_weight: 0.5,
        first_message_deliveries_decay: 0.9,
        first_message_deliveries_cap: 20.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -10.0,
        invalid_message_deliveries_decay: 0.99,
        ..TopicScoreParams::default()
    };
    let parameters = PeerScoreParams {
        topics: [(topic.hash(), topic_parameters)].into(),
        topic_score_cap: 50.0,
        ip_colocation_factor_weight: 0.0,
        // What a slow link does not carry is no fault of the peer; it is told of it and fetches it.
        slow_peer_weight: 0.0,
        ..PeerScoreParams::default()
    };
    let thresholds = PeerScoreThresholds {
        gossip_threshold: -100.0,
        publish_threshold: -500.0,
        graylist_threshold: -2000.0,
        ..PeerScoreThresholds::default()
    };
    (parameters, thresholds)
}
