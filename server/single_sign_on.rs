//! Settings of single sign-on: which server vouches for people, and what their groups may do.

use std::{fmt, fs, net::IpAddr, path::PathBuf};

use clap::Args;
use reqwest::Url;

use crate::domain::groups::GroupRoles;

/// Where the provider sends people back to.
const RETURN: &str = "/sign-in/oidc/return";
/// The secret, for whoever does not want it in a file. No flag has it: everybody on a machine sees those.
const SECRET: &str = "CUTOVER_OIDC_CLIENT_SECRET";

/// The same as flags and environment.
#[derive(Args, Clone, Debug, Default)]
pub struct SingleSignOnArgs {
    /// Single sign-on: the provider's address, exactly as it names itself in its discovery document
    #[arg(long, env = "CUTOVER_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,
    /// Id under which this server is registered there
    #[arg(long, env = "CUTOVER_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// File with the secret that belongs to the id; or the secret itself in CUTOVER_OIDC_CLIENT_SECRET
    #[arg(long, env = "CUTOVER_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// Claim that has the groups of a person [default: groups]
    #[arg(long, env = "CUTOVER_OIDC_GROUPS_CLAIM", value_name = "NAME")]
    pub oidc_groups_claim: Option<String>,
    /// What groups may do: GROUP=ROLE, or GROUP=ROLE:P01+P02 for some sites only; comma separated, or semicolon separated
    #[arg(long, env = "CUTOVER_OIDC_ROLES", value_name = "GROUP=ROLE,…")]
    pub oidc_roles: Option<String>,
    /// Scopes to ask for besides openid, separated by spaces [default: profile]
    #[arg(long, env = "CUTOVER_OIDC_SCOPES", value_name = "SCOPES")]
    pub oidc_scopes: Option<String>,
    /// What the button on the sign-in page calls the provider [default: its host]
    #[arg(long, env = "CUTOVER_OIDC_NAME", value_name = "NAME")]
    pub oidc_name: Option<String>,
    /// Certificates of authorities that vouch for the provider besides those that this machine trusts, PEM
    #[arg(long, env = "CUTOVER_OIDC_CA", value_name = "FILE")]
    pub oidc_ca: Option<PathBuf>,
    /// How browsers reach this server, beginning with https; single sign-on needs it
    #[arg(long, env = "CUTOVER_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// Settled.
#[derive(Clone)]
pub struct SingleSignOn {
    /// The provider's address, exactly as it names itself.
    pub issuer: String,
    /// Its host.
    pub host: String,
    /// What it is called on the button.
    pub name: String,
    /// Id of this server there.
    pub client_id: String,
    /// The secret that belongs to it.
    pub client_secret: String,
    /// Claim that has the groups.
    pub groups_claim: String,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// What groups may do.
    pub roles: GroupRoles,
    /// Certificates of authorities, PEM.
    pub authorities: Vec<u8>,
    /// Where people are sent back to.
    pub redirect: String,
}

/// The secret is nobody's business.
impl fmt::Debug for SingleSignOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleSignOn")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// An address over HTTPS, or over HTTP to a loopback address; without what would never belong to it.
fn address(setting: &str, text: &str) -> Result<Url, String> {
    let wrong = |why: &str| format!("{setting} {text:?}: {why}");
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback =
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return Err(wrong("it has to begin with https://")),
    }
    if host.is_empty() {
        return Err(wrong("it names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it holds a name or a password; leave them out"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it ends before ? and #; leave that part out"));
    }
    Ok(url)
}

/// How browsers reach this server, without a slash at its end.
fn public(text: &str) -> Result<String, String> {
    let url = address("public_url", text)?;
    if url.path() != "/" {
        return Err(format!(
            "public_url {text:?} has a path; this server stands at the root of its host, such as https://cutover.corp.example"
        ));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// What was given, from wherever.
impl SingleSignOnArgs {
    /// The same; what is not given here comes from the file of settings.
    #[must_use]
    pub fn or(&self, file: Self) -> Self {
        let own = self.clone();
        Self {
            oidc_issuer: own.oidc_issuer.or(file.oidc_issuer),
            oidc_client_id: own.oidc_client_id.or(file.oidc_client_id),
            oidc_client_secret_file: own.oidc_client_secret_file.or(file.oidc_client_secret_file),
            oidc_groups_claim: own.oidc_groups_claim.or(file.oidc_groups_claim),
            oidc_roles: own.oidc_roles.or(file.oidc_roles),
            oidc_scopes: own.oidc_scopes.or(file.oidc_scopes),
            oidc_name: own.oidc_name.or(file.oidc_name),
            oidc_ca: own.oidc_ca.or(file.oidc_ca),
            public_url: own.public_url.or(file.public_url),
        }
    }

    /// Whether browsers reach this server over HTTPS, whatever it speaks itself.
    pub fn behind_https(&self) -> bool {
        let url = self.public_url.as_deref().unwrap_or_default();
        url.starts_with("https://")
    }

    /// Settles them; `None`: there is no single sign-on.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn settle(&self) -> Result<Option<SingleSignOn>, String> {
        let public_url = self.public_url.as_deref().map(public).transpose()?;
        let Some(issuer) = &self.oidc_issuer else {
            let given = [
                ("oidc_client_id", self.oidc_client_id.is_some()),
                (
                    "oidc_client_secret_file",
                    self.oidc_client_secret_file.is_some(),
                ),
                ("oidc_roles", self.oidc_roles.is_some()),
                ("oidc_groups_claim", self.oidc_groups_claim.is_some()),
                ("oidc_scopes", self.oidc_scopes.is_some()),
                ("oidc_name", self.oidc_name.is_some()),
                ("oidc_ca", self.oidc_ca.is_some()),
            ];
            return match given.into_iter().find(|(_, given)| *given) {
                Some((name, _)) => Err(format!(
                    "{name} is set, and oidc_issuer is missing; it names the provider that people sign in with"
                )),
                None => Ok(None),
            };
        };
        let url = address("oidc_issuer", issuer)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let needed = |name: &str, given: &Option<String>| {
            let text = given.as_deref().map(str::trim).unwrap_or_default();
            if text.is_empty() {
                return Err(format!("oidc_issuer is set, and {name} is missing"));
            }
            Ok(text.to_owned())
        };
        let client_id = needed("oidc_client_id", &self.oidc_client_id)?;
        let roles = needed("oidc_roles", &self.oidc_roles)?;
        let roles = GroupRoles::parse(&roles).map_err(|why| format!("oidc_roles: {why}"))?;
        let public_url = public_url.ok_or(
            "oidc_issuer is set, and public_url is missing; the provider sends people back to it",
        )?;
        let name = self.oidc_name.as_deref().map_or(host.as_str(), str::trim);
        if name.is_empty() || name.chars().count() > 60 || name.contains(char::is_control) {
            return Err("oidc_name has 1 to 60 characters that can be seen".to_owned());
        }
        let claim = self.oidc_groups_claim.as_deref().unwrap_or("groups");
        if claim.trim().is_empty() {
            return Err("oidc_groups_claim names no claim".to_owned());
        }
        let scopes = self.oidc_scopes.as_deref().unwrap_or("profile");
        let scopes = scopes.split_whitespace().filter(|scope| *scope != "openid");
        Ok(Some(SingleSignOn {
            issuer: issuer.clone(),
            name: name.to_owned(),
            client_id,
            client_secret: self.secret()?,
            groups_claim: claim.trim().to_owned(),
            scopes: scopes.map(str::to_owned).collect(),
            roles,
            authorities: self.authorities()?,
            redirect: format!("{public_url}{RETURN}"),
            host,
        }))
    }

    fn secret(&self) -> Result<String, String> {
        let secret = match &self.oidc_client_secret_file {
            Some(file) => {
                let text = fs::read_to_string(file).map_err(|error| {
                    format!(
                        "oidc_client_secret_file {} cannot be read: {error}",
                        file.display()
                    )
                })?;
                let line = text.lines().next().unwrap_or_default().trim();
                if line.is_empty() {
                    return Err(format!(
                        "oidc_client_secret_file {} has no secret in its first line",
                        file.display()
                    ));
                }
                line.to_owned()
            }
            None => std::env::var(SECRET).unwrap_or_default().trim().to_owned(),
        };
        if secret.is_empty() {
            return Err(format!(
                "oidc_issuer is set, and the secret is missing; oidc_client_secret_file names a file that has it, or {SECRET} has it itself"
            ));
        }
        Ok(secret)
    }

    fn authorities(&self) -> Result<Vec<u8>, String> {
        let Some(path) = &self.oidc_ca else {
            return Ok(Vec::new());
        };
        let bytes = fs::read(path)
            .map_err(|error| format!("oidc_ca {} cannot be read: {error}", path.display()))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&bytes);
        if !certificates.is_ok_and(|all| !all.is_empty()) {
            return Err(format!(
                "oidc_ca {} holds no certificate in PEM",
                path.display()
            ));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_and_end_at_the_host() {
        for (text, settled) in [
            (
                "https://cutover.corp.example",
                Some("https://cutover.corp.example"),
            ),
            (
                "https://cutover.corp.example:8443/",
                Some("https://cutover.corp.example:8443"),
            ),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("http://localhost", Some("http://localhost")),
            ("http://cutover.corp.example", None),
            ("http://localhost.evil.example", None),
            ("https://cutover.corp.example/tls", None),
            ("https://a:b@cutover.corp.example", None),
            ("https://cutover.corp.example/?a", None),
            ("https://cutover.corp.example/#a", None),
            ("cutover.corp.example", None),
            ("ftp://cutover.corp.example", None),
            ("https://", None),
            ("", None),
        ] {
            assert_eq!(public(text).ok().as_deref(), settled, "{text}");
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        let settled = SingleSignOn {
            issuer: "https://login.corp.example".to_owned(),
            host: String::new(),
            name: String::new(),
            client_id: String::new(),
            client_secret: "CANARY".to_owned(),
            groups_claim: String::new(),
            scopes: Vec::new(),
            roles: GroupRoles::default(),
            authorities: Vec::new(),
            redirect: String::new(),
        };
        assert!(!format!("{settled:?}").contains("CANARY"));
    }
}
