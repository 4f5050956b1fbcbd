//! TLS by certificates in files, which are read again when they were renewed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// What TLS speaks with; clones are the same.
#[derive(Debug, Clone)]
pub struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
}

/// Why there is no TLS; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read as what it should be.
    #[error("cannot read {path}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Certificate and key cannot be used.
    #[error("cannot use the certificates of {path} with that key: {reason}")]
    Pair {
        /// The certificates.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl Tls {
    /// Reads the chain of certificates and the key, both in PEM; it blocks.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let config = RwLock::new(config(certificate, key)?);
        Ok(Self(Arc::new(Inner { certificate: certificate.to_owned(), key: key.to_owned(), config })))
    }

    /// Reads the files again; where they are bad, the old ones count on. It blocks.
    pub fn reload(&self) -> Result<(), TlsError> {
        let read = config(&self.0.certificate, &self.0.key)?;
        *self.0.config.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// Agrees on TLS with a client.
    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let config = self.0.config.read().unwrap_or_else(PoisonError::into_inner).clone();
        TlsAcceptor::from(config).accept(stream).await
    }
}

fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error: &dyn std::fmt::Display| TlsError::File { path, reason: error.to_string() }
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(certificate)(&error))?;
    if chain.is_empty() {
        return Err(unreadable(certificate)(&"there is no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key)(&error))?;
    let unusable =
        |error: tokio_rustls::rustls::Error| TlsError::Pair { path: certificate.to_owned(), reason: error.to_string() };
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, private).map_err(unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
