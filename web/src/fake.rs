//! A registry in memory, for tests of the face.

mod documents;
mod lists;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use proto::admission::{Admission, Confirmation};
use proto::crypto::{NodeKey, TrustAnchors};
use proto::email::Email;
use proto::entry::{Entry, EntryId};
use proto::identifier::ImageIdentifier;
use proto::intake::{self, Refusal};
use proto::signature::Algorithms;
use proto::standing::{Explanation, Reason, Standing};
use proto::timestamp::{Instant, Timestamp};
use tokio::sync::watch;

use crate::registry::confirmation::{Acted, Action, ActionRefusal, ActionToken, Awaited, Awaiting};
use crate::registry::{
    Change, ChangeKind, Coordinates, Counts, DocumentEvidence, Endorser, Explained, Federation, ListError, ListFilter,
    Listed, Listing, Load, Located, Page, Peer, Query, QueryAnswer, QueryError, Record, Registry, RegistryError,
    Related, Relation, Roster, Scope, Summary, Tag, UploadRefusal, Uploaded, Used, Walk,
};

pub(crate) use documents::{signed, signed_as, template};

/// A registry that holds what tests upload, and answers queries as tests say.
#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    records: Vec<Record>,
    refusal: Option<UploadRefusal>,
    is_down: bool,
    is_broad: bool,
    answer: Option<Result<QueryAnswer, QueryError>>,
    asked: Vec<Query>,
    is_asking: bool,
    revision: u64,
    pending: Vec<(Bytes, Scope)>,
    arrivals: watch::Sender<u64>,
}

/// The secret of the only link that the fake knows.
pub(crate) const TOKEN: ActionToken = ActionToken::from_secret([7; 32]);

/// The present moment of the fake.
pub(crate) const NOW: &str = "2015-01-01T00:00:00Z";

impl Fake {
    /// A fake that holds these documents.
    pub(crate) fn holding(documents: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let fake = Self::default();
        documents.into_iter().for_each(|document| {
            fake.hold(document.into(), Scope::Federated).expect("the test's document is good");
        });
        fake
    }

    /// A fake that refuses every upload so.
    pub(crate) fn refusing(refusal: UploadRefusal) -> Self {
        let fake = Self::default();
        fake.with(|held| held.refusal = Some(refusal));
        fake
    }

    /// A fake that cannot answer.
    pub(crate) fn down() -> Self {
        let fake = Self::default();
        fake.with(|held| held.is_down = true);
        fake
    }

    /// A fake of which every list would read too much.
    pub(crate) fn broad() -> Self {
        let fake = Self::default();
        fake.with(|held| held.is_broad = true);
        fake
    }

    /// A fake that answers every query so.
    pub(crate) fn answering(answer: Result<QueryAnswer, QueryError>) -> Self {
        let fake = Self::default();
        fake.with(|held| held.answer = Some(answer));
        fake
    }

    /// A fake that has every upload await its confirmation; the link of the first has the secret [`TOKEN`].
    pub(crate) fn asking() -> Self {
        let fake = Self::default();
        fake.with(|held| held.is_asking = true);
        fake
    }

    /// How many uploads await their confirmation.
    pub(crate) fn pending(&self) -> usize {
        self.with(|held| held.pending.len())
    }

    /// The queries that were asked.
    pub(crate) fn queries(&self) -> Vec<Query> {
        self.with(|held| held.asked.clone())
    }

    /// Everything that is held, in order of arrival.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.with(|held| held.records.clone())
    }

    /// Changes how entries are known.
    pub(crate) fn change(&self, change: impl Fn(&mut Summary)) {
        self.with(|held| held.records.iter_mut().for_each(|record| change(&mut record.summary)));
    }

    fn with<T>(&self, use_held: impl FnOnce(&mut Held) -> T) -> T {
        use_held(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read<T>(&self, use_held: impl FnOnce(&mut Held) -> T) -> Result<T, RegistryError> {
        self.with(|held| if held.is_down { Err(RegistryError) } else { Ok(use_held(held)) })
    }

    fn hold(&self, document: Bytes, scope: Scope) -> Result<Uploaded, UploadRefusal> {
        let entry = intake::examine(&document, Algorithms::Modern).map_err(|refusal| match refusal {
            Refusal::Invalid { rule, reason } => UploadRefusal::Invalid { rule: rule.to_owned(), reason },
            Refusal::Policy(policy) => {
                UploadRefusal::Policy { rule: policy.rule().to_owned(), reason: policy.to_string() }
            }
        })?;
        let summary = summary(&entry, scope);
        let located = Located { entry: entry.id(), at: summary.at.clone(), standing: summary.standing };
        self.with(|held| {
            if let Some(refusal) = held.refusal.clone() {
                return Err(refusal);
            }
            if held.records.iter().any(|record| record.summary.entry == entry.id()) {
                return Ok(Uploaded::AlreadyHeld(located));
            }
            let admissions = vec![admission(&entry)];
            held.records.push(Record { summary, raw: document, entry, admissions });
            held.arrivals.send_replace(held.records.len() as u64);
            Ok(Uploaded::Created(located))
        })
    }
}

fn admission(entry: &Entry) -> Admission {
    let key = NodeKey::from_seed([7; 32]);
    Admission::sign(entry.id(), entry.raw_sha256(), now().into(), Confirmation::Unconfirmed, &key)
}

fn now() -> Timestamp {
    NOW.parse().expect("the constant is a moment")
}

fn summary(entry: &Entry, scope: Scope) -> Summary {
    let document = entry.document();
    let text = |text: Option<&str>| text.map(str::to_owned);
    Summary {
        entry: entry.id(),
        at: Coordinates { image: document.identifier(), email: document.email().clone(), created: document.created() },
        standing: Standing::Bare,
        superseded_by: None,
        deprecated: text(document.deprecated()),
        valid: document.valid(),
        title: text(document.title()),
        description: text(document.description()),
        kind: text(document.kind()),
        os: text(document.os()),
        os_version: text(document.os_version()),
        os_arch: text(document.os_arch()),
        version: text(document.version()),
        bytes: document.bytes(),
        locations: document.locations().to_vec(),
        tags: document.tags().to_vec(),
        scope,
    }
}

impl Registry for Fake {
    fn now(&self) -> Instant {
        now().into()
    }

    /// Its clock stands still, and so nothing is kept.
    fn revision(&self) -> u64 {
        self.with(|held| {
            held.revision += 1;
            held.revision
        })
    }

    async fn upload(&self, document: Bytes, scope: Scope) -> Result<Uploaded, UploadRefusal> {
        if !self.with(|held| held.is_asking) {
            return self.hold(document, scope);
        }
        let entry = intake::examine(&document, Algorithms::Modern).expect("the test's document is good");
        self.with(|held| held.pending.push((document, scope)));
        Ok(Uploaded::Awaiting(Awaited { entry: entry.id(), at: summary(&entry, scope).at, expires: now().into() }))
    }

    async fn awaiting(&self, token: ActionToken) -> Result<Option<Awaiting>, RegistryError> {
        let found = self.read(|held| held.pending.first().cloned().filter(|_| token == TOKEN))?;
        Ok(found.map(|(document, scope)| {
            let entry = intake::examine(&document, Algorithms::Modern).expect("the test's document is good");
            Awaiting { entry, scope, uploaded: now().into(), expires: now().into() }
        }))
    }

    async fn act(&self, token: ActionToken, action: Action) -> Result<Acted, ActionRefusal> {
        let awaiting = self.awaiting(token).await?.ok_or(ActionRefusal::Unknown)?;
        let (document, scope) = self.with(|held| held.pending.remove(0));
        match action {
            Action::Confirm => match self.hold(document, scope)? {
                Uploaded::Created(located) | Uploaded::AlreadyHeld(located) => Ok(Acted::Confirmed(located)),
                Uploaded::Awaiting(_) => Err(ActionRefusal::Unknown),
            },
            Action::Abort => Ok(Acted::Aborted(awaiting.entry.id())),
            Action::Abuse => Ok(Acted::Reported(awaiting.entry.id())),
        }
    }

    async fn list(&self, filter: ListFilter) -> Result<Page, ListError> {
        if self.with(|held| held.is_broad) {
            return Err(ListError::TooBroad);
        }
        let summaries = |held: &Held| held.records.iter().map(|record| record.summary.clone()).collect();
        Ok(self.read(|held| lists::page(summaries(held), &filter))?)
    }

    async fn documents(&self, entries: Vec<EntryId>) -> Result<Vec<Bytes>, RegistryError> {
        let find = |held: &Held, entry| held.records.iter().find(|record| record.summary.entry == entry).cloned();
        self.read(|held| entries.into_iter().filter_map(|entry| Some(find(held, entry)?.raw)).collect())
    }

    async fn entry(&self, entry: EntryId) -> Result<Option<Record>, RegistryError> {
        self.read(|held| held.records.iter().find(|record| record.summary.entry == entry).cloned())
    }

    async fn explain(&self, entry: EntryId) -> Result<Option<Explained>, RegistryError> {
        let explain = |record: &Record| {
            let signer = record.entry.certificate().clone();
            let (created, now) = (record.summary.at.created, self.now().timestamp());
            Explained {
                standing: Explanation { standing: Some(record.summary.standing), reason: Reason::Pinned },
                listing: Listing::Superseded,
                scope: record.summary.scope,
                documents: vec![DocumentEvidence {
                    document: record.entry.raw_sha256(),
                    chain: TrustAnchors::default().verify(&signer, &[], created, now),
                    certificates: vec![signer],
                    legacy: None,
                }],
                witnesses: Vec::new(),
                superseded_by: Some(entry),
                supersedes: Vec::new(),
                created,
                now,
            }
        };
        self.read(|held| held.records.iter().find(|record| record.summary.entry == entry).map(explain))
    }

    async fn entry_at(&self, at: Coordinates) -> Result<Option<Record>, RegistryError> {
        self.read(|held| held.records.iter().find(|record| record.summary.at == at).cloned())
    }

    async fn timeline(
        &self,
        image: ImageIdentifier,
        until: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Summary>, RegistryError> {
        let of_image = |record: &&Record| {
            let at = &record.summary.at;
            at.image == image && until.is_none_or(|until| at.created <= until)
        };
        self.read(|held| {
            held.records.iter().filter(of_image).take(limit).map(|record| record.summary.clone()).collect()
        })
    }

    async fn related(
        &self,
        image: ImageIdentifier,
        at: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Related>, RegistryError> {
        let said = |record: &Record| {
            let document = record.entry.document();
            let (of, others) = (document.identifier(), document.replaces().to_vec());
            let summary = record.summary.clone();
            others.into_iter().filter_map(move |other| {
                let other = other.parse().ok()?;
                let (image, relation) = match (of == image, other == image) {
                    (true, _) => (other, Relation::Replaced),
                    (_, true) => (of, Relation::Replacing),
                    _ => return None,
                };
                let (email, standing) = (summary.at.email.clone(), summary.standing);
                Some(Related { image, relation, steps: 1, entry: summary.entry, email, standing })
            })
        };
        let is_of_then = |record: &&Record| at.is_none_or(|at| record.summary.at.created <= at);
        self.read(|held| held.records.iter().filter(is_of_then).flat_map(said).take(limit).collect())
    }

    async fn tagged(&self, email: Email, tag: String) -> Result<Option<Record>, RegistryError> {
        let has = |record: &&Record| record.summary.at.email == email && record.summary.tags.contains(&tag);
        self.read(|held| held.records.iter().filter(has).max_by_key(|record| record.summary.at.created).cloned())
    }

    async fn tags(&self, email: Email, after: String, limit: usize) -> Result<Vec<Tag>, RegistryError> {
        self.read(|held| {
            let own = held.records.iter().filter(|record| record.summary.at.email == email);
            let names = own.flat_map(|record| &record.summary.tags).filter(|name| **name > after);
            let names: BTreeSet<String> = names.cloned().collect();
            names.into_iter().take(limit).map(|name| Tag { name, entries: 1, latest: now() }).collect()
        })
    }

    async fn endorsers(&self, after: Option<Email>, limit: usize) -> Result<Vec<Endorser>, RegistryError> {
        self.read(|held| {
            let later = |record: &&Record| after.as_ref().is_none_or(|after| record.summary.at.email > *after);
            let mut endorsers = held.records.iter().filter(later).map(endorser).collect::<Vec<_>>();
            endorsers.sort_by(|one, other| one.email.cmp(&other.email));
            endorsers.dedup_by(|one, other| one.email == other.email);
            endorsers.truncate(limit);
            endorsers
        })
    }

    async fn query(&self, query: Query) -> Result<QueryAnswer, QueryError> {
        self.with(|held| {
            held.asked.push(query);
            held.answer.clone().unwrap_or(Err(RegistryError.into()))
        })
    }

    async fn federation(&self) -> Result<Federation, RegistryError> {
        self.read(|_| federation())
    }

    async fn changes(&self, walk: Walk, limit: usize) -> Result<Vec<Change>, RegistryError> {
        self.read(|held| {
            let numbered = held.records.iter().enumerate();
            let all = numbered.map(|(index, record)| change(record, index as u64 + 1));
            match walk {
                Walk::On { after } => all.filter(|change| change.number > after).take(limit).collect(),
                Walk::Back { before } => {
                    let earlier = |change: &Change| before.is_none_or(|before| change.number < before);
                    all.rev().filter(earlier).take(limit).collect()
                }
            }
        })
    }

    async fn changed(&self, after: u64) -> Result<(), RegistryError> {
        let mut arrivals = self.with(|held| held.arrivals.subscribe());
        arrivals.wait_for(|number| *number > after).await.map(drop).map_err(|_| RegistryError)
    }

    async fn load(&self) -> Result<Load, RegistryError> {
        let long_queries = Used { now: 1, most: 4 };
        self.read(|_| Load { long_queries, query_ms_max: 10_000, ..Load::default() })
    }

    async fn counts(&self) -> Result<Counts, RegistryError> {
        self.read(|held| Counts { entries: held.records.len() as u64, valid: 1, ..Counts::default() })
    }
}

fn change(record: &Record, number: u64) -> Change {
    let summary = record.summary.clone();
    Change { number, kind: ChangeKind::Admitted, entry: summary.entry, at: now().into(), summary: Some(summary) }
}

fn endorser(record: &Record) -> Endorser {
    Endorser {
        email: record.summary.at.email.clone(),
        subject: record.entry.certificate().subject().to_owned(),
        issuer: record.entry.certificate().issuer().to_owned(),
        standing: record.summary.standing,
        entries: 1,
        current: 1,
        latest: record.summary.at.created,
    }
}

fn federation() -> Federation {
    let peer = Peer {
        node: NodeKey::from_seed([8; 32]).node_id(),
        name: "orsay".to_owned(),
        public_url: Some("https://orsay.example.org".to_owned()),
        listed: Listed::ByRoster,
        is_member: true,
        version: Some("marketplace/<9>".to_owned()),
        feature_level: Some(2),
        roster_version: Some(4),
        faults: 0,
        bytes_received: 2_048,
        bytes_sent: 512,
        connected_since: None,
        disconnected_since: Some(now().into()),
        round_trip_ms: Some(12),
        last_sync: Some(now().into()),
        lag: Some(0),
        lacked_by_peer: Some(0),
        last_error: Some("connection <refused>".to_owned()),
        next_attempt: None,
    };
    Federation {
        name: "test".to_owned(),
        node: NodeKey::from_seed([7; 32]).node_id(),
        node_name: "athens".to_owned(),
        public_url: None,
        peers: vec![peer],
        roster: Some(Roster { version: 4, members: 2, issued: now(), expires: now(), is_expired: true }),
        refusals: [("endorser-denied".to_owned(), 3)].into(),
    }
}
