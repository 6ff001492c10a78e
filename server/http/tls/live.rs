//! The certificates that are shown now: chosen for each client, replaced while the server runs, and never by broken ones.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    NamedGroup, SignatureScheme,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use sha2::{Digest as _, Sha256};

use super::{
    Error, made,
    pair::{self, Pair},
    provider, taken,
};
use crate::{
    clock,
    domain::{
        audit::{Actor, Entry},
        handshake::{Auth, Certificate, KeyKind, suite},
        time::Timestamp,
    },
    store::Store,
    transport::PairFiles,
};

/// How often the files are looked at.
pub const LOOK: Duration = Duration::from_secs(10);

/// The certificates of the server. Which is shown, it decides for each hello.
#[derive(Debug)]
pub struct Certificates {
    files: Vec<PairFiles>,
    /// Names for the certificate that the server makes for itself; `None`: it was given its own.
    names: Option<Vec<String>>,
    live: RwLock<Live>,
}

#[derive(Clone, Debug)]
struct Live {
    /// ECDSA first.
    pairs: Arc<[Pair]>,
    /// Hash of the files that were looked at last.
    looked_at: Vec<u8>,
    /// Why these are not the ones that are shown.
    trouble: Option<String>,
}

/// How the certificates stand, for people.
#[derive(Clone, Debug)]
pub struct State {
    /// Those that are shown, ECDSA first.
    pub certificates: Vec<Certificate>,
    /// Why the files that are there now are not the ones that are shown.
    pub trouble: Option<String>,
}

/// What came of looking at the files.
#[derive(Debug)]
enum Looked {
    /// They are as they were.
    Same,
    /// They are shown now instead of these.
    Replaced(Vec<Certificate>),
    /// They cannot be used.
    Refused(String),
}

impl Certificates {
    /// Reads the files; makes them where `names` are given and there are none. Says also whether it did.
    ///
    /// # Errors
    /// They cannot be read, or do not fit each other.
    pub fn open(
        files: Vec<PairFiles>,
        names: Option<Vec<String>>,
        now: Timestamp,
    ) -> Result<(Arc<Self>, bool), Error> {
        let mut made = false;
        if let Some(names) = &names {
            for files in &files {
                made |= made::ensure(files, names, now)?;
            }
        }
        let (looked_at, pairs) = read(&files);
        let live = Live {
            pairs: pairs?.into(),
            looked_at,
            trouble: None,
        };
        let certificates = Self {
            files,
            names,
            live: RwLock::new(live),
        };
        Ok((Arc::new(certificates), made))
    }

    fn live(&self) -> Live {
        self.live
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How they stand.
    pub fn state(&self) -> State {
        let live = self.live();
        State {
            certificates: live.pairs.iter().map(|pair| pair.about.clone()).collect(),
            trouble: live.trouble,
        }
    }

    /// Looks whether the files are others than before. They are shown when all of them can be used, and otherwise what was
    /// shown stays. `again`: also where they were looked at before.
    fn look(&self, again: bool, now: Timestamp) -> Looked {
        let old = self.live();
        self.renew(&old, now);
        let (looked_at, pairs) = read(&self.files);
        if looked_at == old.looked_at && !again {
            return Looked::Same;
        }
        let was: Vec<Certificate> = old.pairs.iter().map(|pair| pair.about.clone()).collect();
        let expired = |pairs: &[Pair]| pairs.iter().any(|pair| pair.about.not_after < now);
        let found = pairs.map_err(|error| error.to_string()).and_then(|pairs| {
            if expired(&pairs) && !expired(&old.pairs) {
                Err("the new certificate has expired already".to_owned())
            } else {
                Ok(pairs)
            }
        });
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        live.looked_at = looked_at;
        match found {
            Ok(pairs) => {
                live.pairs = pairs.into();
                live.trouble = None;
                Looked::Replaced(was)
            }
            Err(trouble) => {
                live.trouble = Some(trouble.clone());
                Looked::Refused(trouble)
            }
        }
    }

    /// Makes the certificate anew that the server has made itself, before it expires.
    fn renew(&self, live: &Live, now: Timestamp) {
        let Some(names) = &self.names else {
            return;
        };
        for (files, pair) in self.files.iter().zip(live.pairs.iter()) {
            if !pair.about.made_here || !pair.about.expires_soon(now) {
                continue;
            }
            match made::renew(files, names, now) {
                Ok(()) => tracing::warn!(
                    "the self-signed certificate was about to expire, so it was made anew with the same key; whoever trusts the old one by itself has to be given the new one: {}",
                    files.cert.display()
                ),
                Err(error) => tracing::error!(
                    %error,
                    "the self-signed certificate is about to expire and could not be made anew; trying again"
                ),
            }
        }
    }
}

/// Reads all files: a hash of them all, and the pairs, ECDSA first.
fn read(files: &[PairFiles]) -> (Vec<u8>, Result<Vec<Pair>, Error>) {
    let mut hash = Sha256::new();
    let provider = provider();
    let mut pairs = Vec::new();
    let mut failed = None;
    for files in files {
        let pair = pair::bytes(files).and_then(|bytes| {
            for part in [&bytes.cert, &bytes.key] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
            Pair::new(files, &bytes, &provider)
        });
        match pair {
            Ok(pair) => pairs.push(pair),
            Err(error) => {
                // Another reason is something new to say.
                hash.update(error.to_string());
                failed = failed.or(Some(error));
            }
        }
    }
    pairs.sort_by_key(|pair| pair.about.key);
    let found = failed.map_or(Ok(pairs), Err);
    (hash.finalize().to_vec(), found)
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let live = self.live();
        let suites: Vec<u16> = hello
            .cipher_suites()
            .iter()
            .map(|id| (*id).into())
            .collect();
        let fits = |pair: &&Pair| {
            fits(
                pair,
                &suites,
                hello.named_groups(),
                hello.signature_schemes(),
            )
        };
        // Where none fits the library says so to the client, in the right words.
        let pair = live.pairs.iter().find(fits).or(live.pairs.first())?;
        Some(Arc::clone(&pair.certified))
    }
}

/// Whether a client that offers this can be shown a certificate.
fn fits(
    pair: &Pair,
    suites: &[u16],
    groups: Option<&[NamedGroup]>,
    schemes: &[SignatureScheme],
) -> bool {
    if pair.certified.key.choose_scheme(schemes).is_none() {
        return false;
    }
    let (taken, _) = taken();
    let mut shared = suites.iter().filter(|id| taken.contains(id));
    // A suite of TLS 1.3 goes with any certificate.
    if shared.clone().any(|id| id >> 8 == 0x13) {
        return true;
    }
    let mut signed_by =
        |wanted: Auth| shared.any(|id| suite(*id).is_some_and(|suite| suite.auth == Some(wanted)));
    match pair.about.key {
        KeyKind::Ecdsa(curve) => {
            signed_by(Auth::Ecdsa)
                && groups.is_none_or(|groups| groups.contains(&NamedGroup::from(curve)))
        }
        KeyKind::Rsa(_) => signed_by(Auth::Rsa),
        KeyKind::Other => false,
    }
}

/// Looks at the files every ten seconds, and at once when the system says so (SIGHUP).
pub async fn keep_fresh(certificates: Arc<Certificates>, store: Store) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = Told::new();
    loop {
        let again = tokio::select! {
            _ = tick.tick() => false,
            () = told.wait() => true,
        };
        let looking = Arc::clone(&certificates);
        let now = clock::now();
        let Ok(looked) = tokio::task::spawn_blocking(move || looking.look(again, now)).await else {
            continue;
        };
        match looked {
            Looked::Same => {}
            Looked::Refused(trouble) => tracing::warn!(
                "the TLS certificate was replaced by one that cannot be used, so the old one stays: {trouble}"
            ),
            Looked::Replaced(was) => {
                let state = certificates.state();
                tracing::info!(
                    "the TLS certificate was read anew: {}",
                    listed(&state.certificates)
                );
                if state.certificates != was {
                    let entry = Entry::new(now, Actor::Server, "certificate.replace", "TLS")
                        .change(Some(listed(&was)), Some(listed(&state.certificates)));
                    if let Err(error) = store.note(entry).await {
                        tracing::warn!(%error, "a replaced certificate could not be noted in the audit log");
                    }
                }
                warn_of_rsa(&state.certificates);
            }
        }
    }
}

/// Certificates in a line.
fn listed(certificates: &[Certificate]) -> String {
    let all: Vec<String> = certificates
        .iter()
        .map(|one| {
            format!(
                "{} ({}, until {})",
                one.subject,
                one.key.name(),
                one.not_after
            )
        })
        .collect();
    all.join("; ")
}

/// Says who is shut out where there is no ECDSA certificate.
pub fn warn_of_rsa(certificates: &[Certificate]) {
    let ecdsa = |one: &Certificate| matches!(one.key, KeyKind::Ecdsa(_));
    if !certificates.iter().any(ecdsa) {
        tracing::warn!(
            "the TLS certificate has an RSA key: Windows 7, 8, 8.1 and Server 2008 R2, 2012, 2012 R2 share no cipher suite with this server and cannot report over HTTPS. Use an ECDSA P-256 certificate, beside the RSA one if need be (--tls-cert and --tls-key twice), or bring their reports by another way; their silence is no proof that they block. The page /tls of this server says what each Windows gets"
        );
    }
}

/// The signal to read files anew, where the system has it.
pub struct Told {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Told {
    pub fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    #[cfg(unix)]
    pub async fn wait(&mut self) {
        let heard = match &mut self.signal {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if heard.is_none() {
            std::future::pending::<()>().await;
        }
    }

    #[cfg(not(unix))]
    pub async fn wait(&mut self) {
        std::future::pending::<()>().await;
    }
}
