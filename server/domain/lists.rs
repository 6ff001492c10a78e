//! The expected lists: what kinds there are, and what one may be called.

/// What a list of expected clients was made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListOrigin {
    /// Devices with columns, as Configuration Manager exports them.
    #[default]
    Devices,
    /// Computer accounts of Active Directory; a disabled one is decommissioned.
    AdComputers,
    /// One name a line, without a heading.
    Names,
}

impl ListOrigin {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Devices => "devices",
            Self::AdComputers => "ad_computers",
            Self::Names => "names",
        }
    }

    /// The kind a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Devices, Self::AdComputers, Self::Names]
            .into_iter()
            .find(|known| known.code() == code)
    }
}

/// What a list is called when nobody says.
pub const DEFAULT_NAME: &str = "default";

/// Most letters of a list's name.
const LONGEST_NAME: usize = 64;

/// The name of a list as it is kept: without blanks around it, and in lower case, so that `AD` replaces `ad`.
///
/// # Errors
/// A sentence that says what a name may be.
pub fn list_name(given: &str) -> Result<String, String> {
    let name = given.trim().to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    if name.is_empty() {
        return Err("a list needs a name, such as `ad`".to_owned());
    }
    if name.chars().count() > LONGEST_NAME || !name.chars().all(fits) {
        return Err(format!(
            "the name of a list has at most {LONGEST_NAME} letters, digits, blanks, dots, hyphens and underscores"
        ));
    }
    Ok(name)
}
