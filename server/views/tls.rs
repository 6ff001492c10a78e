//! Which Windows can reach this server with the certificates that it shows, and what to do where one cannot.

use askama::Template;

use super::{
    Layout,
    text::{Moment, counted, joined, span},
};
use crate::domain::{
    handshake::{
        Agreed, Certificate, KeyKind, Refused, SOURCES, Server, Source, TLS12, WINDOWS, Windows,
        agree, suite, version_name,
    },
    time::Timestamp,
};

/// A certificate, dressed.
#[derive(Clone, Debug)]
pub struct CertificateRow {
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Its kind of key.
    pub key: String,
    /// Names and addresses in it.
    pub names: String,
    /// When it expires.
    pub expires: Moment,
    /// How long that is, in words.
    pub left: String,
    /// Whether somebody should see to it.
    pub trouble: bool,
    /// The file.
    pub file: String,
}

/// A Windows, dressed.
#[derive(Clone, Debug)]
pub struct WindowsRow {
    /// Which.
    pub name: &'static str,
    /// In which state.
    pub state: &'static str,
    /// Whether it can report over HTTPS, in a word or two.
    pub answer: &'static str,
    /// Whether it can.
    pub can: bool,
    /// What would be chosen, or why nothing is.
    pub outcome: String,
    /// What to do; empty: nothing.
    pub remedy: String,
    /// Where its suites are written.
    pub sources: Vec<&'static Source>,
}

/// The page of the self-test.
#[derive(Debug, Template)]
#[template(path = "tls.html", whitespace = "minimize")]
pub struct TlsPage {
    /// The frame.
    pub layout: Layout,
    /// In one sentence.
    pub summary: String,
    /// What somebody should look at, in sentences.
    pub troubles: Vec<String>,
    /// The certificates; empty: this server speaks HTTP without TLS.
    pub certificates: Vec<CertificateRow>,
    /// Whether the server makes its certificate itself.
    pub made_here: bool,
    /// Oldest first.
    pub windows: Vec<WindowsRow>,
}

impl TlsPage {
    /// The page; `server` is what the server takes.
    pub fn new(
        layout: Layout,
        certificates: &[Certificate],
        trouble: Option<&str>,
        server: &Server<'_>,
    ) -> Self {
        let now = layout.now;
        let mut said: Vec<String> = troubles(certificates, trouble, now)
            .into_iter()
            .map(|text| format!("{text}."))
            .collect();
        said.extend(not_covered(certificates, &layout.address));
        let windows: Vec<WindowsRow> = if certificates.is_empty() {
            Vec::new()
        } else {
            WINDOWS
                .iter()
                .map(|windows| WindowsRow::new(windows, server))
                .collect()
        };
        Self {
            summary: summary(&windows),
            troubles: said,
            made_here: certificates.iter().any(|one| one.made_here),
            certificates: certificates
                .iter()
                .map(|one| CertificateRow::new(one, now))
                .collect(),
            windows,
            layout,
        }
    }
}

fn summary(windows: &[WindowsRow]) -> String {
    if windows.is_empty() {
        return "This server speaks HTTP without TLS; what stands in front of it decides who can come in, and this page cannot know that.".to_owned();
    }
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let cannot = windows.iter().filter(|row| !row.can).count();
    if cannot == 0 {
        return "Every Windows below can report over HTTPS.".to_owned();
    }
    format!(
        "Of {} below {} cannot report over HTTPS to this server.",
        counted(count(windows.len()), "Windows", "kinds of Windows"),
        cannot
    )
}

/// What somebody should see to, in sentences without a full stop.
pub fn troubles(
    certificates: &[Certificate],
    trouble: Option<&str>,
    now: Timestamp,
) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(trouble) = trouble {
        said.push(format!(
            "The files of the TLS certificate were replaced by some that cannot be used, so the old certificate is still shown: {}",
            trouble.trim_end_matches('.')
        ));
    }
    for one in certificates.iter().filter(|one| one.expires_soon(now)) {
        let left = one.not_after.since(now);
        said.push(if left < 0 {
            format!(
                "The TLS certificate {} ({}) expired {} ago; clients refuse it and cannot report",
                one.subject,
                one.key.name(),
                span(left)
            )
        } else {
            format!(
                "The TLS certificate {} ({}) expires in {}; then clients cannot report any more",
                one.subject,
                one.key.name(),
                span(left)
            )
        });
    }
    said
}

/// Says that the address the reader used is in no certificate, or not in each.
fn not_covered(certificates: &[Certificate], address: &str) -> Option<String> {
    let host = host_of(address);
    let missing: Vec<String> = certificates
        .iter()
        .filter(|one| !one.covers(host))
        .map(|one| one.key.name())
        .collect();
    if missing.is_empty() {
        return None;
    }
    Some(format!(
        "You came to {host}, which the certificate does not name ({}). Clients that are told to send there refuse it; give them a name that stands in the certificate, or get one that names {host}.",
        joined(&missing)
    ))
}

/// The host of an address such as `https://collector.example:8443`.
fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    if let Some((inside, _)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return inside;
    }
    rest.rsplit_once(':').map_or(rest, |(host, _)| host)
}

impl CertificateRow {
    fn new(one: &Certificate, now: Timestamp) -> Self {
        let mut names: Vec<String> = one.names.clone();
        names.extend(one.addresses.iter().cloned());
        let left = one.not_after.since(now);
        Self {
            subject: one.subject.clone(),
            issuer: if one.subject == one.issuer {
                "itself".to_owned()
            } else {
                one.issuer.clone()
            },
            key: one.key.name(),
            names: if names.is_empty() {
                "none, so nobody takes it".to_owned()
            } else {
                joined(&names)
            },
            expires: Moment::new(one.not_after, now),
            left: if left < 0 {
                format!("expired {} ago", span(left))
            } else {
                format!("{} left", span(left))
            },
            trouble: one.expires_soon(now),
            file: one.file.clone(),
        }
    }
}

impl WindowsRow {
    fn new(windows: &Windows, server: &Server<'_>) -> Self {
        let agreed = agree(&windows.offer, server);
        let sources = windows
            .sources
            .iter()
            .filter_map(|at| SOURCES.get(*at))
            .collect();
        Self {
            name: windows.name,
            state: windows.state,
            answer: if agreed.is_ok() { "Can" } else { "Cannot" },
            can: agreed.is_ok(),
            outcome: outcome(agreed),
            remedy: remedy(windows, agreed),
            sources,
        }
    }
}

fn outcome(agreed: Result<Agreed, Refused>) -> String {
    match agreed {
        Ok(agreed) => format!(
            "{} with {}, shown the {} certificate",
            version_name(agreed.version),
            suite(agreed.suite).map_or("an unknown suite", |suite| suite.name),
            agreed.key.name()
        ),
        Err(Refused::NoTls12) => "It offers TLS 1.0 and nothing newer.".to_owned(),
        Err(Refused::NoSharedSuite) => {
            "It offers TLS 1.2, but no suite that this server takes with its certificates."
                .to_owned()
        }
    }
}

fn remedy(windows: &Windows, agreed: Result<Agreed, Refused>) -> String {
    if agreed.is_ok() {
        return String::new();
    }
    if let Some(remedy) = windows.remedy {
        return remedy.to_owned();
    }
    // Whether a certificate with another key would help is asked of the same function.
    let (suites, curves) = (SUITES_WITH_ECDSA, &[crate::domain::handshake::P256][..]);
    let with_ecdsa = Server {
        suites,
        curves,
        keys: &[KeyKind::Ecdsa(crate::domain::handshake::P256)],
    };
    if agree(&windows.offer, &with_ecdsa).is_ok_and(|agreed| agreed.version >= TLS12) {
        "Put an ECDSA P-256 certificate beside the one that is there (--tls-cert and --tls-key twice), or bring its report as a file. Until then its silence is no proof that it blocks.".to_owned()
    } else {
        "Bring its report as a file. Its silence is no proof that it blocks.".to_owned()
    }
}

/// What an ECDSA certificate would add.
const SUITES_WITH_ECDSA: &[u16] = &[0xC02B, 0xC02C];
