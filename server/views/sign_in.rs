//! The page to sign in on.

use askama::Template;

use super::{Layout, links};

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
    /// Another server that vouches for people.
    pub elsewhere: Option<Elsewhere>,
}

/// Another server that vouches for people.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// What it is called.
    pub name: String,
    /// Where signing in there begins.
    pub href: String,
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
            elsewhere: None,
        }
    }

    /// The same, with another server of this name to sign in at.
    #[must_use]
    pub fn with(mut self, name: &str) -> Self {
        self.elsewhere = Some(Elsewhere {
            name: name.to_owned(),
            href: format!("/sign-in/oidc?next={}", links::encode(&self.next)),
        });
        self
    }
}

/// A path on this server, or the first screen: `//elsewhere` and `https:…` lead nowhere.
pub fn local_path(next: &str) -> &str {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    // Two slashes anywhere could be at the start once a browser has tidied the path.
    let stays = next.starts_with('/')
        && !path.contains("//")
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
            ("/a\tb", "/"),
            ("/\t/evil.example", "/"),
            ("\t//evil.example", "/"),
            (" //evil.example", "/"),
            ("///evil.example", "/"),
            ("\\\\evil.example", "/"),
            ("/a\\b", "/"),
            ("http:/evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("data:text/html,x", "/"),
            ("evil.example", "/"),
            ("@evil.example", "/"),
            (".evil.example", "/"),
            ("/\0", "/"),
            ("/\u{85}/evil.example", "/"),
            ("?next=//evil.example", "/"),
            ("#//evil.example", "/"),
            // These stay here, whatever a browser makes of them.
            ("/%2f/evil.example", "/%2f/evil.example"),
            ("/%5cevil.example", "/%5cevil.example"),
            ("/.//evil.example", "/"),
            ("/..//evil.example", "/"),
            (
                "/a?next=https://evil.example",
                "/a?next=https://evil.example",
            ),
        ] {
            assert_eq!(local_path(next), path, "{next:?}");
        }
    }
}
