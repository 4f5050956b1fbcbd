//! Uploads whose endorser is asked by e-mail first: what awaits the answer, and what the answer does.

use std::collections::BTreeSet;

use bytes::Bytes;
use proto::admission::Confirmation;
use proto::crypto::random_secret;
use proto::email::Email;
use proto::entry::Entry;
use proto::standing::Certification;
use proto::timestamp::Instant;
use proto::trust::EndorserPattern;
use web::registry::confirmation::{Acted, ActionRefusal, ActionToken, Awaiting};
use web::registry::{RegistryError, Scope, UploadRefusal, Uploaded};

use super::{Intake, Taken, check_open, endorser, judge_content, not_admitted, refused_upload, unavailable};
use crate::bounds;
use crate::mail::{Links, is_deliverable, letters};
use crate::storage::ledger::{Judge, NotAwaited, NotConfirmed, Pending, Question};

/// How uploads are confirmed.
#[derive(Debug, Clone)]
pub struct EmailRule {
    /// What the links of mails begin with.
    pub links: Links,
    /// Who is told of an abuse.
    pub admin: Email,
    /// Endorsers whose uploads need no confirmation.
    pub waived: BTreeSet<EndorserPattern>,
}

impl EmailRule {
    /// Whether the owner of the endorser's address is to be asked.
    ///
    /// Anybody can write any address and subject into a certificate. So a pattern of these exempts only whom an authority
    /// of this node certifies with it, or whose key the operator pinned; one of keys exempts as it is.
    pub(super) fn asks_about(&self, entry: &Entry, judge: &Judge) -> bool {
        let endorser = endorser(entry);
        let mut exempting = self.waived.iter().filter(|pattern| pattern.matches(&endorser)).peekable();
        if exempting.peek().is_none() {
            return true;
        }
        let is_pinned = judge.trust.endorser_keys.get(endorser.email).is_some_and(|keys| keys.contains(&endorser.key));
        let certificates: Vec<_> = entry.certificates().cloned().collect();
        let certification =
            judge.certify(&certificates, entry.certificate_email(), entry.document().created(), judge.now);
        let is_proved = |pattern: &EndorserPattern| match pattern {
            EndorserPattern::Key(_) => true,
            EndorserPattern::Subject(_) => is_pinned || certification != Certification::Unchained,
            EndorserPattern::Email(_) | EndorserPattern::Domain(_) => {
                is_pinned || certification == Certification::Email
            }
        };
        !exempting.any(is_proved)
    }
}

/// What awaits the answer to a link, with the rules by which it is answered.
struct Found {
    pending: Pending,
    entry: Entry,
    rule: EmailRule,
}

impl Intake {
    /// Has a verified upload await its confirmation; every check that an upload meets is met now and again then.
    pub(super) async fn ask(
        &self,
        rule: &EmailRule,
        entry: Entry,
        document: Bytes,
        scope: Scope,
        now: Instant,
    ) -> Result<Taken, UploadRefusal> {
        let email = entry.document().email();
        if !is_deliverable(email) {
            let reason = format!("no mail can be sent to {email}, and this node confirms addresses by e-mail");
            return Err(UploadRefusal::Invalid { rule: "email-undeliverable".to_owned(), reason });
        }
        let token = ActionToken::from_secret(random_secret());
        let expires = now.plus_ms(bounds::PENDING_MS_MAX);
        let question = Question {
            candidate: self.receipted(&entry, document, scope, now, Confirmation::Confirmed),
            token: token.sha256(),
            expires,
            mail: letters::confirmation(&rule.links, &entry, &token, expires),
        };
        let awaited = self.0.ledger.await_confirmation(question).await.map_err(not_awaited)?;
        Ok(Taken { uploaded: Uploaded::Awaiting(awaited), change: None, spread: None })
    }

    /// What a link is about.
    pub async fn awaiting(&self, token: &ActionToken) -> Result<Option<Awaiting>, RegistryError> {
        let Some(Found { pending, entry, .. }) = self.find(token).await? else { return Ok(None) };
        let Pending { scope, uploaded, expires, .. } = pending;
        Ok(Some(Awaiting { entry, scope, uploaded, expires }))
    }

    /// Admits what a link is about as confirmed, if it may be admitted by now.
    pub async fn confirm(&self, token: &ActionToken) -> Result<Taken, ActionRefusal> {
        let rules = self.rules();
        let Found { pending, entry, .. } = self.find(token).await?.ok_or(ActionRefusal::Unknown)?;
        check_open(&rules, pending.raw.len())?;
        // Its rules may have changed since it was uploaded.
        let now = self.0.clock.now();
        let examined = self.verify(pending.raw.clone(), now).await.ok_or(RegistryError)?;
        let refused = |refusal| ActionRefusal::Upload(refused_upload(refusal));
        examined.map_err(refused)?;
        judge_content(&rules, &entry).map_err(|refusal| refused(refusal.into()))?;
        let candidate = self.receipted(&entry, pending.raw.clone(), pending.scope, now, Confirmation::Confirmed);
        let admitted = self.0.ledger.confirm(pending.seq, candidate).await.map_err(|error| match error {
            NotConfirmed::Gone => ActionRefusal::Unknown,
            NotConfirmed::Admit(error) => ActionRefusal::Upload(not_admitted(error)),
        })?;
        self.taken(&entry, admitted).await.map_err(ActionRefusal::Upload)
    }

    /// Forgets what a link is about.
    pub async fn abort(&self, token: &ActionToken) -> Result<Acted, ActionRefusal> {
        let Found { pending, entry, .. } = self.find(token).await?.ok_or(ActionRefusal::Unknown)?;
        match self.0.ledger.abort(pending.seq).await.map_err(|error| unavailable(&error))? {
            true => Ok(Acted::Aborted(entry.id())),
            false => Err(ActionRefusal::Unknown),
        }
    }

    /// Takes what a link is about out of what can be confirmed, and queues a mail to the administrator.
    pub async fn report(&self, token: &ActionToken) -> Result<Acted, ActionRefusal> {
        let Found { pending, entry, rule } = self.find(token).await?.ok_or(ActionRefusal::Unknown)?;
        let now = self.0.clock.now();
        let mail = letters::abuse(&rule.admin, &entry, pending.uploaded, now);
        match self.0.ledger.report(pending.seq, mail, now).await.map_err(not_awaited)? {
            true => Ok(Acted::Reported(entry.id())),
            false => Err(ActionRefusal::Unknown),
        }
    }

    /// Where confirmation was switched off meanwhile, no link is known.
    async fn find(&self, token: &ActionToken) -> Result<Option<Found>, RegistryError> {
        let Some(rule) = self.rules().confirmation.clone() else { return Ok(None) };
        let now = self.0.clock.now();
        let found = self.0.ledger.pending(token.sha256(), now).await;
        let Some(pending) = found.map_err(|error| unavailable(&error))? else { return Ok(None) };
        // It was verified by the rules of its upload; here it is only read again.
        let examined = self.verify(pending.raw.clone(), now).await;
        let entry = examined.ok_or(RegistryError)?.map_err(|refusal| {
            tracing::error!(%refusal, "an entry that awaits its confirmation cannot be read again");
            RegistryError
        })?;
        Ok(Some(Found { pending, entry, rule }))
    }
}

fn not_awaited(error: NotAwaited) -> UploadRefusal {
    let reason = error.to_string();
    match error {
        NotAwaited::Admit(error) => not_admitted(error),
        NotAwaited::Reported => UploadRefusal::Policy { rule: "reported-abuse".to_owned(), reason },
        NotAwaited::AddressPending | NotAwaited::AddressMails => UploadRefusal::AddressBusy { reason },
        NotAwaited::Full | NotAwaited::MailFull => UploadRefusal::ConfirmationsFull { reason },
    }
}
