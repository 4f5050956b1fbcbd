//! The face of a node over a store of quads, without a registry behind it.

use std::net::SocketAddr;

use bytes::Bytes;
use proto::email::Email;
use proto::entry::EntryId;
use proto::identifier::ImageIdentifier;
use proto::timestamp::{Instant, Timestamp};
use tokio::net::TcpListener;
use web::registry::confirmation::{Acted, Action, ActionRefusal, ActionToken, Awaiting};
use web::registry::{
    Change, Coordinates, Counts, Endorser, Explained, Federation, ListError, ListFilter, Load, Page, Query,
    QueryAnswer, QueryError, Record, Registry, RegistryError, Related, Scope, Summary, Tag, UploadRefusal, Uploaded,
    Walk,
};

use crate::storage::graph::query::Queries;

/// Answers queries and nothing else.
#[derive(Clone)]
struct QueriesOnly(Queries);

/// Serves queries on a free port of the loopback interface, as long as the test runs.
pub(super) async fn serve(queries: Queries) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let settings = web::Settings::default();
    let doors = web::Doors::new(&settings);
    let face = web::router(QueriesOnly(queries), settings, doors.clone());
    tokio::spawn(web::serve(listener, face, doors, None, std::future::pending()));
    server
}

impl Registry for QueriesOnly {
    fn now(&self) -> Instant {
        Instant::from_unix_ms(0)
    }

    fn revision(&self) -> u64 {
        0
    }

    async fn upload(&self, _: Bytes, _: Scope) -> Result<Uploaded, UploadRefusal> {
        Err(RegistryError.into())
    }

    async fn awaiting(&self, _: ActionToken) -> Result<Option<Awaiting>, RegistryError> {
        Err(RegistryError)
    }

    async fn act(&self, _: ActionToken, _: Action) -> Result<Acted, ActionRefusal> {
        Err(RegistryError.into())
    }

    async fn list(&self, _: ListFilter) -> Result<Page, ListError> {
        Err(RegistryError.into())
    }

    async fn documents(&self, _: Vec<EntryId>) -> Result<Vec<Bytes>, RegistryError> {
        Err(RegistryError)
    }

    async fn entry(&self, _: EntryId) -> Result<Option<Record>, RegistryError> {
        Err(RegistryError)
    }

    async fn explain(&self, _: EntryId) -> Result<Option<Explained>, RegistryError> {
        Err(RegistryError)
    }

    async fn entry_at(&self, _: Coordinates) -> Result<Option<Record>, RegistryError> {
        Err(RegistryError)
    }

    async fn timeline(
        &self,
        _: ImageIdentifier,
        _: Option<Timestamp>,
        _: usize,
    ) -> Result<Vec<Summary>, RegistryError> {
        Err(RegistryError)
    }

    async fn endorsers(&self, _: Option<Email>, _: usize) -> Result<Vec<Endorser>, RegistryError> {
        Err(RegistryError)
    }

    async fn changes(&self, _: Walk, _: usize) -> Result<Vec<Change>, RegistryError> {
        Err(RegistryError)
    }

    async fn changed(&self, _: u64) -> Result<(), RegistryError> {
        Err(RegistryError)
    }

    async fn related(&self, _: ImageIdentifier, _: Option<Timestamp>, _: usize) -> Result<Vec<Related>, RegistryError> {
        Err(RegistryError)
    }

    async fn tagged(&self, _: Email, _: String) -> Result<Option<Record>, RegistryError> {
        Err(RegistryError)
    }

    async fn tags(&self, _: Email, _: String, _: usize) -> Result<Vec<Tag>, RegistryError> {
        Err(RegistryError)
    }

    async fn query(&self, query: Query) -> Result<QueryAnswer, QueryError> {
        self.0.answer(query).await
    }

    async fn federation(&self) -> Result<Federation, RegistryError> {
        Err(RegistryError)
    }

    async fn load(&self) -> Result<Load, RegistryError> {
        Err(RegistryError)
    }

    async fn counts(&self) -> Result<Counts, RegistryError> {
        Ok(Counts::default())
    }
}
