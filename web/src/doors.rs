//! What the server and the routes of a node share: who is let in, and what is counted.

mod metrics;
mod rates;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use proto::timestamp::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::bounds::RETRY_AFTER_S;
use crate::origin::{AddressRange, Origin};
use crate::problem::Problem;
use crate::registry::Registry;
use crate::router::Face;
use crate::settings::{Limits, Settings};

pub(crate) use metrics::{Bounded, Metrics};
pub(crate) use rates::Network;
pub use rates::Rates;

/// What the server and the routes of a node share; clones are the same.
#[derive(Debug, Clone)]
pub struct Doors(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    proxies: Vec<AddressRange>,
    metrics: Metrics,
    requests: Rates<Network>,
    uploads: Rates<Network>,
    followers: Arc<Semaphore>,
    named: AtomicU64,
    closing: watch::Sender<bool>,
}

/// A limit that kept somebody out, by the name that the figures have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    /// Connections of one address.
    ConnectionsOfAddress,
    /// Requests of one address.
    Requests,
    /// Uploads of one address.
    Uploads,
    /// Uploads of one endorser.
    UploadsOfEndorser,
    /// Followers of the change feed.
    Followers,
}

/// What a request is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Upload,
    Other,
}

/// A place of somebody who follows the changes.
#[derive(Debug)]
pub(crate) struct Follower {
    _place: OwnedSemaphorePermit,
    doors: Doors,
}

impl Doors {
    /// Doors with the limits of these settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let limits = settings.limits;
        Self(Arc::new(Inner {
            limits,
            proxies: settings.trusted_proxies.clone(),
            metrics: Metrics::new(),
            requests: Rates::default(),
            uploads: Rates::default(),
            followers: Arc::new(Semaphore::new(limits.followers_max)),
            named: AtomicU64::new(0),
            closing: watch::Sender::new(false),
        }))
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Whether others come through this address.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.0.proxies.iter().any(|range| range.contains(address))
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// A name for a request that no other of this node has.
    pub(crate) fn next_request_id(&self, now: Instant) -> String {
        format!("{:x}-{:x}", now.unix_ms(), self.0.named.fetch_add(1, Ordering::Relaxed))
    }

    /// A place among the followers, where one is free.
    pub(crate) fn follow(&self) -> Result<Follower, Problem> {
        let place = Arc::clone(&self.0.followers).try_acquire_owned().map_err(|_| {
            self.metrics().refused(Limit::Followers);
            let most = self.limits().followers_max;
            Problem::busy("followers", format!("{most} clients follow the changes already, which is the most"))
        })?;
        self.metrics().followers.inc();
        Ok(Follower { _place: place, doors: self.clone() })
    }

    /// Ends what would not end by itself.
    pub(crate) fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// Returns when the doors close.
    pub(crate) async fn closing(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.closing.subscribe().wait_for(|is_closing| *is_closing).await;
    }

    /// Counts a request of `client`, by its kind too; the refusal says when to come again.
    fn admit(&self, client: IpAddr, kind: Kind, now: Instant) -> Result<(), Problem> {
        let inner = &self.0;
        let network = Network::of(client);
        // Programs of the operator on this machine, and proxies that do not say whom they speak for.
        if client.is_loopback() {
            return Ok(());
        }
        let take = |rates: &Rates<Network>, per_minute: u32, limit: Limit, what: &str| {
            rates.take(network, per_minute, now).map_err(|wait_s| {
                self.metrics().refused(limit);
                let detail = format!("more than {per_minute} {what} a minute from your address");
                let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate", detail);
                Problem { retry_after_s: Some(wait_s), ..problem }
            })
        };
        take(&inner.requests, inner.limits.requests_per_minute, Limit::Requests, "requests")?;
        match kind {
            Kind::Upload => take(&inner.uploads, inner.limits.uploads_per_minute, Limit::Uploads, "uploads"),
            Kind::Other => Ok(()),
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.doors.metrics().followers.dec();
    }
}

impl Limit {
    /// Its name in the figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ConnectionsOfAddress => "connections_of_address",
            Self::Requests => "requests",
            Self::Uploads => "uploads",
            Self::UploadsOfEndorser => "uploads_of_endorser",
            Self::Followers => "followers",
        }
    }
}

/// Lets a request pass that its address is allowed.
pub(crate) async fn guard<R: Registry>(State(face): State<Face<R>>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Origin>().map(|origin| origin.client);
    let path = request.uri().path().trim_end_matches('/');
    let is_upload = request.method() == Method::POST && path.ends_with("/metadata");
    let kind = if is_upload { Kind::Upload } else { Kind::Other };
    match client.map_or(Ok(()), |client| face.doors.admit(client, kind, face.registry.now())) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

impl Problem {
    /// All places are taken; one may be free soon.
    pub(crate) fn busy(rule: &str, detail: String) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, rule, detail);
        Self { retry_after_s: Some(RETRY_AFTER_S), ..problem }
    }
}
