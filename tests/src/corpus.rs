//! What the fuzz targets start from: what nodes and endorsers really send.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use bytes::Bytes;
use node::demo::endorser::{Endorser, sample_documents};
use proto::admission::{Admission, Confirmation};
use proto::bounds::RECONCILE_FRAME_BYTES_MAX;
use proto::crypto::NodeKey;
use proto::intake;
use proto::reconcile::{Item, ItemSet};
use proto::roster::{Member, Roster, SignedRoster};
use proto::signature::{self, Algorithms};
use proto::timestamp::Instant;
use proto::wire::{Envelope, Gossip, Request, RequestRefusal, Response};

/// An input of a fuzz target.
struct Seed {
    target: &'static str,
    bytes: Vec<u8>,
}

const ENDORSERS: [(&str, &str); 4] = [
    ("Jane Tester", "jane@imaging.example.org"),
    ("Ravi Operator", "ravi@cloud.example.net"),
    ("Lena Biolog", "lena@bio.example.edu"),
    ("Security Team", "security@cloud.example.net"),
];

/// Small XML that documents do not have: what a canonical form is particular about.
const XML: [&str; 4] = [
    "<?xml version=\"1.0\"?><!-- a --><?b c?><a xmlns=\"urn:a\" xml:lang=\"en\"><b xmlns=\"\"/>&#13;\r\n</a><!-- d -->",
    "<a:a xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" b:c='\"' c=\"\t&#10;&lt;\"><![CDATA[<&>]]>&amp;&gt;<?t?></a:a>",
    "<a xmlns:x=\"urn:1\"><x:b xmlns:x=\"urn:2\"><x:c xmlns:x=\"urn:1\" x:d=\"1\" d=\"2\"/></x:b></a>",
    "\u{feff}<a xml:base=\"../b\" xml:id=\"é\u{10000}\"><b/><b></b> <b >\u{85}\u{2028}</b ></a>",
];

/// What clients ask lists for: a path, and after a line feed what they accept.
const REQUESTS: [&str; 6] = [
    "/metadata?status=all&limit=10&standing=bare\ntext/html,application/xml;q=0.9,*/*;q=0.8",
    "/metadata/MMZu9WvwKIro-rtBQfDk4PsKO7_/jane%40example.org/2014-03-08T14:10:40Z\napplication/json",
    "/metadata?identifier=MMZu9WvwKIro-rtBQfDk4PsKO7_&email=jane%40example.org&created=2014-03-08T14%3A10%3A40Z\n",
    "/metadata/jane@example.org?media=ttl&sEcho=1&iDisplayStart=0\ntext/turtle;q=0.5, */*;q=0",
    "/metadata?after=2014-03-08T14:10:40Z_0000000000000000000000000000000000000000000000000000000000000000\n",
    "/metadata//null/?status=deprecated&location=all&email=null\n*/*",
];

/// Files of trust anchors after the digit of their kind: certificates or lists, a list, a `signing_policy`, a
/// `namespaces` file.
const ANCHORS: [(u8, &str); 5] = [
    (b'0', AUTHORITY),
    (b'1', AUTHORITY),
    (
        b'2',
        "# one\naccess_id_CA X509 '/C=CH/O=Grid/CN=host/Jan\u{e9}'\npos_rights globus CA:sign\n\
         cond_subjects globus '\"/C=CH/O=Grid/*\" \"/CN=host\\/*\" \"/USERID=?+E=\\xC3\\xA9\"'\n",
    ),
    (
        b'3',
        "#NAMESPACES-VERSION: 1.0\nTO Issuer \"/C=CH/O=Grid/CN=host/Jan\u{e9}\" \\\n  PERMIT Subject \"/C=CH/O=G.*\"\n",
    ),
    (
        b'3',
        "TO Issuer SELF DENY Subject \"/CN=(host|Robot:\\s[^/]+)/.*\"\nTO Issuer SELF PERMIT Subject \".*\\xC3\\xA9\"\n",
    ),
];

const AUTHORITY: &str = include_str!("corpus/anchors.pem");

/// Writes the inputs of each target into a folder of its name below `folder`.
pub fn write(folder: &Path, now: Instant) -> anyhow::Result<()> {
    for (number, seed) in seeds(now)?.into_iter().enumerate() {
        let target = folder.join(seed.target);
        fs::create_dir_all(&target).with_context(|| format!("cannot create {}", target.display()))?;
        let file = target.join(format!("seed-{number:04}"));
        fs::write(&file, seed.bytes).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn seeds(now: Instant) -> anyhow::Result<Vec<Seed>> {
    let endorsers = ENDORSERS
        .iter()
        .map(|(name, email)| Endorser::create(name, email, now.timestamp()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let documents = sample_documents(&endorsers, now)?;
    let key = NodeKey::from_seed([7; 32]);
    let envelopes = documents.iter().map(|bytes| admit(bytes, now, &key)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut seeds = of_documents(&documents)?;
    seeds.extend(endorsers.iter().map(|one| seed("certificate", one.key().certificate().der())));
    seeds.extend(endorsers.iter().map(|one| anchor(b'0', one.key().certificate().der())));
    seeds.extend(ANCHORS.iter().map(|(kind, text)| anchor(*kind, text.as_bytes())));
    seeds.extend(envelopes.iter().map(|envelope| seed("admission", envelope.admission())));
    seeds.extend(REQUESTS.iter().map(|text| seed("parameters", text.as_bytes())));
    seeds.push(seed("configuration", node::config::EXAMPLE.as_bytes()));
    seeds.extend(rosters(&key, now)?);
    seeds.extend(frames(&envelopes).into_iter().map(|frame| seed("wire", &frame)));
    seeds.extend(reconciliations(&envelopes).into_iter().map(|frame| seed("reconcile", &frame)));
    Ok(seeds)
}

/// A roster as it is written by hand, and as it is signed.
fn rosters(key: &NodeKey, now: Instant) -> anyhow::Result<Vec<Seed>> {
    let member = Member {
        name: "site A".to_owned(),
        url: Some("https://a.example.org".to_owned()),
        addresses: vec!["/dns4/a.example.org/udp/4040/quic-v1".to_owned()],
        contact: Some("admin@a.example.org".to_owned()),
    };
    let mut signed = SignedRoster::unsigned(&Roster {
        federation: "grid".to_owned(),
        version: 3,
        issued: now.timestamp(),
        expires: now.plus_ms(86_400_000).timestamp(),
        members: [(key.node_id(), member)].into(),
        former: [(NodeKey::from_seed([8; 32]).node_id(), now.timestamp())].into(),
    })?;
    signed.sign(key);
    Ok(vec![seed("roster", signed.payload()), seed("roster", &signed.to_bytes())])
}

fn seed(target: &'static str, bytes: &[u8]) -> Seed {
    Seed { target, bytes: bytes.to_vec() }
}

fn anchor(kind: u8, file: &[u8]) -> Seed {
    seed("anchors", &[&[kind], file].concat())
}

fn of_documents(documents: &[Vec<u8>]) -> anyhow::Result<Vec<Seed>> {
    let of_xml = |text: &&str| ["xml", "canonical"].map(|target| seed(target, text.as_bytes()));
    let mut seeds: Vec<Seed> = XML.iter().flat_map(of_xml).collect();
    for bytes in documents {
        let signed = signature::verify(bytes, Algorithms::Modern)?;
        seeds.extend([seed("xml", bytes), seed("canonical", bytes), seed("signature", bytes)]);
        seeds.push(seed("document", signed.octets()));
    }
    Ok(seeds)
}

fn admit(document: &[u8], now: Instant, key: &NodeKey) -> anyhow::Result<Envelope> {
    let entry = intake::examine(document, Algorithms::Modern)?;
    let admission = Admission::sign(entry.id(), entry.raw_sha256(), now, Confirmation::Unconfirmed, key);
    Ok(Envelope::new(Bytes::copy_from_slice(document), admission.to_bytes())?)
}

/// A frame of each kind.
fn frames(envelopes: &[Envelope]) -> Vec<Bytes> {
    let items: Vec<_> = envelopes.iter().map(|envelope| envelope.item().id).collect();
    let (_, frame) = set(envelopes).start(RECONCILE_FRAME_BYTES_MAX);
    let few = &envelopes[..3.min(envelopes.len())];
    let mut frames: Vec<Bytes> = few.iter().map(|envelope| Gossip::of(envelope.clone()).encode()).collect();
    frames.extend(few.iter().map(|envelope| Gossip::Announcement(envelope.item()).encode()));
    frames.extend([
        Request::Reconcile { frame: frame.clone() }.encode(),
        Request::Fetch { items: items.clone() }.encode(),
        Request::Grown.encode(),
        Request::Holding { items: items.clone() }.encode(),
        Request::FetchPacked { items: items.clone() }.encode(),
        Response::Reconciled { frame }.encode(),
        Response::of_envelopes(&items, few).encode(),
        Response::of_envelopes(&items, few).packed().encode(),
        Response::Noted.encode(),
        Response::Refused(RequestRefusal::Overloaded).encode(),
    ]);
    frames
}

/// First frames of small and larger sets, and the answers to them.
fn reconciliations(envelopes: &[Envelope]) -> Vec<Bytes> {
    let all = set(envelopes);
    let mut frames = Vec::new();
    for count in [0, 1, envelopes.len() / 2, envelopes.len()] {
        let (_, first) = set(&envelopes[..count]).start(RECONCILE_FRAME_BYTES_MAX);
        frames.extend(all.respond(&first, RECONCILE_FRAME_BYTES_MAX));
        frames.push(first);
    }
    frames
}

fn set(envelopes: &[Envelope]) -> ItemSet {
    envelopes.iter().map(Envelope::item).collect::<Vec<Item>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fuzz_target_has_something_to_start_from() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write(folder.path(), Instant::from_unix_ms(1_790_000_000_000)).expect("it is writable");
        let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
        for target in fs::read_dir(targets).expect("the targets are there") {
            let name = target.expect("a file").path().with_extension("");
            let seeds = folder.path().join(name.file_name().expect("a target has a name"));
            assert!(fs::read_dir(&seeds).is_ok_and(|mut files| files.next().is_some()), "{}", seeds.display());
        }
    }
}
