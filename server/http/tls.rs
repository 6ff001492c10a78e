//! TLS 1.2 and 1.3, nothing older: the certificate, and who could not reach us with it.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    sync::Arc,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    version::{TLS12, TLS13},
};

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
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

/// Makes a self-signed ECDSA P-256 certificate unless the files are there. P-256 because Windows 7 to 8.1 and
/// Server 2008 R2 to 2012 R2 share no TLS 1.2 suite with us under an RSA certificate.
///
/// # Errors
/// The files cannot be written, or only one of them is there.
pub fn ensure_certificate(cert: &Path, key: &Path, names: &[String]) -> Result<bool, Error> {
    match (cert.exists(), key.exists()) {
        (true, true) => return Ok(false),
        (false, false) => {}
        _ => {
            return Err(Error::Certificate(format!(
                "of {} and {} only one is there; put the other beside it, or remove both to get new ones",
                cert.display(),
                key.display()
            )));
        }
    }
    let made = || -> Result<(String, String), rcgen::Error> {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let mut params = rcgen::CertificateParams::new(names.to_vec())?;
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "cutover");
        let certificate = params.self_signed(&pair)?;
        Ok((certificate.pem(), pair.serialize_pem()))
    };
    let (cert_pem, key_pem) = made().map_err(|error| Error::Certificate(error.to_string()))?;
    write_private(key, key_pem.as_bytes()).map_err(|error| file("cannot write", key, error))?;
    fs::write(cert, cert_pem).map_err(|error| file("cannot write", cert, error))?;
    Ok(true)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(bytes)
}

/// Reads certificate chain and key and makes the server's TLS settings. Answers also whether the certificate's
/// key is RSA.
///
/// # Errors
/// The files cannot be read, or do not fit each other.
pub fn config(cert: &Path, key: &Path) -> Result<(Arc<ServerConfig>, bool), Error> {
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(std::iter::Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| file("cannot read the certificate", cert, error))?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| file("cannot read the key", key, error))?;
    let leaf = chain
        .first()
        .ok_or_else(|| file("there is no certificate in", cert, "empty"))?;
    let rsa = is_rsa(leaf)?;
    let mut config = ServerConfig::builder_with_protocol_versions(&[&TLS13, &TLS12])
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| Error::Certificate(error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((Arc::new(config), rsa))
}

fn is_rsa(leaf: &CertificateDer<'_>) -> Result<bool, Error> {
    let (_, parsed) = x509_parser::parse_x509_certificate(leaf)
        .map_err(|error| Error::Certificate(error.to_string()))?;
    let algorithm = &parsed.public_key().algorithm.algorithm;
    Ok(*algorithm == x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION)
}
