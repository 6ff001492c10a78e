//! The door for clients that show a certificate of their own: reports of themselves, and nothing else.
//!
//! It is a listener of its own, because some old clients give up as soon as a server asks them for a certificate.

use std::{path::Path, sync::Arc};

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use axum_server::tls::TlsInfo;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use x509_parser::extensions::GeneralName;

use super::{
    body,
    from_where::FromWhere,
    health, ingest, layers, pages,
    tls::{self, Certificates},
};
use crate::{domain::bound::Bound, error::Problem, state::App, store::incoming::Sender};

/// All feeds of this door together; one for each certificate would be as many as there are clients.
const SENDER: &str = "client certificates";

/// What is wrong with the file of the authorities, in a sentence naming the setting.
pub(super) fn wrong(file: &Path, cause: &dyn std::fmt::Display) -> String {
    format!(
        "mtls_ca {} cannot be used: {cause}; it has to hold the certificates of the authorities that sign the clients' certificates, as PEM",
        file.display()
    )
}

/// TLS settings that demand a certificate signed by one of these authorities, which were read from `file`.
///
/// # Errors
/// One sentence naming the setting.
pub(super) fn config(
    certificates: &Arc<Certificates>,
    authorities: &[u8],
    file: &Path,
) -> Result<Arc<ServerConfig>, String> {
    let wrong = |cause: &dyn std::fmt::Display| wrong(file, cause);
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities) {
        let authority = authority.map_err(|error| wrong(&error))?;
        roots.add(authority).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() {
        return Err(wrong(&"there is no certificate in it"));
    }
    let provider = Arc::new(tls::provider());
    let demanding =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| wrong(&error))?;
    let resolver: Arc<Certificates> = Arc::clone(certificates);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| wrong(&error))?
        .with_client_cert_verifier(demanding)
        .with_cert_resolver(resolver);
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Everything that is behind this door.
pub fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/api/v1/reports", post(reports))
        .route("/healthz", get(health::healthz))
        .layer(DefaultBodyLimit::max(body::LARGEST))
        .fallback(pages::nothing_here)
        .method_not_allowed_fallback(pages::wrong_method)
        .with_state(app.clone());
    layers::around(routes, app)
}

/// The machine that a certificate names: its DNS names, or else its common name.
fn named(certificate: &[u8]) -> Option<Bound> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let mut names = Vec::new();
    if let Ok(Some(alternatives)) = parsed.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            if let GeneralName::DNSName(name) = name {
                names.push((*name).to_owned());
            }
        }
    }
    if names.is_empty() {
        let common = parsed.subject().iter_common_name();
        names.extend(
            common
                .filter_map(|name| name.as_str().ok())
                .map(str::to_owned),
        );
    }
    Bound::to(names)
}

/// Takes reports of the machine that the certificate names.
async fn reports(
    State(app): State<App>,
    connection: Option<Extension<Arc<TlsInfo>>>,
    from: Option<Extension<FromWhere>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bound = connection
        .as_ref()
        .and_then(|Extension(info)| info.peer_certificates.first())
        .and_then(|certificate| named(certificate))
        .ok_or_else(|| {
            Problem::Forbidden(
                "The client's certificate names no machine, neither as a DNS name nor as its common name."
                    .to_owned(),
            )
        });
    let bound = match bound {
        Ok(bound) => bound,
        Err(problem) => {
            // Whoever still sends would never read the answer.
            body::pass_over(body).await;
            return Err(problem);
        }
    };
    ingest::check_reports(&headers)?;
    let held = body::read(&headers, body, app.budget()).await?;
    let (bytes, _room) = held.split();
    let from = from.map(|Extension(FromWhere(from))| from);
    let sender = Sender::proven(SENDER).at(from);
    let outcome = ingest::take_of(&app, bytes, &sender, Some(bound)).await?;
    Ok(Json(ingest::settled(outcome)?).into_response())
}
