//! A scope: which site systems stop speaking TLS 1.0 and 1.1, when, and which clients that is about.

use serde_json::{Value, json};

use super::super::access::Sites;

/// Days for which what a report says counts when nobody says otherwise: two cycles of inventory.
pub const USUAL_FRESHNESS: i64 = 14;

/// The old protocols that can be switched off.
pub const PROTOCOLS: [&str; 2] = ["tls1.0", "tls1.1"];

/// Which clients a decision is about, and what is switched off for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Our id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Site codes, in order; none: all sites.
    pub sites: Vec<String>,
    /// Roles of the site systems that are switched; none: all of them.
    pub roles: Vec<String>,
    /// What else narrows the clients, as parameters of an address: `os`, `role`, `owner`.
    pub filter: String,
    /// What is switched off: of [`PROTOCOLS`].
    pub protocols: Vec<String>,
    /// The planned day, such as `2027-03-12`.
    pub planned: Option<String>,
    /// Days for which what a report says counts.
    pub freshness_days: i64,
    /// Who asks for a decision cannot be the one who makes it.
    pub two_people: bool,
}

impl Scope {
    /// Whether somebody who may see these sites may see it: it lies wholly in them.
    pub fn lies_within(&self, sites: &Sites) -> bool {
        lie_within(self.sites.iter().map(String::as_str), sites)
    }

    /// Whether both are about site systems of one site.
    pub fn shares_a_site(&self, other: &Self) -> bool {
        self.sites.is_empty()
            || other.sites.is_empty()
            || self.sites.iter().any(|site| other.sites.contains(site))
    }

    /// The parts that decide what a run says, in one form.
    pub fn inputs(&self) -> Value {
        json!({
            "sites": self.sites,
            "roles": self.roles,
            "filter": self.filter,
            "protocols": self.protocols,
            "planned": self.planned,
            "freshness_days": self.freshness_days,
        })
    }

    /// Whether what was asked in this form, as [`Scope::inputs`] gives it, was about the same clients and protocols.
    pub fn was_about_the_same(&self, inputs: &Value) -> bool {
        let own = self.inputs();
        let same = |name: &&str| own[*name] == inputs[*name];
        ["sites", "roles", "filter", "protocols"].iter().all(same)
    }

    /// Whether both are about the same clients and protocols.
    pub fn is_about_the_same(&self, other: &Self) -> bool {
        self.was_about_the_same(&other.inputs())
    }

    /// This scope as it was when it was asked in this form: about other clients and protocols, perhaps; `None`: it is no such form.
    pub fn as_it_was(&self, inputs: &Value) -> Option<Self> {
        let texts = |name: &str| -> Option<Vec<String>> {
            let each = inputs[name].as_array()?.iter();
            each.map(|one| one.as_str().map(str::to_owned)).collect()
        };
        Some(Self {
            sites: texts("sites")?,
            roles: texts("roles")?,
            filter: inputs["filter"].as_str()?.to_owned(),
            protocols: texts("protocols")?,
            freshness_days: inputs["freshness_days"].as_i64()?,
            ..self.clone()
        })
    }

    /// The same with its id and name, as a record keeps it.
    pub fn whole(&self) -> Value {
        let mut whole = self.inputs();
        whole["id"] = json!(self.id);
        whole["name"] = json!(self.name);
        whole["two_people"] = json!(self.two_people);
        whole
    }

    /// Which clients depend on these site systems, and how much of that is a guess.
    pub fn dependence(&self) -> String {
        let whose = match self.sites.as_slice() {
            [] if self.filter.is_empty() => {
                return "Every client is in this scope, whatever site system it talks to."
                    .to_owned();
            }
            [] => {
                return format!(
                    "Only clients of the filter {} are counted, whatever site system they talk to. All others depend on the same site systems, and are in none of these numbers.",
                    self.filter
                );
            }
            [one] => format!("site {one}"),
            several => format!("the sites {}", several.join(", ")),
        };
        let others = if self.filter.is_empty() {
            String::new()
        } else {
            format!(
                " Only clients of the filter {} are counted. The others of {whose} depend on the same site systems, and are in none of these numbers.",
                self.filter
            )
        };
        format!(
            "A guess by site code: the clients of {whose} are taken to depend on the site systems there. The management point that a report names is the one used last, and is not counted on; boundary groups and fallback can lead clients of other sites here. Clients that are not ready and whose site is not known are counted as if they might.{others}"
        )
    }
}

/// Whether a scope of these sites lies wholly in those that somebody may see. A scope that names none is of all sites.
pub fn lie_within<'s>(codes: impl IntoIterator<Item = &'s str>, sites: &Sites) -> bool {
    if !sites.is_limited() {
        return true;
    }
    let mut codes = codes.into_iter().filter(|code| !code.is_empty()).peekable();
    codes.peek().is_some() && codes.all(|code| sites.holds(code))
}
