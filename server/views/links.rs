//! Every link to a list, a client or a download is made here and nowhere else, so that a number always
//! leads to exactly the list behind it.

use std::fmt::Write as _;

use super::columns::Shown;
use crate::{
    domain::verdict::Standing,
    store::model::{Filter, Freshness},
};

/// What `site=` says for clients without a known site. Site codes have three characters, so none is hit.
pub const NO_SITE: &str = "none";

/// Where programs read the feeds.
pub const FEEDS_API: &str = "/api/v1/feeds";

/// The two lists. They take the same filters; they differ in what they show without any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// What is not cleared; blocking clients when nothing is asked.
    Blockers,
    /// The whole population.
    Clients,
}

impl ListKind {
    /// The kind that can show what a filter asks for: blockers, unless ready clients may be among them.
    pub fn of(filter: &Filter) -> Self {
        if !filter.standings.is_empty() && !filter.standings.iter().any(|s| s.is_cleared()) {
            Self::Blockers
        } else {
            Self::Clients
        }
    }

    /// Path of the page.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Blockers => "/blockers",
            Self::Clients => "/clients",
        }
    }

    /// The standings the form offers.
    pub const fn standings(self) -> &'static [Standing] {
        match self {
            Self::Blockers => Standing::ALL.split_at(Standing::ALL.len() - 1).0,
            Self::Clients => &Standing::ALL,
        }
    }

    /// URL of the page that shows a filter; on the blockers page, blocking clients go without saying.
    pub fn url(self, filter: &Filter) -> String {
        with_query(self.path(), &filter_query(filter))
    }

    /// URL of the page that shows a filter in an order, with columns of one's own.
    pub fn shown_url(self, filter: &Filter, shown: &Shown) -> String {
        with_query(self.path(), &shown_query(filter, shown))
    }

    /// URL of the following page; `before` is how many rows came before it and is for display only.
    pub fn next_url(self, filter: &Filter, shown: &Shown, cursor: &str, before: i64) -> String {
        let mut query = shown_query(filter, shown);
        push(&mut query, "cursor", cursor);
        push(&mut query, "before", &before.to_string());
        with_query(self.path(), &query)
    }

    /// URL of the same list from the API, in the same order and a form: `csv`, `xlsx`, `ndjson`, `ids`, `powershell`,
    /// `json`; as a table with the same columns, when others than the usual ones were chosen.
    pub fn download_url(self, filter: &Filter, shown: &Shown, format: &str) -> String {
        let mut query = format!("format={format}");
        let filter = filter_query(filter);
        if !filter.is_empty() {
            query.push('&');
            query.push_str(&filter);
        }
        for (name, value) in shown.pairs() {
            if name == "columns" {
                if matches!(format, "csv" | "xlsx") {
                    push(&mut query, "fields", &shown.fields());
                }
            } else {
                push(&mut query, name, &value);
            }
        }
        with_query(&format!("/api/v1{}", self.path()), &query)
    }

    /// What a file with such a list is called, without its ending.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Blockers => "blockers",
            Self::Clients => "clients",
        }
    }
}

/// A page that the filter form stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// The first screen.
    Overview,
    /// A list, with its order and columns.
    List(ListKind, Shown),
}

impl Screen {
    /// Path of the page.
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::List(kind, _) => kind.path(),
        }
    }

    /// The page with another filter.
    pub fn url(&self, filter: &Filter) -> String {
        match self {
            Self::Overview => overview_url(filter),
            Self::List(kind, shown) => kind.shown_url(filter, shown),
        }
    }

    /// Whether it is the list of those that are not cleared, where blocking clients go without saying.
    pub const fn is_blockers(&self) -> bool {
        matches!(self, Self::List(ListKind::Blockers, _))
    }

    /// The standings the form offers.
    pub const fn standings(&self) -> &'static [Standing] {
        match self {
            Self::Overview => &Standing::ALL,
            Self::List(kind, _) => kind.standings(),
        }
    }
}

/// Page of the feeds.
pub const FEEDS: &str = "/feeds";
/// The page of tokens.
pub const TOKENS: &str = "/tokens";
/// Machines that sign their reports.
pub const ENROLLED: &str = "/enrolled";
/// What honest machines seldom do, as far as nobody has looked.
pub const SUSPICIONS: &str = "/suspicions";

/// URL of exactly the list a filter describes.
pub fn list_url(filter: &Filter) -> String {
    ListKind::of(filter).url(filter)
}

/// URL of one client.
pub fn client_url(id: &str) -> String {
    format!("/clients/{}", encode(id))
}

/// Where it is said that a client and another record are two machines.
pub fn two_machines_url(id: &str) -> String {
    format!("/clients/{}/two-machines", encode(id))
}

/// URL of a client's report as it came.
pub fn raw_url(id: &str) -> String {
    format!("/api/v1/clients/{}/raw", encode(id))
}

/// URL of one report of a client's history as it came.
pub fn report_url(id: &str, entry: &str) -> String {
    format!("/api/v1/clients/{}/reports/{}", encode(id), encode(entry))
}

/// URL of the page of a client's history behind an entry.
pub fn older_url(id: &str, entry: &str) -> String {
    format!("{}?older={}#history", client_url(id), encode(entry))
}

/// Where a check is explained.
pub fn check_url(id: &str) -> String {
    format!("/method#check-{}", encode(id))
}

/// URL of an upload.
pub fn upload_url(id: &str) -> String {
    format!("/uploads/{}", encode(id))
}

/// URL of an exception.
pub fn exception_url(id: &str) -> String {
    format!("/exceptions/{}", encode(id))
}

/// Where exceptions for all clients of a list are asked for.
pub fn ask_for_all_url(filter: &Filter) -> String {
    with_query("/exceptions/new", &filter_query(filter))
}

/// URL of an OS version.
pub fn os_url(key: &str) -> String {
    format!("/os/{}", encode(key))
}

/// URL of the page of one fix.
pub fn fix_url(code: &str) -> String {
    format!("/fixes/{}", encode(code))
}

/// URL of a file of one fix.
pub fn fix_file_url(code: &str, name: &str) -> String {
    format!("/fixes/{}/{}", encode(code), encode(name))
}

/// URL of the fix plan for the OS version and site of a filter.
pub fn fixes_url(filter: &Filter) -> String {
    let place = Filter {
        os: filter.os.clone(),
        site: filter.site.clone(),
        ..Filter::default()
    };
    with_query("/fixes", &filter_query(&place))
}

/// The query text of a filter: percent-encoded, always in the same order, empty for an empty filter.
pub fn filter_query(filter: &Filter) -> String {
    let mut query = String::new();
    if !filter.standings.is_empty() {
        let mut standings = filter.standings.clone();
        standings.sort_unstable();
        standings.dedup();
        let codes: Vec<&str> = standings.iter().map(|standing| standing.code()).collect();
        // Codes need no encoding, and a bare comma is allowed in a query.
        query.push_str("standing=");
        query.push_str(&codes.join(","));
    }
    if let Some(impact) = filter.impact {
        push(&mut query, "impact", impact.code());
    }
    let site = filter.site.as_deref();
    for (name, value) in [
        ("os", filter.os.as_deref()),
        (
            "site",
            site.map(|code| if code.is_empty() { NO_SITE } else { code }),
        ),
        ("role", filter.role.as_deref()),
        ("reason", filter.reason.as_deref()),
        ("fix", filter.fix.as_deref()),
        ("owner", filter.owner.as_deref()),
        ("freshness", filter.freshness.map(Freshness::code)),
        ("q", filter.q.as_deref()),
    ] {
        if let Some(value) = value {
            push(&mut query, name, value);
        }
    }
    if !filter.only_fixes.is_empty() {
        if !query.is_empty() {
            query.push('&');
        }
        let codes: Vec<String> = filter.only_fixes.iter().map(|code| encode(code)).collect();
        query.push_str("only_fixes=");
        query.push_str(&codes.join(","));
    }
    for (name, on) in [
        ("duplicates", filter.duplicates),
        ("left_out", filter.left_out),
        ("unlisted", filter.unlisted),
        ("future", filter.future),
        ("regressed", filter.regressed),
        ("suspicious", filter.suspicious),
    ] {
        if on {
            push(&mut query, name, "1");
        }
    }
    if let Some(days) = filter.unchanged {
        push(&mut query, "unchanged", &days.to_string());
    }
    if let Some(excepted) = filter.excepted {
        push(&mut query, "excepted", excepted.code());
    }
    query
}

/// The query text of a filter, an order and columns.
fn shown_query(filter: &Filter, shown: &Shown) -> String {
    let mut query = filter_query(filter);
    for (name, value) in shown.pairs() {
        push(&mut query, name, &value);
    }
    query
}

/// URL of the first screen of the clients that a filter describes.
pub fn overview_url(filter: &Filter) -> String {
    with_query("/", &filter_query(filter))
}

/// URL of the same numbers from the API.
pub fn summary_url(filter: &Filter) -> String {
    with_query("/api/v1/summary", &filter_query(filter))
}

/// URL of all sites of a filter, behind so many of them.
pub fn sites_url(filter: &Filter, before: usize) -> String {
    let mut query = filter_query(filter);
    if before > 0 {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&format!("before={before}"));
    }
    with_query("/sites", &query)
}

/// URL of a site's page.
pub fn site_url(code: &str) -> String {
    format!(
        "/sites/{}",
        encode(if code.is_empty() { NO_SITE } else { code })
    )
}

/// URL of a role's page.
pub fn role_url(role: &str) -> String {
    format!("/roles/{}", encode(role))
}

fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

fn push(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.push_str(&encode(value));
}

/// Percent-encodes everything but letters, digits and `-._~`.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verdict::Impact;

    #[test]
    fn query_is_encoded_and_in_a_stable_order() {
        let filter = Filter {
            standings: vec![Standing::Silent, Standing::Blocking, Standing::Silent],
            impact: Some(Impact::Orphan),
            site: Some(String::new()),
            only_fixes: vec![
                "install-kb3140245".to_owned(),
                "restart-computer".to_owned(),
            ],
            q: Some("büro & co=1".to_owned()),
            future: true,
            ..Filter::default()
        };
        assert_eq!(
            filter_query(&filter),
            "standing=blocking,silent&impact=orphan&site=none&q=b%C3%BCro%20%26%20co%3D1&only_fixes=install-kb3140245,restart-computer&future=1"
        );
        assert_eq!(filter_query(&Filter::default()), "");
    }

    #[test]
    fn a_list_with_ready_clients_in_it_is_not_a_list_of_blockers() {
        let with = |standings: &[Standing]| Filter {
            standings: standings.to_vec(),
            ..Filter::default()
        };
        assert_eq!(list_url(&with(&[])), "/clients");
        assert_eq!(
            list_url(&with(&[Standing::Ready])),
            "/clients?standing=ready"
        );
        assert_eq!(
            list_url(&with(&[Standing::Stale, Standing::Ready])),
            "/clients?standing=stale,ready"
        );
        assert_eq!(
            list_url(&with(&[Standing::Blocking])),
            "/blockers?standing=blocking"
        );
        assert_eq!(
            ListKind::Blockers.next_url(&with(&[Standing::Stale]), &Shown::default(), "a/b", 100),
            "/blockers?standing=stale&cursor=a%2Fb&before=100"
        );
    }

    #[test]
    fn paths_survive_odd_keys() {
        assert_eq!(os_url("10.0.19045-client"), "/os/10.0.19045-client");
        assert_eq!(os_url("../x y"), "/os/..%2Fx%20y");
    }
}
