//! The registry that the face of the node reads and uploads to: intake, ledger, graph and network together.

use std::collections::BTreeMap;

use bytes::Bytes;
use proto::admission::Admission;
use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::intake::examine;
use proto::node_id::NodeId;
use proto::roster::VerifiedRoster;
use proto::signature::Algorithms;
use proto::timestamp::{Instant, Timestamp};
use tokio::sync::watch;
use web::registry::confirmation::{Acted, Action, ActionRefusal, ActionToken, Awaiting};
use web::registry::{
    Change, Coordinates, Counts, Endorser, Explained, Federation, ListError, ListFilter, Load, Page, Query,
    QueryAnswer, QueryError, Record, Registry, RegistryError, Related, Roster, Scope, Summary, Tag, UploadRefusal,
    Uploaded, Walk,
};

use crate::clock::Clock;
use crate::intake::{Intake, Spread, Taken};
use crate::mail::Bell;
use crate::network;
use crate::storage::graph::Graph;
use crate::storage::ledger::{Held, Ledger, LedgerError};

mod changes;
mod peers;

/// The registry of a running node; clones are the same one.
#[derive(Debug, Clone)]
pub struct NodeRegistry {
    /// The node's clock.
    pub clock: Clock,
    /// Where documents come in.
    pub intake: Intake,
    /// What is held.
    pub ledger: Ledger,
    /// What SPARQL sees.
    pub graph: Graph,
    /// The federation.
    pub network: network::Handle,
    /// Rung when a mail was queued.
    pub bell: Bell,
    /// Who this node is, as the operator says now.
    pub identity: watch::Receiver<Identity>,
}

/// What a node says of itself and calls its peers.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The node.
    pub node: NodeId,
    /// The operator's name for it.
    pub name: String,
    /// Where people reach it.
    pub public_url: Option<String>,
    /// The name of its federation.
    pub federation: String,
    /// What is known of its peers by configuration and roster.
    pub peers: BTreeMap<NodeId, PeerIdentity>,
    /// The roster in force.
    pub roster: Option<VerifiedRoster>,
}

/// What is known of a peer by configuration and roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerIdentity {
    /// The operator's name for it, else the roster's.
    pub name: String,
    /// Where people reach it.
    pub public_url: Option<String>,
}

impl Registry for NodeRegistry {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn revision(&self) -> u64 {
        self.ledger.commits()
    }

    async fn upload(&self, document: Bytes, scope: Scope) -> Result<Uploaded, UploadRefusal> {
        let taken = self.intake.upload(document, scope).await?;
        Ok(self.publish(taken).await?)
    }

    async fn awaiting(&self, token: ActionToken) -> Result<Option<Awaiting>, RegistryError> {
        self.intake.awaiting(&token).await
    }

    async fn act(&self, token: ActionToken, action: Action) -> Result<Acted, ActionRefusal> {
        match action {
            Action::Confirm => {
                let taken = self.intake.confirm(&token).await?;
                match self.publish(taken).await? {
                    Uploaded::Created(located) | Uploaded::AlreadyHeld(located) => Ok(Acted::Confirmed(located)),
                    Uploaded::Awaiting(_) => Err(ActionRefusal::Unknown),
                }
            }
            Action::Abort => self.intake.abort(&token).await,
            Action::Abuse => self.intake.report(&token).await.inspect(|_| self.bell.ring()),
        }
    }

    async fn list(&self, filter: ListFilter) -> Result<Page, ListError> {
        self.ledger.list(filter, self.clock.now().timestamp()).await.map_err(|error| match error {
            LedgerError::TooMuch => ListError::TooBroad,
            error => failed("a list")(error).into(),
        })
    }

    async fn documents(&self, entries: Vec<EntryId>) -> Result<Vec<Bytes>, RegistryError> {
        self.ledger.documents(entries).await.map_err(failed("reading documents"))
    }

    async fn entry(&self, entry: EntryId) -> Result<Option<Record>, RegistryError> {
        let held = self.ledger.entry(entry).await.map_err(failed("reading an entry"))?;
        record(held).await
    }

    async fn explain(&self, entry: EntryId) -> Result<Option<Explained>, RegistryError> {
        let judge = self.intake.rules().judge(self.clock.now());
        self.ledger.explain(entry, judge).await.map_err(failed("explaining an entry"))
    }

    async fn entry_at(&self, at: Coordinates) -> Result<Option<Record>, RegistryError> {
        let held = self.ledger.entry_at(at).await.map_err(failed("reading an entry"))?;
        record(held).await
    }

    async fn timeline(
        &self,
        image: ImageIdentifier,
        until: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Summary>, RegistryError> {
        self.ledger.timeline(image, until, limit).await.map_err(failed("a timeline"))
    }

    async fn related(
        &self,
        image: ImageIdentifier,
        at: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Related>, RegistryError> {
        self.ledger.related(image, at, limit).await.map_err(failed("following an image"))
    }

    async fn tagged(&self, email: Email, tag: String) -> Result<Option<Record>, RegistryError> {
        let held = self.ledger.tagged(email, tag).await.map_err(failed("reading a tag"))?;
        record(held).await
    }

    async fn tags(&self, email: Email, after: String, limit: usize) -> Result<Vec<Tag>, RegistryError> {
        self.ledger.tags(email, after, limit).await.map_err(failed("listing tags"))
    }

    async fn endorsers(&self, after: Option<Email>, limit: usize) -> Result<Vec<Endorser>, RegistryError> {
        self.ledger.endorsers(after, limit).await.map_err(failed("listing endorsers"))
    }

    async fn query(&self, query: Query) -> Result<QueryAnswer, QueryError> {
        self.graph.query(query).await
    }

    async fn federation(&self) -> Result<Federation, RegistryError> {
        let identity = self.identity.borrow().clone();
        let status = self.network.status().await.map_err(failed("the network"))?;
        let refusals = self.ledger.refusals_by_rule().await.map_err(failed("counting refusals"))?;
        let peers = status.peers.iter().map(|peer| peers::shown(peer, &status, &identity)).collect();
        Ok(Federation {
            name: identity.federation,
            node: identity.node,
            node_name: identity.name,
            public_url: identity.public_url,
            peers,
            roster: identity.roster.as_ref().map(|roster| shown(roster.roster(), self.clock.now())),
            refusals,
        })
    }

    async fn changes(&self, walk: Walk, limit: usize) -> Result<Vec<Change>, RegistryError> {
        changes::read(self, walk, limit).await.map_err(failed("reading changes"))
    }

    async fn changed(&self, after: u64) -> Result<(), RegistryError> {
        self.graph.watch_until(after.saturating_add(1)).await.map_err(failed("the graph"))
    }

    async fn load(&self) -> Result<Load, RegistryError> {
        let last = self.ledger.last_change().await.map_err(failed("reading the last change"))?;
        let (queries, limits) = (self.graph.queries_running(), self.graph.query_limits());
        Ok(Load {
            uploads: self.intake.uploads_running(),
            short_queries: queries.short,
            long_queries: queries.long,
            waiting_queries: queries.waiting,
            changes_behind: last.saturating_sub(self.graph.position()),
            query_ms_max: limits.timeout_ms,
            query_rows_max: limits.rows_max as u64,
            uploads_of_endorser_per_minute: self.intake.rules().uploads_of_endorser_per_minute,
        })
    }

    async fn counts(&self) -> Result<Counts, RegistryError> {
        self.ledger.counts(self.clock.now().timestamp()).await.map_err(failed("counting"))
    }
}

impl NodeRegistry {
    /// Tells the federation what the ledger has withdrawn.
    pub(crate) async fn tell_withdrawn(&self) -> Result<(), network::NetworkError> {
        match self.ledger.take_withdrawn() {
            items if items.is_empty() => Ok(()),
            items => self.network.withdraw(items).await,
        }
    }

    /// Spreads what was taken and waits until it can be found; where a mail asks first, sees that it is sent.
    async fn publish(&self, taken: Taken) -> Result<Uploaded, RegistryError> {
        if let Some(spread) = taken.spread {
            self.spread(spread).await;
        }
        if let Some(change) = taken.change {
            self.graph.wait_until(change).await.map_err(failed("the graph"))?;
        }
        if matches!(taken.uploaded, Uploaded::Awaiting(_)) {
            self.bell.ring();
        }
        Ok(taken.uploaded)
    }

    /// Hands a new entry to the federation; where that has stopped, sync brings the entry after the next start.
    async fn spread(&self, spread: Spread) {
        let replaced = spread.items.removed.first().copied();
        for item in spread.items.added {
            if let Err(error) = self.network.spread(item, replaced, spread.envelope.clone()).await {
                tracing::warn!(%error, "an entry is not gossiped");
            }
        }
    }
}

fn shown(roster: &proto::roster::Roster, now: Instant) -> Roster {
    Roster {
        version: roster.version,
        members: roster.members.len(),
        issued: roster.issued,
        expires: roster.expires,
        is_expired: roster.is_expired(now.timestamp()),
    }
}

/// The evidence of what is held is verified again before it is shown.
async fn record(held: Option<Held>) -> Result<Option<Record>, RegistryError> {
    let Some(held) = held else { return Ok(None) };
    let examined = tokio::task::spawn_blocking(move || {
        let entry = examine(&held.raw, Algorithms::Legacy).map_err(|error| error.to_string())?;
        let verify = |bytes: &Bytes| Admission::verify(bytes).map_err(|error| error.to_string());
        let admissions = held.admissions.iter().map(verify).collect::<Result<_, _>>()?;
        Ok::<_, String>(Record { summary: held.summary, raw: held.raw, entry, admissions })
    });
    let record = examined.await.map_err(|error| error.to_string()).and_then(|examined| examined);
    record.map(Some).map_err(failed("verifying what the ledger holds"))
}

/// Logs what failed, for the operator; who asked learns that it failed.
fn failed<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> RegistryError {
    move |error| {
        tracing::error!(%error, "{what} failed");
        RegistryError
    }
}
