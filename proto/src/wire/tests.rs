//! Claims about frames.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::packed::pack;
use super::*;
use crate::digest::Sha256Digest;
use crate::timestamp::Instant;

fn id(number: u8) -> AdmissionId {
    AdmissionId::from_digest(Sha256Digest::from_bytes([number; 32]))
}

fn envelope(document: &'static [u8], filling: u8) -> Envelope {
    Envelope::new(Bytes::from_static(document), [filling; admission::BYTES]).expect("a document within bounds")
}

fn any_envelope() -> impl Strategy<Value = Envelope> {
    (vec(any::<u8>(), 1..2000), any::<u8>()).prop_map(|(document, filling)| {
        Envelope::new(document.into(), [filling; admission::BYTES]).expect("a document within bounds")
    })
}

fn any_id() -> impl Strategy<Value = AdmissionId> {
    any::<[u8; 32]>().prop_map(|bytes| AdmissionId::from_digest(Sha256Digest::from_bytes(bytes)))
}

fn any_bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 1..2000).prop_map(Bytes::from)
}

fn any_rank() -> impl Strategy<Value = RosterRank> {
    (any::<u64>(), any::<[u8; 32]>())
        .prop_map(|(version, payload)| RosterRank { version, payload: Sha256Digest::from_bytes(payload) })
}

fn any_gossip() -> impl Strategy<Value = Gossip> {
    prop_oneof![
        any_envelope().prop_map(Gossip::Entry),
        (any::<u64>(), any_id())
            .prop_map(|(ms, id)| Gossip::Announcement(Item { admitted: Instant::from_unix_ms(ms), id })),
    ]
}

fn any_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        any_bytes().prop_map(|frame| Request::Reconcile { frame }),
        vec(any_id(), 1..=FETCH_ITEMS_MAX).prop_map(|items| Request::Fetch { items }),
        Just(Request::Grown),
        option::of(any_rank()).prop_map(|held| Request::Roster { held }),
        vec(any_id(), 1..=HOLDING_ITEMS_MAX).prop_map(|items| Request::Holding { items }),
        vec(any_id(), 1..=FETCH_ITEMS_MAX).prop_map(|items| Request::FetchPacked { items }),
    ]
}

fn any_response() -> impl Strategy<Value = Response> {
    prop_oneof![
        any_bytes().prop_map(|frame| Response::Reconciled { frame }),
        vec(any_envelope(), 0..9)
            .prop_map(|envelopes| Response::Envelopes { considered: 9 + envelopes.len() as u16, envelopes }),
        vec(any_envelope(), 0..9)
            .prop_map(|envelopes| Response::Packed { considered: 9 + envelopes.len() as u16, envelopes }),
        Just(Response::Noted),
        (option::of(any_rank()), option::of(any_bytes())).prop_map(|(held, newer)| Response::Roster { held, newer }),
        Just(Response::Refused(RequestRefusal::Overloaded)),
        Just(Response::Refused(RequestRefusal::NotAPeer)),
        Just(Response::Refused(RequestRefusal::Unreadable)),
    ]
}

proptest! {
    #[test]
    fn a_gossip_message_survives_its_own_frame(message in any_gossip()) {
        prop_assert_eq!(Gossip::decode(&message.encode()), Ok(Received { feature_level: FEATURE_LEVEL, message }));
    }

    #[test]
    fn a_request_survives_its_own_frame(message in any_request()) {
        prop_assert_eq!(Request::decode(&message.encode()), Ok(Received { feature_level: FEATURE_LEVEL, message }));
    }

    #[test]
    fn a_response_survives_its_own_frame(message in any_response()) {
        prop_assert_eq!(Response::decode(&message.encode()), Ok(Received { feature_level: FEATURE_LEVEL, message }));
    }

    #[test]
    fn foreign_bytes_are_a_message_or_refused(bytes in vec(any::<u8>(), 0..500), kind in 0_u8..5) {
        decode_any(&bytes);
        decode_any(&[&[VERSION, FEATURE_LEVEL, kind], bytes.as_slice()].concat());
    }

    #[test]
    fn an_altered_frame_is_a_message_or_refused(message in any_response(), at in any::<usize>(), byte in any::<u8>()) {
        let mut frame = message.encode().to_vec();
        let at = at % frame.len().min(32);
        frame[at] = byte;
        decode_any(&frame);
    }

    #[test]
    fn a_frame_that_ends_early_or_late_is_refused(message in any_response(), cut in any::<usize>()) {
        let frame = message.encode();
        prop_assert!(Response::decode(&frame[..cut % frame.len()]).is_err());
        prop_assert_eq!(Response::decode(&[&frame[..], &[0]].concat()), Err(BadFrame::NotCanonical));
    }
}

/// The recorded frames of level 1: each message with what follows the version and the level.
fn requests_of_level_1() -> Vec<(Request, Vec<u8>)> {
    vec![
        (Request::Reconcile { frame: Bytes::from_static(b"ab") }, vec![0, 2, b'a', b'b']),
        (Request::Fetch { items: vec![id(7)] }, [&[1, 1][..], &[7; 32]].concat()),
        (Request::Grown, vec![2]),
    ]
}

fn responses_of_level_1() -> Vec<(Response, Vec<u8>)> {
    let envelopes = vec![envelope(b"xml", 9)];
    vec![
        (Response::Reconciled { frame: Bytes::from_static(b"c") }, vec![0, 1, b'c']),
        (Response::Envelopes { considered: 2, envelopes }, [&[1, 2, 1, 3][..], b"xml", &[9; 170]].concat()),
        (Response::Noted, vec![2]),
        (Response::Refused(RequestRefusal::Overloaded), vec![3, 0]),
        (Response::Refused(RequestRefusal::NotAPeer), vec![3, 1]),
        (Response::Refused(RequestRefusal::Unreadable), vec![3, 2]),
    ]
}

fn gossip_of_level_1() -> Vec<(Gossip, Vec<u8>)> {
    let announced = Item { admitted: Instant::from_unix_ms(300), id: id(5) };
    vec![
        (Gossip::Entry(envelope(b"<a/>", 3)), [&[0, 4][..], b"<a/>", &[3; 170]].concat()),
        (Gossip::Announcement(announced), [&[1, 251, 44, 1][..], &[5; 32]].concat()),
    ]
}

/// The recorded frames that level 2 adds.
fn request_of_level_2() -> (Request, Vec<u8>) {
    let held = Some(RosterRank { version: 3, payload: Sha256Digest::from_bytes([6; 32]) });
    (Request::Roster { held }, [&[3, 1, 3][..], &[6; 32]].concat())
}

fn responses_of_level_2() -> Vec<(Response, Vec<u8>)> {
    let newer = Some(Bytes::from_static(b"{}"));
    vec![
        (Response::Roster { held: None, newer: None }, vec![4, 0, 0]),
        (Response::Roster { held: None, newer }, vec![4, 0, 1, 2, b'{', b'}']),
    ]
}

/// The recorded frame that level 3 adds.
fn request_of_level_3() -> (Request, Vec<u8>) {
    (Request::Holding { items: vec![id(8), id(9)] }, [&[4, 2][..], &[8; 32], &[9; 32]].concat())
}

/// The recorded frames that level 4 adds. What is packed has many encodings; this is one of them.
fn request_of_level_4() -> (Request, Vec<u8>) {
    (Request::FetchPacked { items: vec![id(8)] }, [&[5, 1][..], &[8; 32]].concat())
}

fn response_of_level_4() -> (Response, Vec<u8>) {
    let envelopes = vec![envelope(b"xml", 9)];
    // RFC 1951 section 3.2.4: a last block that is stored, of 175 bytes.
    let stored = [&[1, 175, 0, 80, 255, 1, 3][..], b"xml", &[9; 170]].concat();
    (Response::Packed { considered: 2, envelopes }, [&[5, 2, 180][..], &stored].concat())
}

/// What was recorded is read, and is what this version writes but for its own level.
fn check<M: PartialEq + std::fmt::Debug>(
    (message, payload): (M, Vec<u8>),
    level: u8,
    encode: impl Fn(&M) -> Bytes,
    decode: impl Fn(&[u8]) -> Result<Received<M>, BadFrame>,
) {
    assert_eq!(encode(&message).get(2..), Some(&payload[..]), "{message:?}");
    let recorded = [&[1, level][..], &payload].concat();
    assert_eq!(decode(&recorded), Ok(Received { feature_level: level, message }));
}

#[test]
fn recorded_frames_of_level_1_are_read_and_written_for_ever() {
    requests_of_level_1().into_iter().for_each(|frame| check(frame, 1, Request::encode, Request::decode));
    responses_of_level_1().into_iter().for_each(|frame| check(frame, 1, Response::encode, Response::decode));
    gossip_of_level_1().into_iter().for_each(|frame| check(frame, 1, Gossip::encode, Gossip::decode));
}

#[test]
fn recorded_frames_of_level_2_are_read_and_written_for_ever() {
    check(request_of_level_2(), 2, Request::encode, Request::decode);
    responses_of_level_2().into_iter().for_each(|frame| check(frame, 2, Response::encode, Response::decode));
}

#[test]
fn recorded_frames_of_level_3_are_read_and_written_for_ever() {
    check(request_of_level_3(), 3, Request::encode, Request::decode);
}

#[test]
fn recorded_frames_of_level_4_are_read_for_ever() {
    check(request_of_level_4(), 4, Request::encode, Request::decode);
    let (message, payload) = response_of_level_4();
    let recorded = [&[1, 4][..], &payload].concat();
    assert_eq!(Response::decode(&recorded), Ok(Received { feature_level: 4, message }));
}

#[test]
fn packed_envelopes_that_would_exceed_a_frame_are_refused() {
    let bomb = pack(&vec![b' '; RESPONSE_FRAME_BYTES_MAX + 1]);
    let length = u16::try_from(bomb.len()).expect("a few KiB").to_le_bytes();
    let frame = [&[1, 4, 5, 2, 251][..], &length, &bomb].concat();
    assert!(matches!(Response::decode(&frame), Err(BadFrame::TooLong { .. })));
}

#[test]
fn documents_of_one_endorser_are_packed_into_less_than_half() {
    let documents = (0..8).map(|number| format!("{}{number}", "a certificate and what else is alike, ".repeat(100)));
    let envelopes: Vec<_> = documents
        .map(|text| Envelope::new(text.into(), [7; admission::BYTES]).expect("a document within bounds"))
        .collect();
    let plain = Response::Envelopes { considered: 8, envelopes };
    assert!(plain.clone().packed().encode().len() < plain.encode().len() / 2);
}

#[test]
fn another_version_is_refused_and_another_feature_level_is_read() {
    assert_eq!(Request::decode(&[2, 1, 2]), Err(BadFrame::Version(2)));
    assert_eq!(Request::decode(&[1, 9, 2]), Ok(Received { feature_level: 9, message: Request::Grown }));
    assert_eq!(Request::decode(&[1]), Err(BadFrame::NoHeader));
}

#[test]
fn a_number_in_more_bytes_than_needed_is_refused() {
    assert_eq!(Request::decode(&[1, 1, 251, 2, 0]), Err(BadFrame::NotCanonical));
}

#[test]
fn a_claim_of_endless_contents_allocates_nothing() {
    for kind in 0..3 {
        let mut frame = vec![VERSION, FEATURE_LEVEL, kind];
        frame.extend([253, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert!(matches!(Request::decode(&frame), Err(BadFrame::Malformed(_) | BadFrame::NotCanonical)));
        assert!(matches!(Response::decode(&frame), Err(BadFrame::Malformed(_) | BadFrame::NotCanonical)));
    }
}

#[test]
fn what_exceeds_its_bound_is_refused() {
    assert!(matches!(Gossip::decode(&vec![1; GOSSIP_FRAME_BYTES_MAX + 1]), Err(BadFrame::TooLong { .. })));
    assert!(matches!(Request::decode(&Request::Fetch { items: vec![] }.encode()), Err(BadFrame::OutOfBounds { .. })));
    let items = vec![id(1); FETCH_ITEMS_MAX + 1];
    assert!(matches!(Request::decode(&Request::Fetch { items }.encode()), Err(BadFrame::OutOfBounds { .. })));
    let none = Response::Envelopes { considered: 0, envelopes: vec![] };
    assert!(matches!(Response::decode(&none.encode()), Err(BadFrame::OutOfBounds { .. })));
    let more = Response::Envelopes { considered: 1, envelopes: vec![envelope(b"a", 1), envelope(b"b", 2)] };
    assert!(matches!(Response::decode(&more.encode()), Err(BadFrame::OutOfBounds { .. })));
}

#[test]
fn a_large_document_is_announced() {
    let document = Bytes::from(vec![b' '; GOSSIP_DOCUMENT_BYTES_MAX + 1]);
    let large = Envelope::new(document, [1; admission::BYTES]).expect("within bounds");
    assert_eq!(Gossip::of(large.clone()), Gossip::Announcement(large.item()));
    let whole = Gossip::Entry(large).encode();
    assert!(matches!(Gossip::decode(&whole), Err(BadFrame::OutOfBounds { .. })));
}

#[test]
fn a_response_takes_the_first_that_fit_and_says_how_many() {
    let held: Vec<_> = (0..6)
        .map(|number| {
            let document = Bytes::from(vec![b' '; DOCUMENT_BYTES_MAX - 200]);
            Envelope::new(document, [number; admission::BYTES]).expect("within bounds")
        })
        .collect();
    let mut asked: Vec<_> = held.iter().map(|envelope| envelope.item().id).collect();
    asked.insert(1, id(99));
    let response = Response::of_envelopes(&asked, &held);
    assert!(response.encode().len() <= RESPONSE_FRAME_BYTES_MAX);
    let Response::Envelopes { considered, envelopes } = response else { panic!("a fetch gives envelopes") };
    assert_eq!((considered, envelopes.len()), (5, 4));
}

#[test]
fn one_document_of_the_greatest_size_always_fits() {
    let document = Bytes::from(vec![b' '; DOCUMENT_BYTES_MAX]);
    let envelope = Envelope::new(document, [1; admission::BYTES]).expect("within bounds");
    let response = Response::of_envelopes(&[envelope.item().id], std::slice::from_ref(&envelope));
    assert_eq!(response, Response::Envelopes { considered: 1, envelopes: vec![envelope] });
    assert!(Response::decode(&response.encode()).is_ok());
}
