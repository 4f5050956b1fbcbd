//! The search for chains from a signer to the trust anchors, and what of a chain depends on time.

use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509StoreContext, X509VerifyResult};

use crate::bounds;
use crate::crypto::certificate::{Certificate, CertificateRole};
use crate::crypto::public_key::KeyKind;
use crate::timestamp::Timestamp;

use super::Inner;
use super::authority::{self, Authority, Revocations};
use super::chain::{Chain, ChainError};
use super::names::Denial;
use super::report::ListAge;
use super::revocations::Revocation;

/// All that is to know of one signer's chains, whatever the time; it is kept.
pub(super) struct Findings {
    paths: Vec<Path>,
    /// Why there is no path, where there is none.
    failure: ChainError,
}

/// A chain that is good at some time, with what depends on time.
struct Path {
    chain: Chain,
    /// Of each certificate but the anchor, what its issuer's revocation list says.
    checks: Vec<Check>,
}

enum Check {
    Unlisted,
    Unusable { file: String },
    List { file: String, next_update: Timestamp, revocation: Option<Revocation> },
}

/// How much a failure says; of several the greatest is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Start,
    DeadEnd,
    TooLong,
    UnfitIssuer,
    BadChain,
}

/// A certificate that may be a part of a chain.
struct Node<'a> {
    certificate: &'a Certificate,
    x509: &'a X509,
    /// Where it is a trust anchor.
    authority: Option<&'a Authority>,
}

struct Search<'a> {
    anchors: &'a Inner,
    /// The authorities that the signature brought.
    hints: &'a [(Certificate, X509)],
    signatures_left: usize,
    /// Whether a signature was left unverified. No chain is finished from then on, for it might go on.
    is_cut_short: bool,
    paths: Vec<Path>,
    failure: (Weight, ChainError),
}

impl Findings {
    /// Looks for all chains of `signer`; `hints` are authorities only.
    pub(super) fn of(anchors: &Inner, signer: &Certificate, hints: &[Certificate]) -> Self {
        Self::within(bounds::CHAIN_SIGNATURES_MAX, anchors, signer, hints)
    }

    /// Looks for chains until `signatures_max` signatures of certificates were verified.
    pub(super) fn within(signatures_max: usize, anchors: &Inner, signer: &Certificate, hints: &[Certificate]) -> Self {
        let failed = |failure| Self { paths: Vec::new(), failure };
        if let Err(failure) = check_signer(signer) {
            return failed(failure);
        }
        let decode = |certificate: &Certificate| Some((certificate.clone(), X509::from_der(certificate.der()).ok()?));
        let Some((_, x509)) = decode(signer) else { return failed(refused(signer, "openssl cannot read it")) };
        let hints: Vec<_> = hints.iter().filter(|hint| has_ordinary_key(hint)).filter_map(decode).collect();
        let mut search = Search {
            anchors,
            hints: &hints,
            signatures_left: signatures_max,
            is_cut_short: false,
            paths: Vec::new(),
            failure: (Weight::Start, no_issuer(signer)),
        };
        search.extend(&mut vec![Node { certificate: signer, x509: &x509, authority: None }]);
        Self { paths: search.paths, failure: search.failure.1 }
    }

    /// The first chain that was valid at `created` and has no objection to it by the revocation lists held `now`.
    pub(super) fn judge(&self, created: Timestamp, now: Timestamp) -> Result<Chain, ChainError> {
        let mut failure = None;
        for path in &self.paths {
            match path.judge(created, now) {
                Ok(()) => return Ok(path.chain.clone()),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.unwrap_or_else(|| self.failure.clone()))
    }
}

fn check_signer(signer: &Certificate) -> Result<(), ChainError> {
    match signer.role() {
        CertificateRole::Proxy(_) => Err(ChainError::SignerIsProxy(name(signer))),
        _ if signer.may_certify() => Err(ChainError::SignerIsAuthority(name(signer))),
        _ if signer.forbids_signing() => Err(ChainError::SignerUsage(name(signer))),
        _ => Ok(()),
    }
}

impl<'a> Search<'a> {
    /// Lengthens `path`, which ends at a certificate whose issuer is wanted, to all anchors that can be reached.
    ///
    /// Above an anchor only anchors follow: what the operator lists is judged by what the operator lists. An anchor
    /// whose issuer is no anchor ends the chain.
    fn extend(&mut self, path: &mut Vec<Node<'a>>) {
        let Some(last) = path.last() else { return };
        let is_anchor = last.authority.is_some();
        let issuers = if is_anchor && last.certificate.is_self_issued() { Vec::new() } else { self.issuers(path) };
        if issuers.is_empty() && is_anchor {
            return self.finish(path);
        }
        if issuers.is_empty() {
            let error = no_issuer(last.certificate);
            return self.fail(Weight::DeadEnd, error);
        }
        if path.len() == bounds::CERTIFICATE_CHAIN_MAX {
            let error =
                ChainError::TooLong { subject: path.first().map_or_else(String::new, |one| name(one.certificate)) };
            return self.fail(Weight::TooLong, error);
        }
        for issuer in issuers {
            path.push(issuer);
            self.extend(path);
            path.pop();
        }
    }

    /// The certificates that issued the last one of `path`, anchors first.
    fn issuers(&mut self, path: &[Node<'a>]) -> Vec<Node<'a>> {
        let Some(last) = path.last() else { return Vec::new() };
        let (anchors, hints) = (self.anchors, self.hints);
        let mut candidates: Vec<Node<'a>> = Vec::new();
        for authority in anchors.named(last.x509.issuer_name_hash()) {
            let Authority { certificate, x509, .. } = authority;
            candidates.push(Node { certificate, x509, authority: Some(authority) });
        }
        if last.authority.is_none() {
            let anchor = |certificate: &Certificate| anchors.authorities.contains_key(&certificate.fingerprint());
            let hints = hints.iter().filter(|(certificate, _)| !anchor(certificate));
            candidates.extend(hints.map(|(certificate, x509)| Node { certificate, x509, authority: None }));
        }
        candidates.retain(|candidate| {
            path.iter().all(|one| one.certificate != candidate.certificate) && self.has_issued(candidate, last)
        });
        candidates
    }

    fn has_issued(&mut self, issuer: &Node<'a>, subject: &Node<'a>) -> bool {
        if !issuer.x509.subject_name().try_cmp(subject.x509.issuer_name()).is_ok_and(std::cmp::Ordering::is_eq) {
            return false;
        }
        let Some(left) = self.signatures_left.checked_sub(1) else {
            self.is_cut_short = true;
            self.fail(Weight::TooLong, ChainError::TooLong { subject: name(subject.certificate) });
            return false;
        };
        self.signatures_left = left;
        let verdict = issuer.x509.issued(subject.x509);
        let reason = if verdict != X509VerifyResult::OK {
            verdict.error_string()
        } else if subject.x509.verify(issuer.certificate.key().openssl()).unwrap_or(false) {
            return true;
        } else {
            "the signature does not verify with its key"
        };
        let (subject, authority) = (name(subject.certificate), name(issuer.certificate));
        self.fail(Weight::UnfitIssuer, ChainError::UnfitIssuer { subject, authority, reason });
        false
    }

    /// Judges a whole chain by all that does not depend on time.
    fn finish(&mut self, path: &[Node<'a>]) {
        if self.is_cut_short || self.paths.len() == bounds::CHAINS_PER_SIGNER_MAX {
            return;
        }
        let judged = self.check_rules(path).and_then(|()| self.check_openssl(path));
        match judged {
            Ok(()) => {
                let chain = Chain::new(path.iter().map(|node| node.certificate.clone()).collect());
                let checks = path.windows(2).map(|link| self.check(link)).collect();
                self.paths.push(Path { chain, checks });
            }
            Err(error) => self.fail(Weight::BadChain, error),
        }
    }

    /// The names that each authority may certify.
    fn check_rules(&self, path: &[Node<'_>]) -> Result<(), ChainError> {
        for link in path.windows(2) {
            let [subject, issuer] = link else { continue };
            let (subject, authority) = (subject.certificate.subject_slash(), issuer.certificate.subject_slash());
            let judged = self.anchors.rules.judge(authority, subject);
            let (subject, authority) = (shorten(subject.as_str()), shorten(authority.as_str()));
            judged.map_err(|denial| match denial {
                Denial::NotPermitted(file) => ChainError::NotPermitted { subject, authority, file },
                Denial::Unusable(file) => ChainError::RulesUnusable { authority, file },
            })?;
        }
        Ok(())
    }

    /// All rules of RFC 5280 that are openssl's to know, at a moment at which all certificates are valid.
    fn check_openssl(&self, path: &[Node<'_>]) -> Result<(), ChainError> {
        let Some(signer) = path.first() else { return Ok(()) };
        let valid_from = path.iter().map(|node| node.certificate.not_before()).max();
        let valid_until = path.iter().map(|node| node.certificate.not_after()).min();
        let moment = valid_from.filter(|from| valid_until.is_some_and(|until| *from < until));
        let moment =
            moment.ok_or_else(|| refused(signer.certificate, "its chain has no moment at which all of it is valid"))?;
        self.anchors.count_validation();
        match self.openssl_verdict(path, moment) {
            Ok(None) => Ok(()),
            Ok(Some((depth, reason))) => {
                let blamed = path.get(depth).unwrap_or(signer);
                Err(refused(blamed.certificate, reason))
            }
            Err(_) => Err(refused(signer.certificate, "openssl fails to judge its chain")),
        }
    }

    /// What openssl objects to, and at which certificate of the chain.
    ///
    /// It sees this chain alone: no other anchor, no default path, no clock.
    fn openssl_verdict(
        &self,
        path: &[Node<'_>],
        moment: Timestamp,
    ) -> Result<Option<(usize, &'static str)>, ErrorStack> {
        let [signer, between @ .., anchor] = path else { return Ok(Some((0, "its chain has no anchor"))) };
        let mut parameters = X509VerifyParam::new()?;
        // The operator's word makes an anchor, also where another authority issued it.
        parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        parameters.set_purpose(X509PurposeId::ANY)?;
        parameters.set_time(moment.unix_seconds());
        parameters.set_auth_level(self.anchors.auth_level());
        let mut store = X509StoreBuilder::new()?;
        store.set_param(&parameters)?;
        store.add_cert(anchor.x509.clone())?;
        let mut untrusted = Stack::new()?;
        for node in between {
            untrusted.push(node.x509.clone())?;
        }
        X509StoreContext::new()?.init(&store.build(), signer.x509, &untrusted, |context| {
            if !context.verify_cert()? {
                let depth = usize::try_from(context.error_depth()).unwrap_or(0);
                return Ok(Some((depth, context.error().error_string())));
            }
            let found = context.chain().map_or(0, openssl::stack::StackRef::len);
            Ok((found != path.len()).then_some((0, "openssl finds another chain than this program")))
        })
    }

    /// What the issuer's revocation list says of the first of two certificates.
    fn check(&self, link: &[Node<'_>]) -> Check {
        let [subject, issuer] = link else { return Check::Unlisted };
        match issuer.authority.map(|authority| &authority.revocations) {
            Some(Revocations::List(list)) => Check::List {
                file: list.file.clone(),
                next_update: list.next_update,
                revocation: list.find(subject.certificate.serial_number()),
            },
            Some(Revocations::Unusable(file)) => Check::Unusable { file: file.clone() },
            Some(Revocations::None) => Check::Unlisted,
            // An authority that only the signature brings: its list cannot have been verified.
            None => match self.anchors.list_of_stranger(issuer.x509.subject_name()) {
                Some(file) => Check::Unusable { file: file.to_owned() },
                None => Check::Unlisted,
            },
        }
    }

    fn fail(&mut self, weight: Weight, error: ChainError) {
        if weight > self.failure.0 {
            self.failure = (weight, error);
        }
    }
}

impl Path {
    fn judge(&self, created: Timestamp, now: Timestamp) -> Result<(), ChainError> {
        let certificates = self.chain.certificates();
        for certificate in certificates {
            let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
            if created < not_before {
                return Err(ChainError::NotYetValid { subject: name(certificate), not_before, created });
            }
            if created > not_after {
                return Err(ChainError::Expired { subject: name(certificate), not_after, created });
            }
        }
        for (link, check) in certificates.windows(2).zip(&self.checks) {
            let [subject, issuer] = link else { continue };
            check.judge(subject, issuer, created, now)?;
        }
        Ok(())
    }
}

impl Check {
    fn judge(
        &self,
        subject: &Certificate,
        issuer: &Certificate,
        created: Timestamp,
        now: Timestamp,
    ) -> Result<(), ChainError> {
        let authority = || name(issuer);
        match self {
            Self::Unlisted => Ok(()),
            Self::Unusable { file } => Err(ChainError::CrlUnusable { authority: authority(), file: file.clone() }),
            Self::List { revocation: Some(revocation), .. } if !revocation.allows(created) => {
                let Revocation { revoked, reason } = *revocation;
                Err(ChainError::Revoked { subject: name(subject), authority: authority(), revoked, reason })
            }
            Self::List { file, next_update, .. } if authority::age(*next_update, now) == ListAge::Overdue => {
                let (next_update, file) = (*next_update, file.clone());
                Err(ChainError::CrlOverdue { authority: authority(), next_update, file })
            }
            Self::List { .. } => Ok(()),
        }
    }
}

/// Whether a signature by the key costs what is usual; certificates that a stranger brings are verified in numbers.
fn has_ordinary_key(certificate: &Certificate) -> bool {
    let key = certificate.key();
    let bits_max = match key.kind() {
        KeyKind::Rsa | KeyKind::RsaPss => bounds::RSA_BITS_MAX,
        KeyKind::Dsa => bounds::DSA_BITS_MAX,
        _ => bounds::CURVE_BITS_MAX,
    };
    let has_long_exponent = key.exponent_bits().is_some_and(|bits| bits > bounds::RSA_EXPONENT_BITS_MAX);
    key.bits() <= bits_max && !has_long_exponent
}

fn no_issuer(certificate: &Certificate) -> ChainError {
    if certificate.is_self_issued() {
        return ChainError::SelfSigned(name(certificate));
    }
    ChainError::NoIssuer { subject: name(certificate), issuer: shorten(certificate.issuer()) }
}

fn refused(certificate: &Certificate, reason: &'static str) -> ChainError {
    ChainError::Refused { subject: name(certificate), reason }
}

fn name(certificate: &Certificate) -> String {
    shorten(certificate.subject())
}

/// Messages are kept with the findings, and names are as long as their certificates.
fn shorten(name: &str) -> String {
    name.chars().take(200).collect()
}
