//! A change as it is stored, and what it says: what happened, why, and what is other than before.

use super::{
    error::{Error, Result},
    identify,
    model::Listing,
};
use crate::domain::{
    access::Sites,
    changes::{Kind, Left, Why},
    time::Timestamp,
    verdict::{Impact, Standing},
};

/// What the list shows of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Display name.
    pub name: String,
    /// Site code; empty: not known.
    pub site: String,
    /// OS key.
    pub os_key: String,
    /// Standing.
    pub standing: Standing,
    /// What its last report was judged as.
    pub verdict: Option<Standing>,
    /// What it loses.
    pub impact: Option<Impact>,
    /// Code of the reason that decided.
    pub deciding: Option<String>,
    /// Reason bits.
    pub reasons: i64,
    /// Since when the verdict is what it is.
    pub since: Option<Timestamp>,
    /// The rules; empty: never judged.
    pub ruleset: String,
    /// How it stands to the expected lists.
    pub listing: Listing,
    /// Owner, as a list gives it.
    pub owner: Option<String>,
}

impl Shown {
    /// Whether the list of blockers has such a client.
    pub fn is_in_the_list(&self) -> bool {
        self.standing == Standing::Blocking && self.listing.is_counted()
    }

    /// The names of what differs, as programs read them.
    fn differing(&self, other: &Self) -> Vec<&'static str> {
        [
            ("name", self.name != other.name),
            ("site_code", self.site != other.site),
            ("os", self.os_key != other.os_key),
            ("standing", self.standing != other.standing),
            ("verdict", self.verdict != other.verdict),
            ("impact", self.impact != other.impact),
            ("deciding", self.deciding != other.deciding),
            ("reasons", self.reasons != other.reasons),
            ("since", self.since != other.since),
            ("ruleset", self.ruleset != other.ruleset),
            ("listing", self.listing != other.listing),
            ("owner", self.owner != other.owner),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

/// One change of the list of blockers. It says all that there is to say, whatever happened to its client since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the feed; a later one has a higher. Numbers may be left out.
    pub seq: i64,
    /// When, by the database's clock. Of two changes the later one may have the earlier time.
    pub at: Timestamp,
    /// What happened.
    pub kind: Kind,
    /// Why it left the list; `None`: it did not.
    pub why: Option<Why>,
    /// Names of the fields that differ, as programs read them; empty when nothing was known before.
    pub changed: Vec<&'static str>,
    /// Our id of the client.
    pub client_id: String,
    /// What it became.
    pub is: Shown,
    /// What it was; `None`: this is the first that is known of it.
    pub was: Option<Shown>,
}

impl Change {
    /// The change as somebody tells it who may see these sites: as if there were no others. Whoever moves to a site that
    /// may not be seen is gone, and what it became there is not told; whoever comes from one is new. `None`: it is no
    /// change of the list that may be seen.
    pub fn seen_by(self, within: &Sites) -> Option<Self> {
        let is_seen = within.holds(&self.is.site);
        let was_seen = self.was.as_ref().map(|was| within.holds(&was.site));
        match (is_seen, was_seen) {
            (true, Some(true) | None) => Some(self),
            (true, Some(false)) => {
                let arrives = self.kind != Kind::Cleared;
                arrives.then_some(Self {
                    kind: Kind::Added,
                    why: None,
                    changed: Vec::new(),
                    was: None,
                    ..self
                })
            }
            (false, Some(true)) => {
                let left = self.was.filter(Shown::is_in_the_list)?;
                Some(Self {
                    kind: Kind::Cleared,
                    why: Some(Why::Gone),
                    changed: Vec::new(),
                    is: left.clone(),
                    was: Some(left),
                    ..self
                })
            }
            (false, Some(false) | None) => None,
        }
    }
}

/// A row of the table.
#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    seq: i64,
    at: i64,
    client_id: Vec<u8>,
    deleted: bool,
    name: String,
    site: String,
    os_key: String,
    standing: String,
    verdict: Option<String>,
    impact: Option<String>,
    deciding: Option<String>,
    reasons: i64,
    verdict_since: Option<i64>,
    ruleset: String,
    listing: String,
    owner: Option<String>,
    was_name: Option<String>,
    was_site: Option<String>,
    was_os_key: Option<String>,
    was_standing: Option<String>,
    was_verdict: Option<String>,
    was_impact: Option<String>,
    was_deciding: Option<String>,
    was_reasons: Option<i64>,
    was_verdict_since: Option<i64>,
    was_ruleset: Option<String>,
    was_listing: Option<String>,
    was_owner: Option<String>,
}

impl Stored {
    /// As callers read it.
    pub(super) fn change(self) -> Result<Change> {
        let seq = self.seq;
        let broken = |what: &str| Error::Inconsistent {
            table: "changes",
            detail: format!("{what} of the change {seq}"),
        };
        let standing = |code: &str| Standing::from_code(code).ok_or_else(|| broken("a standing"));
        let listing = |code: &str| Listing::from_code(code).ok_or_else(|| broken("a listing"));
        let client = identify::from_bytes(&self.client_id).ok_or_else(|| broken("the client"))?;
        let is = Shown {
            name: self.name,
            site: self.site,
            os_key: self.os_key,
            standing: standing(&self.standing)?,
            verdict: self.verdict.as_deref().and_then(Standing::from_code),
            impact: self.impact.as_deref().and_then(Impact::from_code),
            deciding: self.deciding,
            reasons: self.reasons,
            since: self.verdict_since.map(Timestamp),
            ruleset: self.ruleset,
            listing: listing(&self.listing)?,
            owner: self.owner,
        };
        let was = match (self.was_standing, self.was_listing) {
            (Some(was_standing), Some(was_listing)) => Some(Shown {
                name: self.was_name.unwrap_or_default(),
                site: self.was_site.unwrap_or_default(),
                os_key: self.was_os_key.unwrap_or_default(),
                standing: standing(&was_standing)?,
                verdict: self.was_verdict.as_deref().and_then(Standing::from_code),
                impact: self.was_impact.as_deref().and_then(Impact::from_code),
                deciding: self.was_deciding,
                reasons: self.was_reasons.unwrap_or_default(),
                since: self.was_verdict_since.map(Timestamp),
                ruleset: self.was_ruleset.unwrap_or_default(),
                listing: listing(&was_listing)?,
                owner: self.was_owner,
            }),
            _ => None,
        };
        let was_in = was.as_ref().is_some_and(Shown::is_in_the_list);
        let is_in = !self.deleted && is.is_in_the_list();
        let kind = Kind::of(was_in, is_in).ok_or_else(|| broken("no step"))?;
        let left = Left {
            deleted: self.deleted,
            counted: is.listing.is_counted(),
            same_rules: was.as_ref().is_some_and(|was| was.ruleset == is.ruleset),
            standing: is.standing,
        };
        Ok(Change {
            seq,
            at: Timestamp(self.at),
            kind,
            why: (kind == Kind::Cleared).then(|| Why::of(left)),
            changed: was
                .as_ref()
                .map(|was| was.differing(&is))
                .unwrap_or_default(),
            client_id: client.to_string(),
            is,
            was,
        })
    }
}
