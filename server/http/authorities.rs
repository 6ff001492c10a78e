//! The authorities whose certificates machines may show: read again when their file changes, as the server's own certificate is.

use std::{fs, path::PathBuf, sync::Arc};

use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};

use super::{
    mtls,
    tls::{Certificates, LOOK, Told},
};
use crate::{
    clock,
    domain::{
        audit::{Actor, Entry},
        audit_chain::hex,
    },
    store::Store,
};

/// Letters of a hash that tell two certificates of one name apart.
const FINGERPRINT: usize = 16;

/// The file of the authorities, and the settings that are in force because of it.
#[derive(Debug)]
pub struct Authorities {
    file: PathBuf,
    certificates: Arc<Certificates>,
    settings: RustlsConfig,
    looked_at: Vec<u8>,
    listed: String,
}

/// What came of looking at the file.
#[derive(Debug, PartialEq, Eq)]
enum Looked {
    Same,
    /// Others are trusted now; these were before.
    Replaced(String),
    /// It cannot be used.
    Refused(String),
}

impl Authorities {
    /// Reads the file.
    ///
    /// # Errors
    /// One sentence naming the setting.
    pub fn open(certificates: Arc<Certificates>, file: PathBuf) -> Result<Self, String> {
        let bytes = fs::read(&file).map_err(|error| mtls::wrong(&file, &error))?;
        let settings = mtls::config(&certificates, &bytes, &file)?;
        Ok(Self {
            settings: RustlsConfig::from_config(settings),
            looked_at: Sha256::digest(&bytes).to_vec(),
            listed: listed(&bytes),
            file,
            certificates,
        })
    }

    /// Settings of a listener, which go on changing with the file. Connections that are open stay as they were let in.
    pub fn settings(&self) -> RustlsConfig {
        self.settings.clone()
    }

    /// Looks whether the file is another than before. What was trusted stays where it cannot be used. `again`: also where
    /// it was looked at before.
    fn look(&mut self, again: bool) -> Looked {
        let bytes = fs::read(&self.file).map_err(|error| mtls::wrong(&self.file, &error));
        // Another reason is something new to say.
        let hash = Sha256::digest(bytes.as_ref().map_or_else(String::as_bytes, Vec::as_slice));
        if hash[..] == self.looked_at[..] && !again {
            return Looked::Same;
        }
        self.looked_at = hash.to_vec();
        let read = bytes.and_then(|bytes| {
            let settings = mtls::config(&self.certificates, &bytes, &self.file)?;
            Ok((settings, listed(&bytes)))
        });
        match read {
            Ok((settings, listed)) => {
                self.settings.reload_from_config(settings);
                Looked::Replaced(std::mem::replace(&mut self.listed, listed))
            }
            Err(trouble) => Looked::Refused(trouble),
        }
    }

    /// Looks every ten seconds, and at once when the system says so (SIGHUP).
    pub async fn keep_fresh(mut self, store: Store) {
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut told = Told::new();
        loop {
            let again = tokio::select! {
                _ = tick.tick() => false,
                () = told.wait() => true,
            };
            let looking = tokio::task::spawn_blocking(move || {
                let looked = self.look(again);
                (self, looked)
            });
            let looked;
            (self, looked) = match looking.await {
                Ok(done) => done,
                Err(error) => {
                    tracing::error!(%error, "mtls_ca is not looked at any more; start the server again to have it read");
                    return;
                }
            };
            match looked {
                Looked::Same => {}
                Looked::Refused(trouble) => tracing::warn!(
                    "the authorities of client certificates were replaced by a file that cannot be used, so the old ones stay: {trouble}"
                ),
                Looked::Replaced(was) => {
                    tracing::info!(
                        "the authorities of client certificates were read anew: {}",
                        self.listed
                    );
                    if self.listed != was {
                        let entry = Entry::new(
                            clock::now(),
                            Actor::Server,
                            "certificate.replace",
                            "authorities of client certificates",
                        );
                        let entry = entry.change(Some(was), Some(self.listed.clone()));
                        if let Err(error) = store.note(entry).await {
                            tracing::warn!(%error, "replaced authorities could not be noted in the audit log");
                        }
                    }
                }
            }
        }
    }
}

/// The authorities of a file in a line: names, and the beginning of a hash, because two may be called the same.
fn listed(bytes: &[u8]) -> String {
    let all = CertificateDer::pem_slice_iter(bytes).filter_map(Result::ok);
    let all: Vec<String> = all
        .map(|one| {
            let name = x509_parser::parse_x509_certificate(&one).map_or_else(
                |_| "without a name".to_owned(),
                |(_, one)| one.subject().to_string(),
            );
            let hash = hex(&Sha256::digest(&one));
            format!(
                "{name} (SHA-256 {}…)",
                hash.get(..FINGERPRINT).unwrap_or(&hash)
            )
        })
        .collect();
    all.join("; ")
}
