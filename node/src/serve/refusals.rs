//! What the operator may see and do of refused entries.

use proto::admission::Admission;
use proto::digest::Sha256Digest;
use proto::federation::Outcome;
use proto::intake::read_held;

use super::operator::refused;
use super::reevaluate;
use crate::bounds::REFUSALS_TOLD_MAX;
use crate::control::{Refused, RefusedReport};
use crate::registry::NodeRegistry;
use crate::storage::ledger::StoredRefusal;

/// Whether the document is told, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    Brief,
    WithDocument,
}

/// A page of refusals after a place of their order.
pub(super) async fn list(registry: &NodeRegistry, after: u64) -> Result<Vec<RefusedReport>, Refused> {
    let found = registry.ledger.refusals(after, REFUSALS_TOLD_MAX).await.map_err(refused)?;
    Ok(found.iter().map(|refusal| report(refusal, Telling::Brief)).collect())
}

/// The refusals of an admission or an entry.
pub(super) async fn find(registry: &NodeRegistry, identity: Sha256Digest) -> Result<Vec<RefusedReport>, Refused> {
    let found = named(registry, identity).await?;
    Ok(found.iter().map(|refusal| report(refusal, Telling::WithDocument)).collect())
}

/// Tries the refusals of an admission or an entry again, or all of them in the background.
pub(super) async fn retry(registry: &NodeRegistry, identity: Option<String>) -> Result<Vec<String>, Refused> {
    let Some(identity) = identity else {
        let count = registry.ledger.retry_refusals().await.map_err(refused)?;
        return Ok(vec![format!("{count} are tried again in the background; status says what became of them")]);
    };
    let identity = identity.parse::<Sha256Digest>().map_err(refused)?;
    let mut outcomes = Vec::new();
    for refusal in named(registry, identity).await? {
        let item = refusal.item;
        outcomes.push(format!("{item}: {}", outcome(registry, refusal).await?));
    }
    Ok(outcomes)
}

async fn outcome(registry: &NodeRegistry, refusal: StoredRefusal) -> Result<String, Refused> {
    Ok(match reevaluate::take(registry, refusal).await {
        Outcome::Held { item, replaces } => {
            let replaced = replaces.into_iter().map(|replaced| replaced.id).collect();
            registry.network.withdraw(replaced).await.map_err(refused)?;
            registry.network.restore(vec![item]).await.map_err(refused)?;
            "it is held now".to_owned()
        }
        Outcome::Known => "it is held".to_owned(),
        Outcome::Refused { reason } => format!("it is refused again: {reason}"),
        Outcome::Invalid { rule } => format!("it is not valid by this version: {rule}"),
        Outcome::Overloaded => "the node is busy; try again".to_owned(),
    })
}

async fn named(registry: &NodeRegistry, identity: Sha256Digest) -> Result<Vec<StoredRefusal>, Refused> {
    let found = registry.ledger.refusals_named(identity, REFUSALS_TOLD_MAX).await.map_err(refused)?;
    if found.is_empty() {
        return Err(Refused(format!("no admission and no entry {identity} is refused here")));
    }
    Ok(found)
}

fn report(refusal: &StoredRefusal, telling: Telling) -> RefusedReport {
    // Only what is valid was ever remembered; what a later version does not read is shown without its fields.
    let document = read_held(&refusal.raw, refusal.entry).ok();
    let document = document.as_ref();
    let text = |field: Option<String>| field.unwrap_or_default();
    let origin = Admission::verify(&refusal.admission).ok();
    RefusedReport {
        place: refusal.seq,
        item: refusal.item.to_string(),
        entry: refusal.entry.to_string(),
        origin: text(origin.map(|admission| admission.receipt().origin.to_string())),
        image: text(document.map(|document| document.identifier().to_string())),
        email: text(document.map(|document| document.email().to_string())),
        created: text(document.map(|document| document.created().to_string())),
        rule: refusal.rule.clone(),
        reason: refusal.reason.clone(),
        refused: refusal.refused.to_string(),
        document: (telling == Telling::WithDocument).then(|| String::from_utf8_lossy(&refusal.raw).into_owned()),
    }
}
