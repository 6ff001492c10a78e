//! Which version and suite a client and this server agree on: what Windows offers, what the certificates allow, and why
//! nothing fits where nothing does.

mod suites;
mod windows;

pub use suites::{Auth, Suite, suite};
pub use windows::{SOURCES, Source, WINDOWS, Windows};

use super::time::{DAY, Timestamp};

/// Less than this before it expires a certificate needs attention.
pub const SOON: i64 = 30 * DAY;

/// TLS 1.0, as it stands in a hello.
pub const TLS10: u16 = 0x0301;
/// TLS 1.1.
pub const TLS11: u16 = 0x0302;
/// TLS 1.2.
pub const TLS12: u16 = 0x0303;
/// TLS 1.3.
pub const TLS13: u16 = 0x0304;

/// The elliptic curve P-256, as it stands in a hello.
pub const P256: u16 = 23;
/// P-384.
pub const P384: u16 = 24;
/// P-521.
pub const P521: u16 = 25;
/// X25519.
pub const X25519: u16 = 29;

/// What a version is called.
pub fn version_name(version: u16) -> String {
    match version {
        0x0002 => "SSL 2.0".to_owned(),
        0x0300 => "SSL 3.0".to_owned(),
        TLS10 => "TLS 1.0".to_owned(),
        TLS11 => "TLS 1.1".to_owned(),
        TLS12 => "TLS 1.2".to_owned(),
        TLS13 => "TLS 1.3".to_owned(),
        other => format!("version 0x{other:04X}"),
    }
}

/// What kind of key a certificate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// ECDSA with the curve of this number.
    Ecdsa(u16),
    /// RSA with so many bits.
    Rsa(u32),
    /// Anything else, such as Ed25519, which Windows does not take.
    Other,
}

impl KeyKind {
    /// What it is called.
    pub fn name(self) -> String {
        match self {
            Self::Ecdsa(P256) => "ECDSA P-256".to_owned(),
            Self::Ecdsa(P384) => "ECDSA P-384".to_owned(),
            Self::Ecdsa(P521) => "ECDSA P-521".to_owned(),
            Self::Ecdsa(curve) => format!("ECDSA, curve {curve}"),
            Self::Rsa(bits) => format!("RSA, {bits} bits"),
            Self::Other => "another kind of key".to_owned(),
        }
    }

    /// Stable code, for metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ecdsa(_) => "ecdsa",
            Self::Rsa(_) => "rsa",
            Self::Other => "other",
        }
    }

    /// How suites of TLS 1.2 name it.
    pub const fn auth(self) -> Option<Auth> {
        match self {
            Self::Ecdsa(_) => Some(Auth::Ecdsa),
            Self::Rsa(_) => Some(Auth::Rsa),
            Self::Other => None,
        }
    }
}

/// A certificate that the server shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The file it came from.
    pub file: String,
    /// Its key.
    pub key: KeyKind,
    /// Whom it names, as one line.
    pub subject: String,
    /// Who signed it, as one line.
    pub issuer: String,
    /// DNS names in it, in lower case.
    pub names: Vec<String>,
    /// Addresses in it, as text.
    pub addresses: Vec<String>,
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
    /// Whether this server made it by itself.
    pub made_here: bool,
}

impl Certificate {
    /// Whether somebody should see to it by now.
    pub fn expires_soon(&self, now: Timestamp) -> bool {
        self.not_after.since(now) < SOON
    }

    /// Whether it covers a host as people write it in an address: a name, or an address without brackets.
    pub fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.addresses.contains(&host)
            || self.names.iter().any(|name| match name.strip_prefix("*.") {
                // A star stands for one label, and never for an address.
                Some(parent) => host
                    .split_once('.')
                    .is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
                None => *name == host,
            })
    }
}

/// What a client offers in its hello.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'o> {
    /// Versions.
    pub versions: &'o [u16],
    /// Suites in its order, each with the curves it goes with; empty: any.
    pub suites: &'o [(u16, &'o [u16])],
    /// Curves in its order.
    pub curves: &'o [u16],
}

/// What this server takes.
#[derive(Clone, Copy, Debug)]
pub struct Server<'s> {
    /// Suites, the most wanted first; the server's order decides.
    pub suites: &'s [u16],
    /// Curves for the exchange of keys.
    pub curves: &'s [u16],
    /// Keys of its certificates.
    pub keys: &'s [KeyKind],
}

/// What both agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Version.
    pub version: u16,
    /// Suite.
    pub suite: u16,
    /// The key of the certificate that the server shows.
    pub key: KeyKind,
}

/// Why they do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// The client offers nothing newer than TLS 1.1.
    NoTls12,
    /// It offers TLS 1.2, but no suite that the server takes with its certificates.
    NoSharedSuite,
}

/// What comes of a handshake.
///
/// # Errors
/// Why nothing comes of it.
pub fn agree(offer: &Offer<'_>, server: &Server<'_>) -> Result<Agreed, Refused> {
    let curve = offer
        .curves
        .iter()
        .copied()
        .find(|curve| server.curves.contains(curve));
    if offer.versions.contains(&TLS13)
        && let (Some(_), Some(key)) = (curve, preferred(server.keys))
        && let Some(suite) = first_shared(offer, server, None, curve)
    {
        return Ok(Agreed {
            version: TLS13,
            suite,
            key,
        });
    }
    if !offer.versions.contains(&TLS12) {
        return Err(Refused::NoTls12);
    }
    // ECDSA goes first: it is what the oldest clients need, and the faster one.
    let mut keys: Vec<KeyKind> = server.keys.to_vec();
    keys.sort();
    keys.into_iter()
        .filter(|key| match key {
            KeyKind::Ecdsa(own) => offer.curves.contains(own),
            KeyKind::Rsa(_) => true,
            KeyKind::Other => false,
        })
        .find_map(|key| {
            let suite = first_shared(offer, server, key.auth(), curve)?;
            Some(Agreed {
                version: TLS12,
                suite,
                key,
            })
        })
        .ok_or(Refused::NoSharedSuite)
}

/// How many of the offered suites the server could take with one of its certificates.
pub fn shared(suites: &[u16], server: &Server<'_>) -> usize {
    let usable = |id: &&u16| {
        server.suites.contains(id)
            && suite(**id).is_some_and(|suite| match suite.auth {
                None => true,
                auth => server.keys.iter().any(|key| key.auth() == auth),
            })
    };
    suites.iter().filter(usable).count()
}

fn preferred(keys: &[KeyKind]) -> Option<KeyKind> {
    keys.iter().copied().min()
}

/// The server's first suite of this kind that the client offers with the curve that is used.
fn first_shared(
    offer: &Offer<'_>,
    server: &Server<'_>,
    auth: Option<Auth>,
    curve: Option<u16>,
) -> Option<u16> {
    let curve = curve?;
    server.suites.iter().copied().find(|id| {
        suite(*id).is_some_and(|suite| suite.auth == auth)
            && offer.suites.iter().any(|(other, curves)| {
                other == id && (curves.is_empty() || curves.contains(&curve))
            })
    })
}
