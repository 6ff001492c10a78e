//! A certificate with its key, read from two files, and what people have to know of it.

use std::{fs, path::Path, sync::Arc};

use rustls::{
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use x509_parser::{extensions::GeneralName, prelude::X509Certificate, public_key::PublicKey};

use super::{Error, file};
use crate::{
    domain::{
        handshake::{Certificate, KeyKind, P256, P384, P521},
        time::Timestamp,
    },
    transport::PairFiles,
};

/// More than this is no certificate chain and no key.
const LARGEST: u64 = 1 << 20;

/// A certificate that can be shown.
#[derive(Debug)]
pub(super) struct Pair {
    /// For the library.
    pub(super) certified: Arc<CertifiedKey>,
    /// For people.
    pub(super) about: Certificate,
}

/// Both files as they are.
pub(super) struct Bytes {
    pub(super) cert: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// Reads both files.
pub(super) fn bytes(files: &PairFiles) -> Result<Bytes, Error> {
    Ok(Bytes {
        cert: read("cannot read the certificate", &files.cert)?,
        key: read("cannot read the key", &files.key)?,
    })
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, Error> {
    let length = fs::metadata(path)
        .map_err(|error| file(what, path, error))?
        .len();
    if length > LARGEST {
        return Err(file(what, path, "it is larger than 1 MiB"));
    }
    fs::read(path).map_err(|error| file(what, path, error))
}

impl Pair {
    /// Makes a pair of what the files hold. The key has to be that of the certificate.
    pub(super) fn new(
        files: &PairFiles,
        bytes: &Bytes,
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let chain = CertificateDer::pem_slice_iter(&bytes.cert)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| file("cannot read the certificate", &files.cert, error))?;
        let key = PrivateKeyDer::from_pem_slice(&bytes.key)
            .map_err(|error| file("cannot read the key", &files.key, error))?;
        let about = chain
            .first()
            .ok_or_else(|| file("there is no certificate in", &files.cert, "empty"))
            .and_then(|leaf| about(leaf, &files.cert))?;
        let certified = CertifiedKey::from_der(chain, key, provider)
            .map_err(|error| Error::Certificate(format!("{}: {error}", files.cert.display())))?;
        Ok(Self {
            certified: Arc::new(certified),
            about,
        })
    }
}

fn about(leaf: &[u8], path: &Path) -> Result<Certificate, Error> {
    let (_, parsed) = x509_parser::parse_x509_certificate(leaf)
        .map_err(|error| Error::Certificate(format!("{}: {error}", path.display())))?;
    let at = |seconds: i64| Timestamp(seconds.saturating_mul(1_000));
    let validity = parsed.validity();
    let (mut names, mut addresses) = (Vec::new(), Vec::new());
    if let Ok(Some(alternatives)) = parsed.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            match name {
                GeneralName::DNSName(name) => names.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                _ => {}
            }
        }
    }
    let (subject, issuer) = (parsed.subject().to_string(), parsed.issuer().to_string());
    Ok(Certificate {
        file: path.display().to_string(),
        key: kind(&parsed),
        made_here: subject == issuer && subject == super::made::SUBJECT,
        subject,
        issuer,
        names,
        addresses,
        not_before: at(validity.not_before.timestamp()),
        not_after: at(validity.not_after.timestamp()),
    })
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(sixteen).to_string())
}

fn kind(certificate: &X509Certificate<'_>) -> KeyKind {
    let key = certificate.public_key();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => KeyKind::Rsa(u32::try_from(rsa.key_size()).unwrap_or(u32::MAX)),
        Ok(PublicKey::EC(_)) => {
            let curve = key.algorithm.parameters.as_ref();
            let curve = curve.and_then(|curve| curve.as_oid().ok());
            match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => KeyKind::Ecdsa(P256),
                Some("1.3.132.0.34") => KeyKind::Ecdsa(P384),
                Some("1.3.132.0.35") => KeyKind::Ecdsa(P521),
                _ => KeyKind::Other,
            }
        }
        _ => KeyKind::Other,
    }
}
