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
    let name: String = given.trim().chars().map(lower).collect();
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

/// One letter in lower case. What would become two signs stays as it is: they could not stand in a name.
fn lower(letter: char) -> char {
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_alphabet_is_kept_in_lower_case() {
        for (given, kept) in [
            (" AD ", "ad"),
            ("Zürich-\u{184}", "zürich-\u{185}"),
            ("\u{247}\u{11e}0\u{130}", "\u{247}\u{11f}0\u{130}"),
        ] {
            assert_eq!(list_name(given).as_deref(), Ok(kept), "{given}");
        }
        for wrong in ["", " ", "a/b", "a\u{307}", &"a".repeat(65)] {
            assert!(list_name(wrong).is_err(), "{wrong}");
        }
    }
}
