//! What every page shares: the frame around it.

use crate::domain::time::Timestamp;

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
    /// How to feed it.
    Feeding,
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

/// The frame of a page.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Version of this program.
    pub version: String,
    /// Who is signed in.
    pub signed_in: Option<String>,
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
    /// A sentence to show above the page, after something was done.
    pub notice: Option<String>,
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
const FEEDING: [(Nav, &str, &str); 7] = [
    (Nav::Upload, "/upload", "Upload files"),
    (Nav::Population, "/population", "Expected lists"),
    (Nav::Feeds, "/feeds", "Feeds"),
    (Nav::Webhooks, "/webhooks", "Webhooks"),
    (Nav::Feeding, "/feeding", "How to feed it"),
    (Nav::Method, "/method", "How this is counted"),
    (Nav::Api, "/api", "API"),
];

impl Layout {
    /// The entries that the navigation always shows, in order.
    pub fn entries(&self) -> Vec<Entry> {
        self.dressed(&READING)
    }

    /// The entries of its menu, in order.
    pub fn menu(&self) -> Vec<Entry> {
        self.dressed(&FEEDING)
    }

    /// Whether the reader is at an entry of the menu.
    pub fn in_menu(&self) -> bool {
        self.menu().iter().any(|entry| entry.current)
    }

    fn dressed(&self, entries: &[(Nav, &'static str, &'static str)]) -> Vec<Entry> {
        entries
            .iter()
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
