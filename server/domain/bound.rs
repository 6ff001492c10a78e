//! A sender that has proven which machine it is, by a certificate or a signature: it may speak of that machine only.

use super::identity::ClientIds;

/// The names that are proven, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    names: Vec<String>,
}

impl Bound {
    /// Bound to these names; `None`: there is none, so that nothing is proven.
    pub fn to(names: impl IntoIterator<Item = String>) -> Option<Self> {
        let names: Vec<String> = names
            .into_iter()
            .map(|name| name.trim().trim_end_matches('.').to_lowercase())
            // A name with a star stands for many machines and proves none of them.
            .filter(|name| !name.is_empty() && !name.contains('*'))
            .collect();
        (!names.is_empty()).then_some(Self { names })
    }

    /// The ids of a report as far as they are proven. What is not proven, the GUID and the resource id, is
    /// left out: by them a report could be put under another machine.
    ///
    /// # Errors
    /// Where in the report another machine is named, and what is wrong with that.
    pub fn hold(&self, ids: ClientIds) -> Result<ClientIds, (&'static str, String)> {
        let refuse = |pointer, said: &str| {
            Err((
                pointer,
                format!(
                    "{said:?} is not the machine that sent this, which has proven to be {}; over this address a machine can report only for itself",
                    self.names.join(", ")
                ),
            ))
        };
        if let Some(fqdn) = &ids.fqdn
            && !self.names.contains(&fqdn.to_lowercase())
        {
            return refuse("/client/fqdn", fqdn);
        }
        // What the report says in full has been held against the certificate; the name is the beginning of that.
        let among: Vec<&String> = match &ids.fqdn {
            Some(fqdn) => vec![fqdn],
            None => self.names.iter().collect(),
        };
        let proven = match &ids.name {
            None => among.first().copied(),
            Some(said) => {
                let name = said.to_lowercase();
                let is = |full: &&String| **full == name || first_label(full) == netbios(&name);
                match among.into_iter().find(is) {
                    Some(full) => Some(full),
                    None => return refuse("/client/name", said),
                }
            }
        };
        let fqdn = proven.filter(|full| full.contains('.')).cloned();
        let name = ids.name.clone().or_else(|| proven.cloned());
        Ok(ClientIds {
            sms_guid: None,
            resource_id: None,
            fqdn,
            name,
            ..ids
        })
    }
}

/// The first label, as long as Windows keeps it as a name.
fn first_label(full: &str) -> String {
    netbios(full.split('.').next().unwrap_or(full))
}

/// NetBIOS cuts names after 15 characters.
fn netbios(name: &str) -> String {
    name.chars().take(15).collect()
}
