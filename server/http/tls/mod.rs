//! TLS 1.2 and 1.3, nothing older: the certificates, how they are replaced, and who could not reach us with them.

mod live;
mod made;
mod pair;
pub mod watch;

use std::{
    io,
    path::Path,
    sync::{Arc, LazyLock},
};

pub use live::{Certificates, State, keep_fresh, warn_of_rsa};
pub(super) use live::{LOOK, Told};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    version::{TLS12, TLS13},
};

use crate::domain::handshake;

/// Why there is no TLS.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{what} {path}: {cause}")]
    File {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: String,
        /// Why not.
        cause: String,
    },
    /// The certificate or key is not what it should be.
    #[error("the TLS certificate cannot be used: {0}")]
    Certificate(String),
}

fn file(what: &'static str, path: &Path, cause: impl ToString) -> Error {
    Error::File {
        what,
        path: path.display().to_string(),
        cause: cause.to_string(),
    }
}

/// What encrypts. Windows before 10 names AES-256-GCM with the curve P-384 only, and whoever offers both AES lengths
/// exchanges keys over P-256 with us; so AES-128-GCM goes first, and the order of the server counts.
pub fn provider() -> CryptoProvider {
    use aws_lc_rs::cipher_suite as suite;
    CryptoProvider {
        cipher_suites: vec![
            suite::TLS13_AES_256_GCM_SHA384,
            suite::TLS13_AES_128_GCM_SHA256,
            suite::TLS13_CHACHA20_POLY1305_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ],
        ..aws_lc_rs::default_provider()
    }
}

/// The suites and curves that are taken, as they stand in a hello.
pub fn taken() -> &'static (Vec<u16>, Vec<u16>) {
    static TAKEN: LazyLock<(Vec<u16>, Vec<u16>)> = LazyLock::new(|| {
        let provider = provider();
        let suites = provider.cipher_suites.iter();
        let curves = provider.kx_groups.iter();
        (
            suites.map(|suite| u16::from(suite.suite())).collect(),
            curves.map(|group| u16::from(group.name())).collect(),
        )
    });
    &TAKEN
}

/// What the pages know of the doors.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    /// The certificates; `None`: this server speaks HTTP without TLS.
    pub certificates: Option<Arc<Certificates>>,
    /// Where failed handshakes are noted; `None`: nowhere.
    pub sightings: Option<watch::Sightings>,
}

/// The server's TLS settings; which certificate is shown, `certificates` decides for each client.
///
/// # Errors
/// The library does not take the settings.
pub fn config(certificates: &Arc<Certificates>) -> Result<Arc<ServerConfig>, Error> {
    let resolver: Arc<Certificates> = Arc::clone(certificates);
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| Error::Certificate(error.to_string()))?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Asks something of what the server takes with these certificates.
pub fn with_server<T>(
    certificates: &[handshake::Certificate],
    ask: impl FnOnce(&handshake::Server<'_>) -> T,
) -> T {
    let (suites, curves) = taken();
    let keys: Vec<_> = certificates
        .iter()
        .map(|certificate| certificate.key)
        .collect();
    ask(&handshake::Server {
        suites,
        curves,
        keys: &keys,
    })
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(bytes)
}
