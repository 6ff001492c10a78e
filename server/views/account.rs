//! One's own account.

use askama::Template;

use super::{Layout, links, people::meaning, text::Moment};
use crate::{
    domain::time::Timestamp,
    store::{accounts::Account, sessions::OwnSession},
};

/// A session, dressed.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Which browser.
    pub browser: &'static str,
    /// From where it started; may be empty.
    pub address: String,
    /// When it started.
    pub started: Moment,
    /// When it was last used.
    pub used: Moment,
    /// It is the one that asks.
    pub here: bool,
    /// Where the button that ends it sends to.
    pub end: String,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "account.html", whitespace = "minimize")]
pub struct AccountPage {
    /// The frame.
    pub layout: Layout,
    /// Name of the account.
    pub name: String,
    /// Its role.
    pub role: &'static str,
    /// What that is for.
    pub meaning: &'static str,
    /// Which sites it sees, where it is limited.
    pub sites: Option<String>,
    /// The password was for once.
    pub must_change: bool,
    /// Why the last change of the password failed.
    pub error: Option<String>,
    /// Where one is signed in.
    pub sessions: Vec<SessionRow>,
}

impl AccountPage {
    /// The page; `here` is the public id of the session that asks.
    pub fn new(
        layout: Layout,
        account: &Account,
        sessions: &[OwnSession],
        here: &str,
        error: Option<String>,
    ) -> Self {
        let rows = sessions.iter().map(|session| SessionRow {
            browser: browser(&session.agent),
            address: session.address.clone(),
            started: Moment::new(Timestamp(session.created_at), layout.now),
            used: Moment::new(Timestamp(session.last_used_at), layout.now),
            here: session.id == here,
            end: format!("/account/sessions/{}/end", links::encode(&session.id)),
        });
        Self {
            name: account.name.clone(),
            role: account.role.code(),
            meaning: meaning(account.role),
            sites: account.sites.limit().map(|codes| codes.join(", ")),
            must_change: account.must_change,
            error,
            sessions: rows.collect(),
            layout,
        }
    }
}

/// The family of a browser, by what it says of itself. Most pretend to be the one before them, so the order counts.
fn browser(agent: &str) -> &'static str {
    const FAMILIES: [(&str, &str); 7] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Trident/", "Internet Explorer"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    FAMILIES
        .into_iter()
        .find(|(mark, _)| agent.contains(mark))
        .map_or("Another program", |(_, family)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_by_what_it_does_not_share() {
        for (agent, family) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
                "Firefox",
            ),
            (
                "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
                "Internet Explorer",
            ),
            ("", "Another program"),
        ] {
            assert_eq!(browser(agent), family);
        }
    }
}
