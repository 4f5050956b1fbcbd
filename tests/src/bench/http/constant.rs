//! A handler of axum that returns constant bytes: the peer of REST.

use anyhow::Context as _;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use tokio::runtime::Runtime;

/// A server with nothing but the handler; it ends when this is dropped.
pub(super) struct Constant {
    _runtime: Runtime,
    pub(super) url: String,
}

impl Constant {
    pub(super) fn start(media_type: &str, body: Vec<u8>) -> anyhow::Result<Self> {
        let runtime = Runtime::new().context("no threads for a server")?;
        let (body, media_type) = (Bytes::from(body), media_type.to_owned());
        let answer = move || async move { ([(CONTENT_TYPE, media_type)], body) };
        let router = Router::new().route("/", get(answer));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).context("no free port")?;
        let url = format!("http://{}/", listener.local_addr().context("no address")?);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { _runtime: runtime, url })
    }
}
