//! Who has an account, what each is for, and how that is changed.

use askama::Template;

use super::{Layout, links, text::Moment};
use crate::{domain::access::Role, store::accounts::Account};

/// What a role is for, in a line.
pub const fn meaning(role: Role) -> &'static str {
    match role {
        Role::Viewer => "reads pages, lists and downloads",
        Role::Operator => "also brings in reports, files and expected lists",
        Role::Approver => "reads, and decides on exceptions and cutovers",
        Role::Administrator => "does everything, and manages people, tokens and webhooks",
        Role::Auditor => "reads everything, the audit log among it, and changes nothing",
    }
}

/// Address of the page of an account.
pub fn person_url(name: &str) -> String {
    format!("/people/{}", links::encode(name))
}

/// The host of the server that vouches for an account, where one does.
pub fn host(account: &Account) -> Option<String> {
    let (_, rest) = account.issuer.split_once("://")?;
    let host = rest.split('/').next().unwrap_or_default();
    (!host.is_empty()).then(|| host.to_owned())
}

/// A role to choose.
#[derive(Clone, Copy, Debug)]
pub struct RoleChoice {
    /// Its code.
    pub code: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Whether it is the one now.
    pub chosen: bool,
}

fn choices(now: Role) -> Vec<RoleChoice> {
    Role::ALL
        .into_iter()
        .map(|role| RoleChoice {
            code: role.code(),
            meaning: meaning(role),
            chosen: role == now,
        })
        .collect()
}

/// An account, dressed.
#[derive(Clone, Debug)]
pub struct PersonRow {
    /// Its name.
    pub name: String,
    /// Address of its page.
    pub href: String,
    /// What it is for.
    pub role: &'static str,
    /// Which sites it sees, in words.
    pub sites: String,
    /// When it was last signed in with.
    pub seen: Option<Moment>,
    /// How it stands.
    pub state: &'static str,
    /// Whether it is disabled.
    pub disabled: bool,
    /// When it was made.
    pub made: Moment,
    /// By whom; may be empty.
    pub by: String,
    /// The host of the server that vouches for it, where there is no password here.
    pub elsewhere: Option<String>,
    /// A code is asked for after the password.
    pub second_factor: bool,
}

impl PersonRow {
    fn new(account: &Account, layout: &Layout) -> Self {
        Self {
            name: account.name.clone(),
            href: person_url(&account.name),
            role: account.role.code(),
            sites: account
                .sites
                .limit()
                .map_or_else(|| "all".to_owned(), |codes| codes.join(", ")),
            seen: account
                .last_sign_in_at
                .map(|at| Moment::new(at, layout.now)),
            state: if account.disabled_at.is_some() {
                "disabled"
            } else if account.must_change {
                "has to choose a password"
            } else {
                "enabled"
            },
            disabled: account.disabled_at.is_some(),
            made: Moment::new(account.created_at, layout.now),
            by: account.created_by.clone(),
            elsewhere: host(account),
            second_factor: account.second_factor,
        }
    }
}

/// Everybody who has an account.
#[derive(Debug, Template)]
#[template(path = "people.html", whitespace = "minimize")]
pub struct PeoplePage {
    /// The frame.
    pub layout: Layout,
    /// By name.
    pub people: Vec<PersonRow>,
    /// Roles to choose from.
    pub roles: Vec<RoleChoice>,
}

impl PeoplePage {
    /// The page.
    pub fn new(layout: Layout, accounts: &[Account]) -> Self {
        Self {
            people: accounts
                .iter()
                .map(|account| PersonRow::new(account, &layout))
                .collect(),
            roles: choices(Role::Viewer),
            layout,
        }
    }
}

/// One of them.
#[derive(Debug, Template)]
#[template(path = "person.html", whitespace = "minimize")]
pub struct PersonPage {
    /// The frame.
    pub layout: Layout,
    /// The account.
    pub person: PersonRow,
    /// Codes of the sites it is limited to, for the form.
    pub codes: String,
    /// Roles to choose from.
    pub roles: Vec<RoleChoice>,
    /// Its password for once, after it was made; shown once.
    pub password: Option<String>,
    /// It is the reader's own.
    pub own: bool,
    /// It is to be removed, and somebody has to say why.
    pub removing: bool,
}

impl PersonPage {
    /// The page.
    pub fn new(layout: Layout, account: &Account, password: Option<String>) -> Self {
        Self {
            person: PersonRow::new(account, &layout),
            codes: account.sites.limit().unwrap_or_default().join(", "),
            roles: choices(account.role),
            password,
            removing: false,
            own: layout.signed_in.as_deref() == Some(account.name.as_str()),
            layout,
        }
    }
}
