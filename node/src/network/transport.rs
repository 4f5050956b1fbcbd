//! How bytes travel: QUIC and TCP, or TCP behind a pre-shared key.

use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, OrTransport, Transport as _};
use libp2p::core::upgrade::Version;
use libp2p::pnet::PnetConfig;
use libp2p::{PeerId, dns, identity, noise, quic, tcp, yamux};

use super::{NetworkError, PresharedKey};
use crate::bounds::{HANDSHAKE_MAX, QUIC_CONNECTION_BYTES_MAX, QUIC_STREAM_BYTES_MAX};

pub(super) type Transport = Boxed<(PeerId, StreamMuxerBox)>;

/// The transport of a node; with a pre-shared key TCP only, for QUIC has no place for it.
pub(super) fn transport(
    keypair: &identity::Keypair,
    preshared_key: Option<PresharedKey>,
) -> Result<Transport, NetworkError> {
    let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    let noise = noise::Config::new(keypair).map_err(NetworkError::transport)?;
    let muxed = |(peer, muxer), _| (peer, StreamMuxerBox::new(muxer));
    if let Some(PresharedKey(key)) = preshared_key {
        let walled = tcp.and_then(move |socket, _| PnetConfig::new(key).handshake(socket));
        let secured = walled.upgrade(Version::V1Lazy).authenticate(noise).multiplex(yamux::Config::default());
        let secured = secured.timeout(HANDSHAKE_MAX);
        let named = dns::tokio::Transport::system(secured).map_err(NetworkError::transport)?;
        return Ok(named.map(muxed).boxed());
    }
    let secured = tcp.upgrade(Version::V1Lazy).authenticate(noise).multiplex(yamux::Config::default());
    let secured = secured.timeout(HANDSHAKE_MAX).map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    let mut quic = quic::Config::new(keypair);
    quic.max_stream_data = QUIC_STREAM_BYTES_MAX;
    quic.handshake_timeout = HANDSHAKE_MAX;
    quic.max_connection_data = QUIC_CONNECTION_BYTES_MAX;
    let quic = quic::tokio::Transport::new(quic);
    let quic = quic.map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)));
    let both = OrTransport::new(quic, secured).map(|either, _| either.into_inner());
    Ok(dns::tokio::Transport::system(both).map_err(NetworkError::transport)?.boxed())
}
