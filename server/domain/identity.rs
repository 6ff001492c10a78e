//! By what names a client is known: every id is an attribute; none of them alone is trusted to be unique.

/// The ids a report or a population row carries. Normalised by [`ClientIds::normalised`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientIds {
    /// ConfigMgr client GUID, upper-case without the `GUID:` prefix. Changes when a machine is rebuilt.
    pub sms_guid: Option<String>,
    /// ConfigMgr resource id; unique only together with the site code.
    pub resource_id: Option<i64>,
    /// ConfigMgr site code, three characters, upper-case.
    pub site_code: Option<String>,
    /// NetBIOS name as reported, for display.
    pub name: Option<String>,
    /// Fully qualified domain name, lower-case.
    pub fqdn: Option<String>,
    /// SMBIOS UUID, upper-case; survives a rebuild, but clones share it.
    pub smbios_guid: Option<String>,
    /// Serial number as reported.
    pub serial_number: Option<String>,
}

/// SMBIOS ids and serial numbers that firmware ships by the thousand; they identify nothing.
const MEANINGLESS: &[&str] = &[
    "00000000-0000-0000-0000-000000000000",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "03000200-0400-0500-0006-000700080009",
    "TO BE FILLED BY O.E.M.",
    "DEFAULT STRING",
    "SYSTEM SERIAL NUMBER",
    "NONE",
    "0",
];

fn cleaned(text: Option<String>) -> Option<String> {
    let text = text?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return None;
    }
    Some(if trimmed.len() == text.len() {
        text
    } else {
        trimmed.to_owned()
    })
}

/// Most characters of a site code. Those of Configuration Manager have three; other tools call their sites by name.
pub const SITE_AT_MOST: usize = 64;

/// The first sign of a name that cannot be seen, or looks like a blank and is none: with one, two names look the same.
pub fn hidden_sign(text: &str) -> Option<char> {
    let hidden = |sign: &char| {
        sign.is_control()
            // A blank that looks like none at an end, or like another one in between.
            || sign.is_whitespace() && *sign != ' '
            || matches!(sign, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{2800}' | '\u{3164}' | '\u{1d173}'..='\u{1d17a}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().find(hidden)
}

/// Whether a text may be a site code: short, and of signs that can be seen. Two codes that look the same would be two sites, of
/// which one is looked at and the other is not.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_site(text: &str) -> Result<(), String> {
    if text.chars().count() > SITE_AT_MOST {
        return Err(format!(
            "this is longer than {SITE_AT_MOST} characters, the most that a site code may have; write one like P01"
        ));
    }
    match hidden_sign(text) {
        None => Ok(()),
        Some(sign) => Err(format!(
            "this holds the sign U+{:04X}, which cannot be seen; a site code cannot, so write one like P01",
            u32::from(sign)
        )),
    }
}

impl ClientIds {
    /// The same ids in the one spelling that is compared: trimmed, empty ones dropped, GUIDs upper-case
    /// without prefix or braces, the FQDN lower-case without a final dot, the site code upper-case.
    #[must_use]
    pub fn normalised(self) -> Self {
        let guid = |text: Option<String>| {
            cleaned(text).map(|text| {
                let text = text.to_ascii_uppercase();
                let text = text.strip_prefix("GUID:").unwrap_or(&text);
                text.trim_matches(|c| c == '{' || c == '}').to_owned()
            })
        };
        let meaningful = |text: &String| {
            !MEANINGLESS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(text))
        };
        Self {
            sms_guid: guid(self.sms_guid).filter(|text| !text.is_empty()),
            resource_id: self.resource_id,
            site_code: cleaned(self.site_code).map(|text| text.to_ascii_uppercase()),
            name: cleaned(self.name),
            fqdn: cleaned(self.fqdn)
                .map(|text| text.trim_end_matches('.').to_lowercase())
                .filter(|text| !text.is_empty()),
            smbios_guid: guid(self.smbios_guid).filter(meaningful),
            serial_number: cleaned(self.serial_number).filter(meaningful),
        }
    }

    /// Whether at least one id is there that a client can be found by: a GUID, a resource id with its
    /// site, an FQDN, or (weakest) a name.
    pub fn identifies(&self) -> bool {
        self.sms_guid.is_some()
            || (self.resource_id.is_some() && self.site_code.is_some())
            || self.fqdn.is_some()
            || self.name.is_some()
    }

    /// What to call this client on a page: its name, else the best id there is.
    pub fn display_name(&self) -> String {
        self.name
            .clone()
            .or_else(|| {
                self.fqdn
                    .as_ref()
                    .map(|fqdn| fqdn.split('.').next().unwrap_or(fqdn).to_owned())
            })
            .or_else(|| self.sms_guid.as_ref().map(|guid| format!("GUID:{guid}")))
            .or_else(|| {
                self.resource_id.map(|id| {
                    let site = self.site_code.as_deref().unwrap_or("?");
                    format!("resource {id} at {site}")
                })
            })
            .unwrap_or_else(|| "unnamed".to_owned())
    }
}
