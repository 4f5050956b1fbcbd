//! Intake: every document's way from bytes to the ledger, verified on a bounded pool.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use proto::admission::{self, Admission, Confirmation};
use proto::crypto::{NodeKey, TrustAnchors};
use proto::digest::Sha256Digest;
use proto::entry::Entry;
use proto::federation::{Admittance, Outcome};
use proto::intake::{Refusal, examine};
use proto::signature::Algorithms;
use proto::timestamp::Instant;
use proto::trust::{Endorser, PolicyRefusal, Trust};
use proto::wire::Envelope;
use tokio::sync::Semaphore;
use web::registry::{Located, RegistryError, Scope, UploadRefusal, Uploaded, Used};

use crate::clock::Clock;
use crate::config::Uploads;
use crate::storage::ledger::{
    AdmitError, Admitted, Candidate, Freshness, ItemChange, Judge, Ledger, LedgerError, Novelty, OriginRule,
    StoredRefusal,
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
    uploads_max: usize,
    by_endorser: web::Rates<Sha256Digest>,
}

/// What the operator decided about admission.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whom to trust, and what policy refuses.
    pub trust: Trust,
    /// Whether admissions of unlisted origins are taken.
    pub admittance: Admittance,
    /// The authorities that chains may end at.
    pub anchors: TrustAnchors,
    /// Largest upload in bytes.
    pub document_bytes_max: usize,
    /// How old an endorsement may be when it is uploaded.
    pub created_ms_max_age: u64,
    /// How far ahead of this node's clock an endorsement may be when it is uploaded.
    pub created_ms_max_ahead: u64,
    /// Whether uploads are taken.
    pub uploads: Uploads,
    /// Uploads that one key may sign in a minute; 0 for any number.
    pub uploads_of_endorser_per_minute: u32,
    /// Uploads that are taken at once; what it is at the start counts until the end.
    pub uploads_max: usize,
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

impl Rules {
    /// By what the ledger judges at the moment `now`.
    #[must_use]
    pub fn judge(&self, now: Instant) -> Judge {
        let (trust, anchors) = (self.trust.clone(), self.anchors.clone());
        Judge { trust, anchors, admittance: self.admittance, now: now.timestamp() }
    }
}

impl Intake {
    /// An intake that admits in the name of `key`.
    #[must_use]
    pub fn new(ledger: Ledger, key: Arc<NodeKey>, clock: Clock, rules: Rules) -> Self {
        let verifiers = std::thread::available_parallelism().map_or(1, usize::from);
        let uploads_max = rules.uploads_max;
        Self(Arc::new(Shared {
            ledger,
            key,
            clock,
            rules: RwLock::new(Arc::new(rules)),
            verifying: Semaphore::new(verifiers),
            waiting: Semaphore::new(uploads_max),
            uploads_max,
            by_endorser: web::Rates::default(),
        }))
    }

    /// Works by other rules from now on.
    pub fn change_rules(&self, rules: Rules) {
        *self.0.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// How many uploads are being taken, and may be at once.
    #[must_use]
    pub fn uploads_running(&self) -> Used {
        let most = self.0.uploads_max;
        Used { now: (most - self.0.waiting.available_permits()) as u64, most: most as u64 }
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
        let now = self.0.clock.now();
        let examined = self.verify(document.clone(), now).await.ok_or(RegistryError)?;
        let entry = examined.map_err(refused_upload)?;
        judge_content(&rules, &entry).map_err(|refusal| refused_upload(refusal.into()))?;
        if let Some(held) = self.held(&entry, scope).await? {
            return Ok(Taken { uploaded: Uploaded::AlreadyHeld(held), change: None, spread: None });
        }
        check_window(&rules, &entry, now)?;
        self.check_pace(&rules, &entry, now)?;
        match rules.confirmation.as_ref().filter(|rule| rule.asks_about(&entry, &rules.judge(now))) {
            Some(rule) => self.ask(rule, entry, document, scope, now).await,
            None => self.admit_upload(entry, document, scope, now).await,
        }
    }

    /// By the key, which the signature proved, and not by the address, which anybody can write.
    fn check_pace(&self, rules: &Rules, entry: &Entry, now: Instant) -> Result<(), UploadRefusal> {
        let per_minute = rules.uploads_of_endorser_per_minute;
        let taken = self.0.by_endorser.take(entry.certificate().key_sha256(), per_minute, now);
        taken.map_err(|retry_after_s| UploadRefusal::TooOften { per_minute, retry_after_s })
    }

    async fn admit_upload(
        &self,
        entry: Entry,
        document: Bytes,
        scope: Scope,
        now: Instant,
    ) -> Result<Taken, UploadRefusal> {
        let candidate = self.receipted(&entry, document, scope, now, Confirmation::Unconfirmed);
        let admitted = self.0.ledger.admit(candidate).await.map_err(not_admitted)?;
        self.taken(&entry, admitted).await
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
        let (freshness, origin_rule) = (Freshness::Checked, OriginRule::Applies);
        let manner = Manner { seen: now, now, scope, freshness, origin_rule };
        candidate::of(entry, &receipt, document, &manner)
    }

    async fn taken(&self, entry: &Entry, admitted: Admitted) -> Result<Taken, UploadRefusal> {
        let at = candidate::coordinates(entry.document());
        let located = Located { entry: entry.id(), at, standing: admitted.placement.standing };
        let uploaded = match admitted.novelty {
            Novelty::New => Uploaded::Created(located),
            Novelty::Extended | Novelty::Known | Novelty::Outranked => Uploaded::AlreadyHeld(located),
        };
        let change = Some(admitted.change);
        let spread = self.spread(admitted.items).await?;
        Ok(Taken { uploaded, change, spread })
    }

    /// What the federation gets of a change: the admission that is held, which is an earlier one where the entry was
    /// local before.
    async fn spread(&self, items: ItemChange) -> Result<Option<Spread>, UploadRefusal> {
        let Some(item) = items.added.first() else { return Ok(None) };
        let held = self.0.ledger.envelopes(vec![item.id], 1).await.map_err(|error| unavailable(&error))?;
        let envelope = held.into_iter().next().and_then(|held| {
            let admission = held.admission.as_ref().try_into().ok()?;
            Envelope::new(held.document, admission).ok()
        });
        match envelope {
            Some(envelope) => Ok(Some(Spread { items, envelope })),
            // It was withdrawn in between, by other settings.
            None => Ok(None),
        }
    }

    /// Where the entry is, if it is held in as wide a scope as is wanted.
    async fn held(&self, entry: &Entry, wanted: Scope) -> Result<Option<Located>, UploadRefusal> {
        let held = self.0.ledger.entry(entry.id()).await.map_err(|error| unavailable(&error))?.map(|held| held.summary);
        let held = held.filter(|held| held.scope == Scope::Federated || wanted == Scope::Local);
        Ok(held.map(|held| Located { entry: held.entry, at: held.at, standing: held.standing }))
    }

    /// Takes what a peer brought: nothing of it is believed.
    pub async fn take_envelope(&self, envelope: Envelope) -> Arrival {
        let now = self.0.clock.now();
        let manner = Manner {
            seen: now,
            now,
            scope: Scope::Federated,
            freshness: Freshness::Waived,
            origin_rule: OriginRule::Applies,
        };
        arrival(self.admit_envelope(envelope.document().clone(), envelope.admission(), &manner).await)
    }

    /// Tries again what was refused, or was held and withdrawn.
    pub async fn take_refused(&self, refused: StoredRefusal) -> Arrival {
        let Ok(bytes) = refused.admission.as_ref().try_into() else {
            return Arrival { outcome: Outcome::Invalid { rule: "admission".to_owned() }, change: None };
        };
        let (freshness, origin_rule) = (Freshness::Waived, refused.origin_rule);
        let (seen, now) = (refused.first_seen, self.0.clock.now());
        let manner = Manner { seen, now, scope: refused.scope, freshness, origin_rule };
        arrival(self.admit_envelope(refused.raw, bytes, &manner).await)
    }

    /// The ledger's answer, or what keeps the document from it.
    async fn admit_envelope(
        &self,
        document: Bytes,
        admission: &[u8; admission::BYTES],
        manner: &Manner,
    ) -> Result<Admitted, Outcome> {
        let invalid = |reason: String| Outcome::Invalid { rule: reason };
        let admission = Admission::verify(admission).map_err(|error| invalid(format!("admission: {error}")))?;
        let entry = match self.verify(document.clone(), manner.now).await {
            None => return Err(Outcome::Overloaded),
            Some(Ok(entry)) => entry,
            Some(Err(Refusal::Invalid { rule, reason })) => return Err(invalid(format!("{rule}: {reason}"))),
            Some(Err(Refusal::Policy(refusal))) => return Err(refused(&refusal)),
        };
        let receipt = admission.receipt();
        if receipt.entry != entry.id() || receipt.document != entry.raw_sha256() {
            return Err(invalid("admission: it is for another document".to_owned()));
        }
        match self.0.ledger.admit(candidate::of(&entry, &admission, document, manner)).await {
            Ok(Admitted { novelty: Novelty::Outranked, .. }) => {
                Err(Outcome::Refused { reason: "outranked: an earlier admission of its origin is held".to_owned() })
            }
            Ok(admitted) => Ok(admitted),
            Err(AdmitError::Refused(refusal)) => Err(refused(&refusal)),
            Err(error) => {
                tracing::error!(%error, "an entry from a peer could not be stored");
                Err(Outcome::Overloaded)
            }
        }
    }

    /// Examines a document on the pool; none where the node is stopping.
    ///
    /// Whether old algorithms are admitted is for the ledger to judge, by the settings of that moment. Its chain is
    /// verified here, where there are many threads; the ledger finds it in the cache.
    async fn verify(&self, document: Bytes, now: Instant) -> Option<Result<Entry, Refusal>> {
        let anchors = self.rules().anchors.clone();
        let _permit = self.0.verifying.acquire().await.ok()?;
        let verify = move || {
            let entry = examine(&document, Algorithms::Legacy)?;
            let hints: Vec<_> = entry.certificates().skip(1).cloned().collect();
            // The outcome is asked for again.
            let _ = anchors.verify(entry.certificate(), &hints, entry.document().created(), now.timestamp());
            Ok(entry)
        };
        tokio::task::spawn_blocking(verify).await.ok()
    }
}

fn arrival(admitted: Result<Admitted, Outcome>) -> Arrival {
    match admitted {
        Ok(admitted) => Arrival { change: Some(admitted.change), outcome: outcome(&admitted) },
        Err(outcome) => Arrival { change: None, outcome },
    }
}

fn refused(refusal: &PolicyRefusal) -> Outcome {
    Outcome::Refused { reason: format!("{}: {refusal}", refusal.rule()) }
}

fn check_open(rules: &Rules, bytes: usize) -> Result<(), UploadRefusal> {
    if rules.uploads == Uploads::Refused {
        return Err(UploadRefusal::Policy {
            rule: "read-only".to_owned(),
            reason: "this is a read-only repository; use another node of the federation".to_owned(),
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

fn judge_content(rules: &Rules, entry: &Entry) -> Result<(), PolicyRefusal> {
    let document = entry.document();
    rules.trust.policy.judge_content(&endorser(entry), document.identifier(), document.checksums())?;
    rules.trust.policy.judge_algorithms(entry.legacy())
}

fn endorser(entry: &Entry) -> Endorser<'_> {
    let certificate = entry.certificate();
    Endorser { email: entry.document().email(), subject: certificate.subject(), key: certificate.key_sha256() }
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
