//! What every page shares: the frame around it.

use super::{
    refused::{Refused, Typed},
    text,
};
use crate::domain::{
    access::{Permission, Role, Sites},
    time::Timestamp,
};

/// Which entry of the navigation is current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nav {
    /// The first screen.
    Overview,
    /// What blocks.
    Blockers,
    /// The fix plan.
    Fixes,
    /// How the numbers were.
    Trend,
    /// Every client, and the page of one of them.
    Clients,
    /// What is decided.
    Cutover,
    /// What somebody answers for.
    Exceptions,
    /// What somebody gave a name.
    Views,
    /// Sending files by hand.
    Upload,
    /// The expected list.
    Population,
    /// Who feeds it.
    Feeds,
    /// Whom it tells.
    Webhooks,
    /// What programs come in with.
    Tokens,
    /// Which Windows can reach it.
    Tls,
    /// Whose handshakes failed.
    Sightings,
    /// What honest machines seldom do.
    Suspicions,
    /// Who changed what.
    Audit,
    /// How to feed it.
    Feeding,
    /// What was seen on the wire.
    Observed,
    /// Who has an account.
    People,
    /// One's own account.
    Account,
    /// How this is counted.
    Method,
    /// What programs may ask.
    Api,
    /// None of them.
    #[default]
    None,
}

/// One entry of the navigation.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where it leads.
    pub href: &'static str,
    /// What it says.
    pub label: &'static str,
    /// Whether the reader is there.
    pub current: bool,
}

/// What the reader may do, so that a page shows no button that would be refused. The routes decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct May(Option<Role>);

impl May {
    /// What somebody with this role may.
    pub const fn of(role: Role) -> Self {
        Self(Some(role))
    }

    fn may(self, what: Permission) -> bool {
        self.0.is_some_and(|role| role.may(what))
    }

    /// Bring in files and lists.
    pub fn feed(&self) -> bool {
        self.may(Permission::Feed)
    }

    /// Decide.
    pub fn decide(&self) -> bool {
        self.may(Permission::Decide)
    }

    /// Read the audit log.
    pub fn audit(&self) -> bool {
        self.may(Permission::ReadAudit)
    }

    /// See what others brought in.
    pub fn see_uploads(&self) -> bool {
        self.feed() || self.audit()
    }

    /// Manage people, tokens and webhooks.
    pub fn administer(&self) -> bool {
        self.may(Permission::Administer)
    }
}

/// The frame of a page.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Version of this program.
    pub version: String,
    /// Who is signed in.
    pub signed_in: Option<String>,
    /// What the reader may do.
    pub may: May,
    /// The sites that the reader may see.
    pub sites: Sites,
    /// Which entry of the navigation is current.
    pub nav: Nav,
    /// What time it is; every age on the page is counted from here.
    pub now: Timestamp,
    /// URL of the style sheet, with its hash.
    pub css_url: String,
    /// URL of the script, with its hash.
    pub js_url: String,
    /// URL of the icon, with its hash.
    pub icon_url: String,
    /// How people reach this server, such as `https://collector.example:8443`, for commands to copy.
    pub address: String,
    /// Where signed reports are taken without TLS, while they are.
    pub signed_http: Option<std::net::SocketAddr>,
    /// A sentence to show above the page, after something was done.
    pub notice: Option<String>,
    /// A form of the page that was refused.
    pub refused: Option<Refused>,
}

/// What the navigation always shows: where it stands, who blocks, what to do.
const READING: [(Nav, &str, &str); 7] = [
    (Nav::Overview, "/", "Overview"),
    (Nav::Blockers, "/blockers", "Blockers"),
    (Nav::Clients, "/clients", "All clients"),
    (Nav::Fixes, "/fixes", "Fix plan"),
    (Nav::Trend, "/trend", "Trend"),
    (Nav::Cutover, "/cutover", "Cutover"),
    (Nav::Views, "/views", "Saved views"),
];

/// What its menu holds: where the numbers come from, and by which rules.
const FEEDING: [(Nav, &str, &str); 16] = [
    (Nav::Observed, "/observed", "Observed"),
    (Nav::Exceptions, "/exceptions", "Exceptions"),
    (Nav::Upload, "/upload", "Upload files"),
    (Nav::Population, "/population", "Expected lists"),
    (Nav::Feeds, "/feeds", "Feeds"),
    (Nav::Webhooks, "/webhooks", "Webhooks"),
    (Nav::Tokens, "/tokens", "Tokens"),
    (Nav::Tls, "/tls", "TLS self-test"),
    (Nav::Sightings, "/sightings", "Sightings"),
    (Nav::Suspicions, "/suspicions", "Suspicions"),
    (Nav::Audit, "/audit", "Audit log"),
    (Nav::Feeding, "/feeding", "How to feed it"),
    (Nav::Method, "/method", "How this is counted"),
    (Nav::Api, "/api", "API"),
    (Nav::People, "/people", "People"),
    (Nav::Account, "/account", "Your account"),
];

/// What is of the whole estate and cannot be told by site.
const WHOLE: [Nav; 7] = [
    Nav::Audit,
    Nav::Upload,
    Nav::Population,
    Nav::Feeds,
    Nav::Webhooks,
    Nav::Tokens,
    Nav::Sightings,
];

impl Layout {
    /// The entries that the navigation always shows, in order.
    pub fn entries(&self) -> Vec<Entry> {
        self.dressed(&READING)
    }

    /// The entries of its menu, in order; without those that nobody may see who may not see every site.
    pub fn menu(&self) -> Vec<Entry> {
        let mut entries = FEEDING.to_vec();
        entries.retain(|(nav, ..)| self.whole_estate() || !WHOLE.contains(nav));
        self.dressed(&entries)
    }

    /// Whether the reader may see every site, and so what cannot be told by site.
    pub const fn whole_estate(&self) -> bool {
        !self.sites.is_limited()
    }

    /// Which sites the numbers of the page count; `None`: all.
    pub fn sites_words(&self) -> Option<String> {
        Some(match self.sites.limit()? {
            [] => "You may see no site yet, so there is nothing here to see; an administrator can give you sites."
                .to_owned(),
            [only] => format!("You see the site {only} only; all numbers count this one."),
            several => format!(
                "You see the sites {} only; all numbers count these.",
                text::joined(several)
            ),
        })
    }

    /// That reports are taken without TLS; `None`: they are not.
    pub fn plain_words(&self) -> Option<String> {
        let address = self.signed_http?;
        // Where it is only who has signed in is told.
        let place = match &self.signed_in {
            Some(_) => format!(" at {address}"),
            None => String::new(),
        };
        Some(format!(
            "Signed reports are taken without TLS{place}, for clients that cannot do TLS 1.2. Whoever is on the way can read them and hold them back. Close it when the last such client is mended."
        ))
    }

    /// A form of the page, with what was typed into it where it was refused.
    pub fn typed<'l>(&'l self, form: &'l str) -> Typed<'l> {
        Typed::of(form, self.refused.as_ref())
    }

    /// Whether the reader is at an entry of the menu.
    pub fn in_menu(&self) -> bool {
        self.menu().iter().any(|entry| entry.current)
    }

    fn dressed(&self, entries: &[(Nav, &'static str, &'static str)]) -> Vec<Entry> {
        entries
            .iter()
            .filter(|(nav, ..)| match nav {
                Nav::Upload => self.may.see_uploads(),
                Nav::Webhooks | Nav::Tokens | Nav::People => self.may.administer(),
                Nav::Audit => self.may.audit(),
                _ => true,
            })
            .map(|(nav, href, label)| Entry {
                href,
                label,
                current: *nav == self.nav,
            })
            .collect()
    }

    /// The time of the page, for the foot.
    pub fn moment(&self) -> super::text::Moment {
        super::text::Moment::new(self.now, self.now)
    }
}
