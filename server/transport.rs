//! How the server is reached: settings of listeners and certificates.

use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    path::{Path, PathBuf},
};

use clap::Args;
use ipnet::IpNet;

use crate::networks;

/// Pairs of certificate and key at most: one of each kind of key, and one to spare.
const MOST_PAIRS: usize = 4;

/// What `cutover serve` takes about its listeners.
#[derive(Args, Clone, Debug, Default)]
pub struct TransportArgs {
    /// Certificate chain, PEM; twice for an ECDSA and an RSA one [default: a self-signed ECDSA P-256 one in the data directory]
    #[arg(
        long,
        env = "CUTOVER_TLS_CERT",
        value_name = "FILE",
        value_delimiter = ',',
        requires = "tls_key"
    )]
    pub tls_cert: Vec<PathBuf>,
    /// Private key of the certificate, PEM; as often as --tls-cert and in the same order
    #[arg(
        long,
        env = "CUTOVER_TLS_KEY",
        value_name = "FILE",
        value_delimiter = ',',
        requires = "tls_cert"
    )]
    pub tls_key: Vec<PathBuf>,
    /// Names and addresses for the self-signed certificate besides localhost, comma separated
    #[arg(long, env = "CUTOVER_TLS_NAMES", value_name = "NAMES")]
    pub tls_names: Option<String>,
    /// Speak HTTP without TLS; on loopback addresses only
    #[arg(long, env = "CUTOVER_PLAIN_HTTP")]
    pub plain_http: bool,
    /// Speak HTTP without TLS on other addresses too: passwords and tokens travel readable; for use behind a TLS proxy
    #[arg(long, env = "CUTOVER_PLAIN_HTTP_ANYWHERE")]
    pub plain_http_anywhere: bool,
    /// Networks whose failed TLS handshakes are noted on the page Sightings, comma separated [default: none]
    #[arg(long, env = "CUTOVER_SIGHTINGS_FROM", value_name = "NETWORKS")]
    pub sightings_from: Option<String>,
    /// Second address, for clients that show a certificate of their own; it takes reports and nothing else [default: none]
    #[arg(long, env = "CUTOVER_MTLS_LISTEN", value_name = "HOST:PORT")]
    pub mtls_listen: Option<String>,
    /// Certificates of the authorities that sign the clients' certificates, PEM
    #[arg(long, env = "CUTOVER_MTLS_CA", value_name = "FILE")]
    pub mtls_ca: Option<PathBuf>,
    /// Third address, without TLS, for reports that enrolled machines have signed; for clients that cannot do TLS 1.2 [default: none]
    #[arg(long, env = "CUTOVER_SIGNED_HTTP_LISTEN", value_name = "HOST:PORT")]
    pub signed_http_listen: Option<String>,
    /// The server's own key that the keys of enrolled machines come from; made when it is missing [default: enrolment.key in the data directory]
    #[arg(long, env = "CUTOVER_ENROLMENT_KEY", value_name = "FILE")]
    pub enrolment_key: Option<PathBuf>,
    /// Connections that may be open at each of these addresses; 0: any number [default: 8192]
    #[arg(long, env = "CUTOVER_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<u32>,
    /// Of these, from one address or one /64 of IPv6; trusted proxies are not counted; 0: any number [default: 1024]
    #[arg(long, env = "CUTOVER_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N")]
    pub max_connections_per_address: Option<u32>,
}

/// The same in a file.
#[derive(Clone, Debug, Default)]
pub struct TransportInFile {
    /// Certificates.
    pub tls_cert: Vec<PathBuf>,
    /// Keys.
    pub tls_key: Vec<PathBuf>,
    /// Names for the self-signed certificate.
    pub tls_names: Option<String>,
    /// HTTP without TLS.
    pub plain_http: bool,
    /// The same anywhere.
    pub plain_http_anywhere: bool,
    /// Networks.
    pub sightings_from: Option<String>,
    /// Address for clients with certificates.
    pub mtls_listen: Option<String>,
    /// Authorities.
    pub mtls_ca: Option<PathBuf>,
    /// Address for signed reports.
    pub signed_http_listen: Option<String>,
    /// The server's own key.
    pub enrolment_key: Option<PathBuf>,
    /// Connections in all.
    pub max_connections: Option<u32>,
    /// Connections from one address.
    pub max_connections_per_address: Option<u32>,
}

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairFiles {
    /// Certificate chain.
    pub cert: PathBuf,
    /// Key.
    pub key: PathBuf,
}

/// How people and programs reach the server.
#[derive(Clone, Debug)]
pub enum Transport {
    /// TLS with these certificates; one is made when it is not there and `names` is given.
    Tls {
        /// Certificates and keys.
        pairs: Vec<PairFiles>,
        /// For a self-signed certificate: the names in it. `None`: the operator's own certificates.
        names: Option<Vec<String>>,
    },
    /// HTTP without TLS.
    Plain,
}

impl TransportArgs {
    /// Settles how the server is reached.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn settle(
        &self,
        file: &TransportInFile,
        data_dir: &Path,
        listen: SocketAddr,
    ) -> Result<Transport, String> {
        let anywhere = self.plain_http_anywhere || file.plain_http_anywhere;
        if anywhere || self.plain_http || file.plain_http {
            if listen.ip().is_loopback() || anywhere {
                return Ok(Transport::Plain);
            }
            return Err(format!(
                "plain_http is for loopback addresses only, and {listen} is none: passwords and tokens would travel readable. Use TLS, or set plain_http_anywhere if a TLS proxy stands in front"
            ));
        }
        let given = |args: &Vec<PathBuf>, file: &Vec<PathBuf>| {
            if args.is_empty() {
                file.clone()
            } else {
                args.clone()
            }
        };
        let certs = given(&self.tls_cert, &file.tls_cert);
        let keys = given(&self.tls_key, &file.tls_key);
        if certs.is_empty() && keys.is_empty() {
            return Ok(Transport::Tls {
                pairs: vec![PairFiles {
                    cert: data_dir.join("cert.pem"),
                    key: data_dir.join("key.pem"),
                }],
                names: Some(self.names(file, listen)),
            });
        }
        if certs.len() != keys.len() {
            return Err(format!(
                "tls_cert and tls_key belong together, in the same order; one of them is missing: there are {} and {}",
                certs.len(),
                keys.len()
            ));
        }
        if certs.len() > MOST_PAIRS {
            return Err(format!(
                "tls_cert names {} certificates; more than {MOST_PAIRS} are never needed: one ECDSA, one RSA",
                certs.len()
            ));
        }
        let pairs = certs
            .into_iter()
            .zip(keys)
            .map(|(cert, key)| PairFiles { cert, key })
            .collect();
        Ok(Transport::Tls { pairs, names: None })
    }

    /// The names of a self-signed certificate.
    fn names(&self, file: &TransportInFile, listen: SocketAddr) -> Vec<String> {
        let mut names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "::1".to_owned(),
        ];
        if !listen.ip().is_unspecified() && !listen.ip().is_loopback() {
            names.push(listen.ip().to_string());
        }
        let more = self.tls_names.as_ref().or(file.tls_names.as_ref());
        names.extend(
            more.iter()
                .flat_map(|names| names.split(','))
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty()),
        );
        names
    }

    /// Settles whose failed handshakes are noted.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn sightings(
        &self,
        file: &TransportInFile,
        transport: &Transport,
    ) -> Result<Vec<IpNet>, String> {
        let text = self
            .sightings_from
            .as_deref()
            .or(file.sightings_from.as_deref());
        let from = networks::parse("sightings_from", text.unwrap_or_default())?;
        if !from.is_empty() && matches!(transport, Transport::Plain) {
            return Err(
                "sightings_from needs TLS, and plain_http is set: whoever fails is turned away by what stands in front"
                    .to_owned(),
            );
        }
        Ok(from)
    }
}

/// The door for clients that show a certificate of their own.
#[derive(Clone, Debug)]
pub struct ClientDoor {
    /// Address.
    pub listen: SocketAddr,
    /// Authorities that sign their certificates.
    pub authorities: PathBuf,
}

impl TransportArgs {
    /// Settles whether there is a door for clients with certificates.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn client_door(
        &self,
        file: &TransportInFile,
        transport: &Transport,
    ) -> Result<Option<ClientDoor>, String> {
        let listen = self.mtls_listen.as_deref().or(file.mtls_listen.as_deref());
        let authorities = self.mtls_ca.as_ref().or(file.mtls_ca.as_ref());
        match (listen, authorities) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) if matches!(transport, Transport::Plain) => Err(
                "mtls_listen needs TLS, and plain_http is set: a proxy in front cannot pass a client's certificate on"
                    .to_owned(),
            ),
            (Some(listen), Some(authorities)) => Ok(Some(ClientDoor {
                listen: address("mtls_listen", listen)?,
                authorities: authorities.clone(),
            })),
            _ => Err(
                "mtls_listen and mtls_ca belong together; one of them is missing".to_owned(),
            ),
        }
    }
}

/// The door for reports that enrolled machines have signed, without TLS.
#[derive(Clone, Debug)]
pub struct SignedDoor {
    /// Address.
    pub listen: SocketAddr,
    /// The server's own key.
    pub key: PathBuf,
}

/// Where the server's own key is.
pub fn enrolment_key(given: Option<&PathBuf>, data_dir: &Path) -> PathBuf {
    given.map_or_else(|| data_dir.join("enrolment.key"), Clone::clone)
}

impl TransportArgs {
    /// Settles whether there is a door for signed reports.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn signed_door(
        &self,
        file: &TransportInFile,
        data_dir: &Path,
    ) -> Result<Option<SignedDoor>, String> {
        let listen = self.signed_http_listen.as_deref();
        let Some(listen) = listen.or(file.signed_http_listen.as_deref()) else {
            return Ok(None);
        };
        let given = self.enrolment_key.as_ref().or(file.enrolment_key.as_ref());
        Ok(Some(SignedDoor {
            listen: address("signed_http_listen", listen)?,
            key: enrolment_key(given, data_dir),
        }))
    }
}

/// How many connections one door takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// In all; 0: any number.
    pub all: u32,
    /// From one address, or one /64 of IPv6; 0: any number. A whole site can be behind one.
    pub of_one: u32,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            all: 8_192,
            of_one: 1_024,
        }
    }
}

impl Room {
    /// Files that are open beside connections: the database, what is uploaded, what messages go out by.
    const OTHER_FILES: u64 = 256;

    /// What so many doors can take of this while the system lets the program have `files` open (`None`: any number), and a
    /// sentence where that is less. One address never has more than a quarter of what is less than was meant.
    pub fn within(self, files: Option<u64>, doors: u32) -> (Self, Option<String>) {
        let Some(files) = files else {
            return (self, None);
        };
        let left = files.saturating_sub(Self::OTHER_FILES) / u64::from(doors.max(1));
        let left = u32::try_from(left).unwrap_or(u32::MAX).max(1);
        if self.all == 0 || self.all <= left {
            return (self, None);
        }
        let room = Self {
            all: left,
            of_one: self.of_one.min((left / 4).max(1)),
        };
        let of_one = match room.of_one {
            0 => "any number".to_owned(),
            n => n.to_string(),
        };
        let sentence = format!(
            "the system lets this program have {files} files open, so each address that it listens on takes {left} connections and not {}, and {of_one} from one sender; raise the limit (LimitNOFILE, ulimit -n) or lower --max-connections",
            self.all
        );
        (room, Some(sentence))
    }
}

impl TransportArgs {
    /// Settles how many connections there may be.
    pub fn room(&self, file: &TransportInFile) -> Room {
        let usual = Room::default();
        let all = self.max_connections.or(file.max_connections);
        let of_one = self
            .max_connections_per_address
            .or(file.max_connections_per_address);
        Room {
            all: all.unwrap_or(usual.all),
            of_one: of_one.unwrap_or(usual.of_one),
        }
    }
}

/// Reads an address to listen on. `setting` is what the sentence about a mistake names.
///
/// # Errors
/// One sentence.
pub fn address(setting: &str, text: &str) -> Result<SocketAddr, String> {
    text.to_socket_addrs()
        .ok()
        .and_then(|mut addresses| addresses.next())
        .ok_or_else(|| format!("{setting} must be HOST:PORT, such as 127.0.0.1:8443, not {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_more_places_than_files() {
        let usual = Room::default();
        assert_eq!(usual.within(None, 3), (usual, None));
        assert_eq!(usual.within(Some(65_536), 3), (usual, None));
        let (room, said) = usual.within(Some(1_024), 2);
        assert_eq!((room.all, room.of_one), (384, 96));
        assert!(said.is_some_and(|said| said.contains("1024 files")));
        let (room, _) = usual.within(Some(100), 1);
        assert_eq!((room.all, room.of_one), (1, 1), "never none, and never any");
        // Whoever wants no limit has none.
        let any = Room { all: 0, of_one: 0 };
        assert_eq!(any.within(Some(1_024), 2), (any, None));
    }
}
