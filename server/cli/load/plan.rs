//! What to send, where to, how fast, and what may go wrong before the first report is sent.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

use crate::{
    domain::time::{DAY, Timestamp},
    sim::Fleet,
};

/// Text that is never printed.
#[derive(Clone)]
pub struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim().to_owned()))
    }
}

/// Which server certificate is accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// What the system trusts.
    #[default]
    System,
    /// What the certificates in a PEM file vouch for, and nothing else.
    File(PathBuf),
    /// Any. Refused for a server that is not on this machine.
    Anything,
}

/// How the request bodies are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    #[default]
    Plain,
    /// gzip, fastest level.
    Gzip,
    /// zstd, level 1.
    Zstd,
}

impl Encoding {
    pub(super) const fn header(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// One load run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Address of the server, such as `https://127.0.0.1:8443`.
    pub server: String,
    /// Token that may write reports.
    pub token: Option<Secret>,
    /// Which certificate is accepted.
    pub trust: Trust,
    /// Who sends.
    pub fleet: Fleet,
    /// Number of the first round: 0 for a fresh server, more to go on where an earlier run ended.
    pub first_round: u64,
    /// How many rounds: every reporting client sends once in each.
    pub rounds: u64,
    /// End of the last round. Up to 31 rounds are a day apart; more of them share the last day.
    pub until: Timestamp,
    /// Reports in one request: 1 sends an object, more send lines.
    pub batch: u64,
    /// Requests under way at the same time.
    pub connections: u64,
    /// Reports offered a second, whatever the server does; 0: as fast as the connections go.
    pub rate: u64,
    /// A new connection with a full handshake for every request, as agents on many machines make.
    pub new_connection: bool,
    /// Compression of the bodies.
    pub encoding: Encoding,
    /// Send the device list first, with this token.
    pub population: Option<Secret>,
    /// File that gets a line for every acknowledged report.
    pub ledger: Option<PathBuf>,
    /// Stop after so many seconds, whatever is left.
    pub seconds: Option<u64>,
    /// Tell standard error every second how it goes.
    pub progress: bool,
}

impl Plan {
    /// One round of single reports on 64 connections, as fast as they go.
    pub fn new(server: impl Into<String>, fleet: Fleet, until: Timestamp) -> Self {
        Self {
            server: server.into(),
            token: None,
            trust: Trust::System,
            fleet,
            first_round: 0,
            rounds: 1,
            until,
            batch: 1,
            connections: 64,
            rate: 0,
            new_connection: false,
            encoding: Encoding::Plain,
            population: None,
            ledger: None,
            seconds: None,
            progress: false,
        }
    }

    /// When a round ends.
    pub fn time_of(&self, round: u64) -> Timestamp {
        let rounds = self.rounds.clamp(1, 1_000_000_000).cast_signed();
        let step = if rounds <= 31 {
            DAY
        } else {
            (DAY / rounds).max(1)
        };
        let done = round.saturating_sub(self.first_round).cast_signed();
        self.until.plus(step.saturating_mul(done - rounds + 1))
    }
}

/// Why a load run could not start.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Not an address.
    #[error(
        "the server address `{0}` is not an http or https URL; write it like https://127.0.0.1:8443"
    )]
    Address(String),
    /// No token at all.
    #[error(
        "no token: give --token or CUTOVER_TOKEN; `cutover token create --purpose ingest` makes one"
    )]
    NoToken,
    /// A token with characters that no header may carry.
    #[error(
        "the token holds characters that cannot be sent; copy it again, without quotes or line breaks"
    )]
    BadToken,
    /// `--insecure` beyond this machine.
    #[error(
        "`{0}` is not on this machine, and only there may any certificate be accepted; give its certificate with --ca FILE"
    )]
    InsecureRemote(String),
    /// The certificate file cannot be used.
    #[error("no certificate could be read from {path}: {cause}; give a PEM file")]
    Certificate {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// TLS or the HTTP client could not be set up.
    #[error("the connection could not be prepared: {0}")]
    Setup(String),
    /// The ledger file cannot be written.
    #[error("the ledger {path} cannot be written: {cause}; choose another file")]
    Ledger {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: std::io::Error,
    },
    /// The device list was not taken.
    #[error("the server did not take the device list: {0}")]
    Population(String),
    /// The run began and ended early; everything before is in the outcome.
    #[error("{0}")]
    Stopped(String),
    /// The result could not be printed.
    #[error("the result could not be printed: {0}")]
    Print(#[from] std::io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_a_day_apart_until_there_are_too_many() {
        let end = Timestamp(100 * DAY);
        let mut plan = Plan::new("http://localhost", Fleet::new(1, 1), end);
        plan.rounds = 3;
        assert_eq!(plan.time_of(0), end.plus(-2 * DAY));
        assert_eq!(plan.time_of(2), end);
        plan.first_round = 10;
        assert_eq!(plan.time_of(12), end);
        plan.first_round = 0;
        plan.rounds = 1_000;
        assert!(plan.time_of(0) > end.plus(-DAY));
        assert!(plan.time_of(998) < plan.time_of(999));
        assert_eq!(plan.time_of(999), end);
    }

    #[test]
    fn a_secret_is_never_printed() {
        let Ok(secret) = " abc\n".parse::<Secret>();
        assert_eq!(secret.0, "abc");
        assert!(!format!("{secret:?}").contains("abc"));
    }
}
