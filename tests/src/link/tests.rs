//! A link between sockets of the test itself.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};

use super::*;
use crate::sites::wait_until;

const LOSSY: Weather = Weather { delay: Duration::ZERO, loss_percent: 30, overtaken_percent: 0, doubled_percent: 0 };

/// Two sockets with a link of this weather between them.
fn linked(links: &Links, weather: Weather) -> (UdpSocket, UdpSocket, Link) {
    let socket = || UdpSocket::bind("127.0.0.1:0").expect("loopback");
    let (near, far) = (socket(), socket());
    let link = links.link(far.local_addr().expect("bound"), Medium::Quic, weather, 7);
    near.connect(link.address).expect("loopback");
    (near, far, link)
}

fn received(socket: &UdpSocket) -> u8 {
    let mut buffer = [0; 16];
    socket.recv(&mut buffer).expect("a datagram");
    buffer[0]
}

#[test]
fn the_same_seed_has_the_same_fates_and_about_the_loss_that_was_asked_for() {
    let fates = |seed: u64, way| (1..=10_000).map(move |number| Fate::of(seed, way, number, &LOSSY));
    assert!(fates(1, Way::Out).eq(fates(1, Way::Out)));
    assert!(!fates(1, Way::Out).eq(fates(2, Way::Out)));
    assert!(!fates(1, Way::Out).eq(fates(1, Way::Back)));
    let lost = fates(1, Way::Out).filter(|fate| fate.is_lost).count();
    assert!((2_700..3_300).contains(&lost), "{lost} of 10000 at 30 percent");
}

#[test]
fn datagrams_pass_both_ways_and_are_counted() {
    let links = Links::start();
    let (near, far, link) = linked(&links, Weather::CALM);
    near.send(&[1, 2, 3]).expect("sent");
    let mut buffer = [0; 16];
    let (length, from) = far.recv_from(&mut buffer).expect("a datagram");
    assert_eq!(buffer[..length], [1, 2, 3]);
    far.send_to(&[4, 5], from).expect("sent");
    assert_eq!(received(&near), 4);
    assert_eq!(link.out(), Passed { bytes: 3, pieces: 1, lost: 0 });
    assert_eq!(link.back(), Passed { bytes: 2, pieces: 1, lost: 0 });
}

#[test]
fn those_datagrams_are_lost_whose_fate_it_is() {
    let links = Links::start();
    let (near, far, _link) = linked(&links, LOSSY);
    let expected: Vec<u8> =
        (1..=100).filter(|number| !Fate::of(7, Way::Out, u64::from(*number), &LOSSY).is_lost).collect();
    for number in 1..=100 {
        near.send(&[number]).expect("sent");
    }
    let arrived: Vec<u8> = expected.iter().map(|_| received(&far)).collect();
    assert_eq!(arrived, expected);
}

#[test]
fn overtaken_and_doubled_datagrams_come_after_others() {
    let weather = Weather { overtaken_percent: 50, doubled_percent: 50, ..Weather::CALM };
    let (_state, state) = watch::channel(State { weather, passage: Passage::Open });
    let target = SocketAddr::from(([127, 0, 0, 1], 1));
    let shared = Shared { target, seed: 7, state, traffic: Arc::default(), stopwatch: Stopwatch::start() };
    let mut lane = lane::Lane::new(Way::Out);
    for number in 1..=50 {
        lane.take_datagram(&[number], &shared);
    }
    let out: Vec<u8> = std::iter::from_fn(|| lane.hand_out(&shared)).map(|bytes| bytes[0]).collect();
    assert!(!out.is_sorted(), "{out:?}");
    let times = |number| out.iter().filter(|one| **one == number).count() as u64;
    let doubled = |number: u8| u64::from(Fate::of(7, Way::Out, u64::from(number), &weather).is_doubled);
    assert!((1..=50).all(|number| times(number) == 1 + doubled(number)), "{out:?}");
}

#[test]
fn what_a_cut_link_is_given_is_lost_and_what_a_held_one_is_given_is_late() {
    let links = Links::start();
    let (near, far, link) = linked(&links, Weather::CALM);
    link.cut();
    near.send(&[1]).expect("sent");
    wait_until("the first is lost", || link.out().lost == 1);
    link.hold();
    near.send(&[2]).expect("sent");
    link.heal();
    assert_eq!(received(&far), 2);
}

#[test]
fn a_stream_arrives_whole_and_in_order_in_the_roughest_weather_and_ends_at_a_cut() {
    let links = Links::start();
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let weather = Weather { delay: Duration::from_millis(1), loss_percent: 20, ..LOSSY };
    let link = links.link(listener.local_addr().expect("bound"), Medium::Tcp, weather, 7);
    let mut near = TcpStream::connect(link.address).expect("loopback");
    let (mut far, _) = listener.accept().expect("a connection");
    let sent: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let writing = sent.clone();
    let writer = std::thread::spawn(move || {
        near.write_all(&writing).expect("written");
        near
    });
    let mut arrived = vec![0; sent.len()];
    far.read_exact(&mut arrived).expect("read");
    assert!(arrived == sent, "the stream arrived otherwise than it was sent");
    assert_eq!(link.out().bytes, sent.len() as u64);

    let mut near = writer.join().expect("no panics");
    link.cut();
    assert!(near.read(&mut [0; 1]).is_ok_and(|length| length == 0) || near.write(&[0]).is_err());
}

#[test]
fn a_multiaddress_is_that_of_its_place() {
    for (text, medium) in [("/ip4/127.0.0.1/udp/4040/quic-v1", Medium::Quic), ("/ip6/::1/tcp/4040", Medium::Tcp)] {
        let address = socket_address(&format!("{text}/p2p/12D3"), medium).expect("an address");
        assert_eq!(multiaddress(address, medium), text);
    }
    assert_eq!(socket_address("/ip4/127.0.0.1/tcp/4040", Medium::Quic), None);
    assert_eq!(socket_address("/dns4/a.example.org/tcp/4040", Medium::Tcp), None);
}
