//! Settings of messages to other programs: which networks inside they may go to, and whose certificates are trusted.

use std::path::PathBuf;

use clap::Args;

use super::address::Allowed;

/// What commands that send messages take.
#[derive(Args, Clone, Debug, Default)]
pub struct WebhookArgs {
    /// Networks inside that webhooks may go to, comma separated, such as 10.20.0.0/16 [default: none]
    #[arg(long, env = "CUTOVER_WEBHOOK_ALLOW", value_name = "NETWORKS")]
    pub webhook_allow: Option<String>,
    /// Certificates of authorities that vouch for targets of webhooks besides those that this machine trusts, PEM
    #[arg(long, env = "CUTOVER_WEBHOOK_CA", value_name = "FILE")]
    pub webhook_ca: Option<PathBuf>,
}

/// The same, settled and checked.
#[derive(Clone, Debug, Default)]
pub struct WebhookSettings {
    /// Networks inside that messages may go to.
    pub allowed: Allowed,
    /// Certificates of authorities, PEM.
    pub authorities: Vec<u8>,
}

impl WebhookArgs {
    /// Settles them; what is not given here comes from the file of settings.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn settle(
        &self,
        allow: Option<&str>,
        authorities: Option<&PathBuf>,
    ) -> Result<WebhookSettings, String> {
        let allowed = Allowed::parse(self.webhook_allow.as_deref().or(allow).unwrap_or_default())?;
        let authorities = match self.webhook_ca.as_ref().or(authorities) {
            None => Vec::new(),
            Some(path) => {
                let bytes = std::fs::read(path).map_err(|error| {
                    format!("webhook_ca {} cannot be read: {error}", path.display())
                })?;
                let certificates = reqwest::Certificate::from_pem_bundle(&bytes);
                if !certificates.is_ok_and(|all| !all.is_empty()) {
                    return Err(format!(
                        "webhook_ca {} holds no certificate in PEM",
                        path.display()
                    ));
                }
                bytes
            }
        };
        Ok(WebhookSettings {
            allowed,
            authorities,
        })
    }
}
