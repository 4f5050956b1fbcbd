//! Intake: every document's way from bytes to the ledger, verified on a bounded pool.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use proto::admission::{Admission, AdmissionId, Confirmation};
use proto::crypto::NodeKey;
use proto::digest::Sha256Digest;
use proto::entry::Entry;
use proto::federation::{Admittance, Outcome};
use proto::intake::{Refusal, examine};
use proto::node_id::NodeId;
use proto::signature::Algorithms;
use proto::timestamp::Instant;
use proto::trust::{Endorser, PolicyRefusal, Trust};
use proto::wire::Envelope;
use tokio::sync::Semaphore;
use web::registry::{Located, RegistryError, Scope, UploadRefusal, Uploaded};

use crate::bounds;
use crate::clock::Clock;
use crate::config::Uploads;
use crate::storage::ledger::{
    self, AdmitError, Admitted, Candidate, Freshness, ItemChange, Ledger, LedgerError, Novelty, RefusedAdmission,
};

mod candidate;
mod confirm;
#[cfg(test)]
mod tests;

use candidate::Manner;
pub use confirm::EmailRule;

/// Takes documents in; clones share one pool.
#[derive(Debug, Clone)]
pub struct Intake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ledger: Ledger,
    key: Arc<NodeKey>,
    clock: Clock,
    rules: RwLock<Arc<Rules>>,
    verifying: Semaphore,
    waiting: Semaphore,
}

/// What the operator decided about admission.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whom to trust, and what policy refuses.
    pub trust: Trust,
    /// Whether admissions of unlisted origins are taken.
    pub admittance: Admittance,
    /// Whether old signature algorithms are admitted.
    pub algorithms: Algorithms,
    /// Largest upload in bytes.
    pub document_bytes_max: usize,
    /// How old an endorsement may be when it is uploaded.
    pub created_ms_max_age: u64,
    /// How far ahead of this node's clock an endorsement may be when it is uploaded.
    pub created_ms_max_ahead: u64,
    /// Whether uploads are taken.
    pub uploads: Uploads,
    /// How uploads are confirmed by e-mail; none where they are not.
    pub confirmation: Option<EmailRule>,
}

/// What an upload came to.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The answer to the uploader.
    pub uploaded: Uploaded,
    /// The graph shows the entry once it has reached this change; none where it shows it already.
    pub change: Option<u64>,
    /// What to spread, where the entry is new and federated.
    pub spread: Option<Spread>,
}

/// What became of an envelope.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// For the federation.
    pub outcome: Outcome,
    /// The graph shows what is new once it has reached this change; none where nothing is.
    pub change: Option<u64>,
}

/// What peers shall get.
#[derive(Debug, Clone)]
pub struct Spread {
    /// How this node's set of items changed.
    pub items: ItemChange,
    /// The document and the admission.
    pub envelope: Envelope,
}

/// The rule by which an admission gives way to an earlier one of its entry and origin.
pub(crate) const OUTRANKED: &str = "outranked";

impl Intake {
    /// An intake that admits in the name of `key`.
    #[must_use]
    pub fn new(ledger: Ledger, key: Arc<NodeKey>, clock: Clock, rules: Rules) -> Self {
        let verifiers = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Shared {
            ledger,
            key,
            clock,
            rules: RwLock::new(Arc::new(rules)),
            verifying: Semaphore::new(verifiers),
            waiting: Semaphore::new(bounds::UPLOADS_WAITING_MAX),
        }))
    }

    /// Works by other rules from now on.
    pub fn change_rules(&self, rules: Rules) {
        *self.0.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        self.0.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes an upload: verified, judged, receipted and durable when this returns.
    pub async fn upload(&self, document: Bytes, scope: Scope) -> Result<Taken, UploadRefusal> {
        let rules = self.rules();
        check_open(&rules, document.len())?;
        let _waiting = self.0.waiting.try_acquire().map_err(|_| UploadRefusal::Overloaded)?;
        let examined = self.verify(document.clone(), rules.algorithms).await.ok_or(RegistryError)?;
        let entry = examined.map_err(refused_upload)?;
        judge_content(&rules, &entry).map_err(|refusal| refused_upload(refusal.into()))?;
        let now = self.0.clock.now();
        if let Some(held) = self.held(&entry, scope).await? {
            return Ok(Taken { uploaded: Uploaded::AlreadyHeld(held), change: None, spread: None });
        }
        check_window(&rules, &entry, now)?;
        match rules.confirmation.as_ref().filter(|rule| rule.asks_about(&entry)) {
            Some(rule) => self.ask(rule, entry, document, scope, now).await,
            None => self.admit_upload(entry, document, scope, now).await,
        }
    }

    async fn admit_upload(
        &self,
        entry: Entry,
        document: Bytes,
        scope: Scope,
        now: Instant,
    ) -> Result<Taken, UploadRefusal> {
        let candidate = self.receipted(&entry, document.clone(), scope, now, Confirmation::Unconfirmed);
        let receipt = candidate.receipt.bytes.clone();
        let admitted = self.0.ledger.admit(candidate).await.map_err(not_admitted)?;
        Ok(Self::taken(&entry, document, &receipt, scope, admitted)?)
    }

    /// An upload with this node's own receipt.
    fn receipted(
        &self,
        entry: &Entry,
        document: Bytes,
        scope: Scope,
        now: Instant,
        confirmation: Confirmation,
    ) -> Candidate {
        let receipt = Admission::sign(entry.id(), entry.raw_sha256(), now, confirmation, &self.0.key);
        let manner = Manner { seen: now, scope, freshness: Freshness::Checked };
        candidate::of(entry, &receipt, document, &manner)
    }

    fn taken(
        entry: &Entry,
        document: Bytes,
        receipt: &[u8],
        scope: Scope,
        admitted: Admitted,
    ) -> Result<Taken, RegistryError> {
        let at = candidate::coordinates(entry.document());
        let located = Located { entry: entry.id(), at, standing: admitted.placement.standing };
        let uploaded = match admitted.novelty {
            Novelty::New => Uploaded::Created(located),
            Novelty::Extended | Novelty::Known => Uploaded::AlreadyHeld(located),
        };
        let receipt = receipt.try_into().expect("a receipt of this node has an admission's length");
        let envelope = Envelope::new(document, receipt).map_err(|error| {
            tracing::error!(%error, "a document that was verified does not fit an envelope");
            RegistryError
        })?;
        let is_spread = scope == Scope::Federated && !admitted.items.added.is_empty();
        let spread = is_spread.then_some(Spread { items: admitted.items, envelope });
        Ok(Taken { uploaded, change: Some(admitted.change), spread })
    }

    /// Where the entry is, if it is held in as wide a scope as is wanted.
    async fn held(&self, entry: &Entry, wanted: Scope) -> Result<Option<Located>, UploadRefusal> {
        let held = self.0.ledger.entry(entry.id()).await.map_err(|error| unavailable(&error))?.map(|held| held.summary);
        let held = held.filter(|held| held.scope == Scope::Federated || wanted == Scope::Local);
        Ok(held.map(|held| Located { entry: held.entry, at: held.at, standing: held.standing }))
    }

    /// Takes what a peer brought: nothing of it is believed.
    pub async fn take_envelope(&self, envelope: Envelope) -> Arrival {
        match self.admit_envelope(envelope).await {
            Ok(admitted) => Arrival { change: Some(admitted.change), outcome: outcome(&admitted) },
            Err(outcome) => Arrival { change: None, outcome },
        }
    }

    /// The ledger's answer, or what keeps the envelope from it.
    async fn admit_envelope(&self, envelope: Envelope) -> Result<Admitted, Outcome> {
        let rules = self.rules();
        let invalid = |reason: String| Outcome::Invalid { rule: reason };
        let admission =
            Admission::verify(envelope.admission()).map_err(|error| invalid(format!("admission: {error}")))?;
        let document = envelope.document().clone();
        let entry = match self.verify(document.clone(), rules.algorithms).await {
            None => return Err(Outcome::Overloaded),
            Some(Ok(entry)) => entry,
            Some(Err(Refusal::Invalid { rule, reason })) => return Err(invalid(format!("{rule}: {reason}"))),
            Some(Err(Refusal::Policy(refusal))) => return Err(self.refuse(&envelope, &admission, &refusal).await),
        };
        let receipt = admission.receipt();
        if receipt.entry != entry.id() || receipt.document != entry.raw_sha256() {
            return Err(invalid("admission: it is for another document".to_owned()));
        }
        if let Err(refusal) = judge(&rules, receipt.origin, &entry) {
            return Err(self.refuse(&envelope, &admission, &refusal).await);
        }
        let manner = Manner { seen: self.0.clock.now(), scope: Scope::Federated, freshness: Freshness::Waived };
        match self.0.ledger.admit(candidate::of(&entry, &admission, document, &manner)).await {
            Ok(admitted) => self.settle(&envelope, &admission, admitted).await,
            Err(AdmitError::Refused(refusal)) => Err(self.refuse(&envelope, &admission, &refusal).await),
            Err(error) => {
                tracing::error!(%error, "an entry from a peer could not be stored");
                Err(Outcome::Overloaded)
            }
        }
    }

    /// An admission that another of its entry and origin outranks is not held, and not to be fetched again either.
    async fn settle(
        &self,
        envelope: &Envelope,
        admission: &Admission,
        admitted: Admitted,
    ) -> Result<Admitted, Outcome> {
        for outranked in &admitted.items.removed {
            self.remember(envelope, outranked.id, OUTRANKED, "an earlier admission of its origin is held").await?;
        }
        if !admitted.items.added.is_empty() {
            return Ok(admitted);
        }
        let held = self.0.ledger.envelopes(vec![admission.id()], 1).await.unwrap_or_default();
        if held.is_empty() {
            self.remember(envelope, admission.id(), OUTRANKED, "an earlier admission of its origin is held").await?;
            return Err(Outcome::Refused { reason: OUTRANKED.to_owned() });
        }
        Ok(admitted)
    }

    /// Remembers what policy refuses, so that it is not fetched again.
    async fn refuse(&self, envelope: &Envelope, admission: &Admission, refusal: &PolicyRefusal) -> Outcome {
        match self.remember(envelope, admission.id(), refusal.rule(), &refusal.to_string()).await {
            Ok(()) => Outcome::Refused { reason: format!("{}: {refusal}", refusal.rule()) },
            Err(outcome) => outcome,
        }
    }

    async fn remember(&self, envelope: &Envelope, id: AdmissionId, rule: &str, reason: &str) -> Result<(), Outcome> {
        let bytes = Bytes::copy_from_slice(envelope.admission());
        let refused = ledger::Refusal {
            admission: Some(RefusedAdmission { id, bytes }),
            document: Sha256Digest::of(envelope.document()),
            raw: envelope.document().clone(),
            rule: rule.to_owned(),
            reason: reason.to_owned(),
            refused: self.0.clock.now(),
        };
        self.0.ledger.refuse(refused).await.map_err(|error| {
            tracing::error!(%error, "a refusal could not be stored");
            Outcome::Overloaded
        })
    }

    /// Examines a document on the pool; none where the node is stopping.
    async fn verify(&self, document: Bytes, algorithms: Algorithms) -> Option<Result<Entry, Refusal>> {
        let _permit = self.0.verifying.acquire().await.ok()?;
        tokio::task::spawn_blocking(move || examine(&document, algorithms)).await.ok()
    }
}

fn check_open(rules: &Rules, bytes: usize) -> Result<(), UploadRefusal> {
    if rules.uploads == Uploads::Refused {
        return Err(UploadRefusal::Policy {
            rule: "read-only".to_owned(),
            reason: "this node takes no uploads; use another node of the federation".to_owned(),
        });
    }
    match bytes > rules.document_bytes_max {
        true => Err(UploadRefusal::TooLarge { bytes_max: rules.document_bytes_max }),
        false => Ok(()),
    }
}

/// The moment of an uploaded endorsement must be near this node's.
fn check_window(rules: &Rules, entry: &Entry, now: Instant) -> Result<(), UploadRefusal> {
    let created = Instant::from(entry.document().created());
    let invalid = |reason| UploadRefusal::Invalid { rule: "created-window".to_owned(), reason };
    if created.ms_since(now) > rules.created_ms_max_ahead {
        let at = entry.document().created();
        return Err(invalid(format!("created {at} lies ahead of this node's clock, {}", now.timestamp())));
    }
    if now.ms_since(created) > rules.created_ms_max_age {
        let (at, days) = (entry.document().created(), rules.created_ms_max_age / 86_400_000);
        return Err(invalid(format!("created {at} is more than {days} days ago; sign the document again")));
    }
    Ok(())
}

/// What this node's policy says of an entry that another node admitted.
fn judge(rules: &Rules, origin: NodeId, entry: &Entry) -> Result<(), PolicyRefusal> {
    if rules.admittance == Admittance::Closed && !rules.trust.members.contains_key(&origin) {
        return Err(PolicyRefusal::UnlistedOrigin(origin));
    }
    judge_content(rules, entry)
}

fn judge_content(rules: &Rules, entry: &Entry) -> Result<(), PolicyRefusal> {
    let document = entry.document();
    rules.trust.policy.judge_content(&endorser(entry), document.identifier(), document.checksums())
}

fn endorser(entry: &Entry) -> Endorser<'_> {
    let certificate = entry.certificate();
    let (email, subject, key) = (entry.document().email(), certificate.subject(), certificate.key_sha256());
    Endorser { email, subject, key }
}

fn outcome(admitted: &Admitted) -> Outcome {
    match (admitted.items.added.first(), admitted.items.removed.first()) {
        (Some(item), replaces) => Outcome::Held { item: *item, replaces: replaces.copied() },
        (None, _) => Outcome::Known,
    }
}

fn refused_upload(refusal: Refusal) -> UploadRefusal {
    match refusal {
        Refusal::Invalid { rule, reason } => UploadRefusal::Invalid { rule: rule.to_owned(), reason },
        Refusal::Policy(refusal) => {
            UploadRefusal::Policy { rule: refusal.rule().to_owned(), reason: refusal.to_string() }
        }
    }
}

fn not_admitted(error: AdmitError) -> UploadRefusal {
    match error {
        AdmitError::Refused(refusal) => refused_upload(refusal.into()),
        AdmitError::Stale(stale) => UploadRefusal::Stale { reason: stale.to_string(), latest: stale.latest },
        AdmitError::Ledger(error) => unavailable(&error).into(),
    }
}

fn unavailable(error: &LedgerError) -> RegistryError {
    tracing::error!(%error, "the ledger failed");
    RegistryError
}
