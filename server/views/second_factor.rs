//! The second factor: the page that asks for a code, and the one that sets it up.

use askama::Template;
use qrcode::{Color, EcLevel, QrCode};

use super::{Layout, links, text::counted};
use crate::{domain::totp::base32, store::second_factor::Factor};

/// Modules of light around a code that a camera needs.
const QUIET: usize = 4;

/// The page that asks for a code after the password.
#[derive(Debug, Template)]
#[template(path = "sign_in_code.html", whitespace = "minimize")]
pub struct CodePage {
    /// The frame.
    pub layout: Layout,
    /// Why the last code was not taken.
    pub error: Option<String>,
}

/// A secret to be taken into an app.
#[derive(Debug)]
pub struct Offer {
    /// In groups of four letters.
    pub secret: String,
    /// The same as a link that apps open.
    pub link: String,
    /// Side of the picture, in its own units; 0: there is none.
    pub side: usize,
    /// The dark parts of the picture, as a path.
    pub dark: String,
}

impl Offer {
    fn new(secret: &[u8], name: &str) -> Self {
        let text = base32(secret);
        let link = format!(
            "otpauth://totp/cutover:{}?secret={text}&issuer=cutover&algorithm=SHA1&digits=6&period=30",
            links::encode(name)
        );
        let (side, dark) = picture(&link).unwrap_or_default();
        let groups = text.as_bytes().chunks(4).map(String::from_utf8_lossy);
        Self {
            secret: groups.collect::<Vec<_>>().join(" "),
            link,
            side,
            dark,
        }
    }
}

/// A text as a picture for cameras: its side, and a path of its dark squares. A very long name may not fit; then the secret is
/// typed.
fn picture(text: &str) -> Option<(usize, String)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut dark = String::new();
    for (n, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (n % width + QUIET, n / width + QUIET);
            dark.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    Some((width + 2 * QUIET, dark))
}

/// The page on which one sets the second factor up, or takes it off.
#[derive(Debug, Template)]
#[template(path = "second_factor.html", whitespace = "minimize")]
pub struct FactorPage {
    /// The frame.
    pub layout: Layout,
    /// Another server vouches for the account.
    pub elsewhere: bool,
    /// What to take into the app.
    pub offer: Option<Offer>,
    /// There is one, and so many recovery codes are left, in words.
    pub left: Option<String>,
    /// The role needs one.
    pub needed: bool,
    /// Why the last code was not taken.
    pub error: Option<String>,
    /// Recovery codes, shown once.
    pub codes: Vec<String>,
}

impl FactorPage {
    /// The page.
    pub fn new(
        layout: Layout,
        name: &str,
        factor: &Factor,
        needed: bool,
        error: Option<String>,
        codes: Vec<String>,
    ) -> Self {
        Self {
            elsewhere: matches!(factor, Factor::Elsewhere),
            offer: match factor {
                Factor::Offered(secret) => Some(Offer::new(secret, name)),
                _ => None,
            },
            left: match factor {
                Factor::Holds(left) => Some(counted(*left, "recovery code", "recovery codes")),
                _ => None,
            },
            needed,
            error,
            codes,
            layout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_can_be_typed_opened_and_photographed() {
        let offer = Offer::new(b"12345678901234567890", "Inès & \"co\"");
        assert_eq!(offer.secret, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert!(
            offer
                .link
                .starts_with("otpauth://totp/cutover:In%C3%A8s%20%26%20%22co%22?secret=GEZD")
        );
        assert!(offer.side > 40 && offer.dark.starts_with("M4 4h1v1h-1z"));
        // The longest name there is.
        assert!(Offer::new(&[0; 20], &"\u{1f511}".repeat(100)).side > 100);
        assert_eq!(picture(&"x".repeat(10_000)), None);
    }
}
