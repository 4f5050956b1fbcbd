//! A link between two nodes on loopback that is as bad as networks are, and worse on demand.
//!
//! The node that dials is given the link's address in place of its peer's. What passes is delayed, lost, doubled and
//! overtaken by the weather; the link can be cut, held and opened again while nodes run. The fate of the n-th datagram
//! of a way depends on the seed and on n alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use node::clock::Stopwatch;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

mod datagrams;
mod lane;
mod stream;

/// Runs links; they end with it.
#[derive(Debug)]
pub struct Links(Runtime);

/// A link; it ends when this is dropped.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    medium: Medium,
    state: watch::Sender<State>,
    traffic: Arc<Traffic>,
    _tasks: JoinSet<()>,
}

/// What nodes speak over a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// QUIC, over UDP.
    Quic,
    /// TCP; what is lost arrives late, as it does where it is sent again.
    Tcp,
}

/// How bad a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    /// From one end to the other.
    pub delay: Duration,
    /// How many of a hundred are lost.
    pub loss_percent: u64,
    /// How many of a hundred are overtaken by those after them.
    pub overtaken_percent: u64,
    /// How many of a hundred arrive twice.
    pub doubled_percent: u64,
}

/// Whether anything passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// By the weather.
    Open,
    /// What comes is kept until the link is open again, as long as there is room.
    Held,
    /// Nothing; connections over TCP are closed and refused.
    Cut,
}

/// What passed one way or was lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Bytes that were handed on.
    pub bytes: u64,
    /// Datagrams, or pieces of a stream, that were handed on.
    pub pieces: u64,
    /// Those that were lost by the weather, by a cut, or because there was no room.
    pub lost: u64,
}

/// What waits in a link is bounded: as much as 10 Mbit/s bring in three seconds.
const WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Connections over one TCP link at once; its nodes keep one, and more while they dial.
const STREAMS_MAX: usize = 16;
/// The largest piece that is read at once, and the largest datagram.
const PIECE_BYTES_MAX: usize = 64 * 1024;
/// How much later an overtaken datagram arrives.
const OVERTAKEN_BY: Duration = Duration::from_millis(30);
/// How much later a lost piece of a stream arrives: TCP's shortest time before it sends again.
const SENT_AGAIN_AFTER: Duration = Duration::from_millis(200);

impl Weather {
    /// Nothing is lost and nothing takes time.
    pub const CALM: Self = Self { delay: Duration::ZERO, loss_percent: 0, overtaken_percent: 0, doubled_percent: 0 };

    /// A bad line between continents.
    pub const ROUGH: Self =
        Self { delay: Duration::from_millis(50), loss_percent: 5, overtaken_percent: 10, doubled_percent: 2 };
}

#[derive(Debug, Clone, Copy)]
struct State {
    weather: Weather,
    passage: Passage,
}

/// Which way something travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the node that dialled.
    Out,
    /// To it.
    Back,
}

#[derive(Debug, Default)]
struct Traffic {
    ways: [Counters; 2],
}

#[derive(Debug, Default)]
struct Counters {
    bytes: AtomicU64,
    pieces: AtomicU64,
    lost: AtomicU64,
}

/// What the tasks of a link share.
#[derive(Debug, Clone)]
struct Shared {
    target: SocketAddr,
    seed: u64,
    state: watch::Receiver<State>,
    traffic: Arc<Traffic>,
    stopwatch: Stopwatch,
}

/// What becomes of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fate {
    is_lost: bool,
    is_overtaken: bool,
    is_doubled: bool,
}

impl Links {
    /// Starts what runs links.
    ///
    /// # Panics
    /// Where the machine has no thread left.
    #[must_use]
    pub fn start() -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        Self(builder.worker_threads(1).enable_all().build().expect("a thread"))
    }

    /// Makes a link to `target`, with its own fates by `seed`.
    ///
    /// # Panics
    /// Where loopback is missing.
    #[must_use]
    pub fn link(&self, target: SocketAddr, medium: Medium, weather: Weather, seed: u64) -> Link {
        let (state, watched) = watch::channel(State { weather, passage: Passage::Open });
        let traffic = Arc::new(Traffic::default());
        let stopwatch = Stopwatch::start();
        let shared = Shared { target, seed, state: watched, traffic: Arc::clone(&traffic), stopwatch };
        let mut tasks = JoinSet::new();
        let near = SocketAddr::new(target.ip(), 0);
        let address = self.0.block_on(async {
            match medium {
                Medium::Quic => datagrams::listen(near, shared, &mut tasks).await,
                Medium::Tcp => stream::listen(near, shared, &mut tasks).await,
            }
        });
        Link { address: address.expect("loopback is there"), medium, state, traffic, _tasks: tasks }
    }
}

impl Link {
    /// Where the link is dialled, as a multiaddress.
    #[must_use]
    pub fn multiaddress(&self) -> String {
        multiaddress(self.address, self.medium)
    }

    /// Lets nothing through; what is on its way is lost.
    pub fn cut(&self) {
        self.pass(Passage::Cut);
    }

    /// Keeps what comes.
    pub fn hold(&self) {
        self.pass(Passage::Held);
    }

    /// Opens the link again.
    pub fn heal(&self) {
        self.pass(Passage::Open);
    }

    /// Changes the weather, also for what is to come of open connections.
    pub fn set(&self, weather: Weather) {
        self.state.send_modify(|state| state.weather = weather);
    }

    /// What passed from the node that dialled.
    #[must_use]
    pub fn out(&self) -> Passed {
        self.traffic.of(Way::Out).read()
    }

    /// What passed to the node that dialled.
    #[must_use]
    pub fn back(&self) -> Passed {
        self.traffic.of(Way::Back).read()
    }

    fn pass(&self, passage: Passage) {
        self.state.send_modify(|state| state.passage = passage);
    }
}

/// The multiaddress of a place on this machine.
#[must_use]
pub fn multiaddress(address: SocketAddr, medium: Medium) -> String {
    let version = if address.is_ipv4() { 4 } else { 6 };
    let (ip, port) = (address.ip(), address.port());
    match medium {
        Medium::Quic => format!("/ip{version}/{ip}/udp/{port}/quic-v1"),
        Medium::Tcp => format!("/ip{version}/{ip}/tcp/{port}"),
    }
}

/// The place that a multiaddress such as `/ip4/127.0.0.1/tcp/4040/p2p/12D3…` names, where it is of this medium.
#[must_use]
pub fn socket_address(multiaddress: &str, medium: Medium) -> Option<SocketAddr> {
    let parts: Vec<&str> = multiaddress.split('/').collect();
    let (ip, port) = match (parts.as_slice(), medium) {
        (["", "ip4" | "ip6", ip, "udp", port, "quic-v1", ..], Medium::Quic)
        | (["", "ip4" | "ip6", ip, "tcp", port, ..], Medium::Tcp) => (ip, port),
        _ => return None,
    };
    Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
}

impl Traffic {
    const fn of(&self, way: Way) -> &Counters {
        &self.ways[way as usize]
    }
}

impl Counters {
    fn pass(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.pieces.fetch_add(1, Ordering::Relaxed);
    }

    fn lose(&self, pieces: usize) {
        self.lost.fetch_add(pieces as u64, Ordering::Relaxed);
    }

    fn read(&self) -> Passed {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Passed { bytes: read(&self.bytes), pieces: read(&self.pieces), lost: read(&self.lost) }
    }
}

impl Fate {
    /// The fate of the piece of this number.
    fn of(seed: u64, way: Way, number: u64, weather: &Weather) -> Self {
        let roll = |question: u64| {
            let place = number.wrapping_mul(6).wrapping_add(question * 2 + way as u64);
            mixed(seed.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15))) % 100
        };
        Self {
            is_lost: roll(0) < weather.loss_percent,
            is_overtaken: roll(1) < weather.overtaken_percent,
            is_doubled: roll(2) < weather.doubled_percent,
        }
    }
}

/// The output function of `SplitMix64`.
const fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests;
