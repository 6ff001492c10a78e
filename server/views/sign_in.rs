//! The page to sign in on.

use askama::Template;

use super::Layout;

/// The page to sign in on.
#[derive(Debug, Template)]
#[template(path = "sign_in.html", whitespace = "minimize")]
pub struct SignInPage {
    /// The frame.
    pub layout: Layout,
    /// User name to start with, after a failed attempt.
    pub user: String,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Where to go afterwards: a path on this server.
    pub next: String,
    /// Nobody has an account yet.
    pub nobody_yet: bool,
}

impl SignInPage {
    /// The page; `next` is only taken over when it is a path of this server.
    pub fn new(layout: Layout, user: &str, error: Option<&str>, next: &str) -> Self {
        Self {
            layout,
            user: user.to_owned(),
            error: error.map(str::to_owned),
            next: local_path(next).to_owned(),
            nobody_yet: false,
        }
    }
}

/// A path on this server, or the first screen: `//elsewhere` and `https:…` lead nowhere.
pub fn local_path(next: &str) -> &str {
    let stays = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control);
    if stays { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_never_leads_elsewhere() {
        for (next, path) in [
            ("/clients?q=a", "/clients?q=a"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\nb", "/"),
        ] {
            assert_eq!(local_path(next), path, "{next:?}");
        }
    }
}
