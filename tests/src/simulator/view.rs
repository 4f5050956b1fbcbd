//! The view that a site would show of what it holds, by the fold of the real node over made-up claims.

use std::collections::BTreeMap;

use proto::digest::Sha256Digest;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::standing::{CertificateEmail, Certification, Claim};
use proto::timestamp::{Instant, Timestamp};
use proto::trust::Trust;
use proto::view::{Placement, fold};
use proto::wire::Envelope;

use super::intake::Store;

/// What a site shows.
pub(super) type View = BTreeMap<EntryId, Placement>;

/// Endorsers and images of all made-up claims.
const ENDORSERS: u8 = 2;
const IMAGES: u8 = 3;

pub(super) fn view(store: &Store) -> View {
    let claims: Vec<_> = store.entries.values().map(claim).collect();
    fold(&claims, &Trust::default())
}

/// The claim that a toy document stands for: its digest says whose and about what it is, and when it was endorsed.
fn claim(envelope: &Envelope) -> Claim {
    let digest = Sha256Digest::of(envelope.document());
    let [endorser, image, moment, ..] = *digest.as_bytes();
    let email = format!("endorser{}@example.org", endorser % ENDORSERS);
    let created = Timestamp::from_unix_seconds(1_400_000_000 + i64::from(moment)).expect("the year is 2014");
    Claim {
        entry: EntryId::from_digest(digest),
        image: ImageIdentifier::from_sha1([image % IMAGES; 20]),
        key: Sha256Digest::of(email.as_bytes()),
        email: email.parse().expect("the address is one"),
        created,
        subject: String::new(),
        certificate_email: CertificateEmail::Stated,
        certification: Certification::Unchained,
        first_seen: Instant::from(created),
        witnesses: Vec::new(),
    }
}
