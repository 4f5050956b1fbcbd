//! By what the ledger judges.

use proto::crypto::{ListAge, RevocationReport, TrustAnchors};
use proto::digest::Sha256Digest;
use proto::federation::Admittance;
use proto::timestamp::Timestamp;
use proto::trust::{Endorser, PolicyRefusal, Trust};

use super::candidate::{Candidate, OriginRule};

/// The operator's settings and the authorities that entries are judged by, at a moment.
#[derive(Debug, Clone)]
pub struct Judge {
    /// Whom to trust, and what policy refuses.
    pub trust: Trust,
    /// The authorities that chains may end at.
    pub anchors: TrustAnchors,
    /// Whether admissions of unlisted origins are taken.
    pub admittance: Admittance,
    /// The moment at which revocations are looked at.
    pub now: Timestamp,
}

/// No authorities, and admissions of all origins.
impl From<Trust> for Judge {
    fn from(trust: Trust) -> Self {
        let (anchors, admittance) = (TrustAnchors::default(), Admittance::Open);
        Self { trust, anchors, admittance, now: proto::timestamp::Instant::default().timestamp() }
    }
}

impl Judge {
    /// What verdicts depend on; where it is the same, so are they.
    ///
    /// The settings' `Debug` text is in order and complete; that it may change between versions costs one pass.
    pub(super) fn fingerprint(&self) -> Sha256Digest {
        let settings = format!("{:?} {:?} {}", self.trust, self.admittance, self.anchors_fingerprint());
        Sha256Digest::of(settings.as_bytes())
    }

    /// The part of it that chains depend on: the files, and which revocation lists are overdue by now.
    pub(super) fn anchors_fingerprint(&self) -> Sha256Digest {
        let overdue: Vec<_> = overdue(&self.anchors, self.now).collect();
        Sha256Digest::of(format!("{} {overdue:?}", self.anchors.fingerprint()).as_bytes())
    }

    /// What concerns one document and its admission, whatever else is held.
    pub(super) fn judge_document(&self, candidate: &Candidate) -> Result<(), PolicyRefusal> {
        let proto::admission::Receipt { origin, admitted, .. } = candidate.receipt.receipt;
        let is_unlisted = self.admittance == Admittance::Closed && !self.trust.is_of_member(&origin, admitted);
        if is_unlisted && candidate.origin_rule == OriginRule::Applies {
            return Err(PolicyRefusal::UnlistedOrigin(origin));
        }
        let endorser = Endorser { email: &candidate.at.email, subject: &candidate.subject, key: candidate.key };
        self.trust.policy.judge_content(&endorser, candidate.at.image, &candidate.checksums)?;
        self.trust.policy.judge_algorithms(candidate.legacy.as_deref())
    }
}

/// The files of revocation lists that are overdue.
pub(crate) fn overdue(anchors: &TrustAnchors, now: Timestamp) -> impl Iterator<Item = String> {
    anchors.report(now).into_iter().filter_map(|report| match report.revocations {
        RevocationReport::List { file, age: ListAge::Overdue, .. } => Some(file),
        _ => None,
    })
}
