//! The columns of a list of clients: what they are called, and which fields of a download say the same.

use super::links;
use crate::store::model::Order;

/// A column that a reader can choose; the name is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListColumn {
    /// OS version.
    Os,
    /// Standing, with its impact.
    Standing,
    /// Reasons.
    Why,
    /// Fixes.
    Fix,
    /// Site.
    Site,
    /// Owner.
    Owner,
    /// When the facts were read.
    LastReport,
    /// Since when the verdict has been what it is.
    Since,
    /// Last contact in Configuration Manager.
    LastContact,
    /// Site system roles.
    Roles,
    /// Configuration Manager's GUID.
    Guid,
    /// Its resource id.
    Resource,
    /// FQDN.
    Fqdn,
    /// Serial number.
    Serial,
    /// How it stands to the expected lists.
    Listing,
}

impl ListColumn {
    /// All, in the order in which they stand.
    pub const ALL: [Self; 15] = [
        Self::Os,
        Self::Standing,
        Self::Why,
        Self::Fix,
        Self::Site,
        Self::Owner,
        Self::LastReport,
        Self::Since,
        Self::LastContact,
        Self::Roles,
        Self::Guid,
        Self::Resource,
        Self::Fqdn,
        Self::Serial,
        Self::Listing,
    ];

    /// Those that are shown unless others are asked for.
    pub const USUAL: [Self; 7] = [
        Self::Os,
        Self::Standing,
        Self::Why,
        Self::Fix,
        Self::Site,
        Self::Owner,
        Self::LastReport,
    ];

    /// The stable code, as `columns=` has it: the first field of a download that says the same.
    pub const fn code(self) -> &'static str {
        self.fields()[0]
    }

    /// The fields of a download that say what the column says.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Os => &["os", "os_key"],
            Self::Standing => &["standing", "impact"],
            Self::Why => &["reasons", "deciding"],
            Self::Fix => &["fixes"],
            Self::Site => &["site_code"],
            Self::Owner => &["owner"],
            Self::LastReport => &["collected_at"],
            Self::Since => &["since"],
            Self::LastContact => &["last_contact"],
            Self::Roles => &["roles"],
            Self::Guid => &["sms_guid"],
            Self::Resource => &["resource_id"],
            Self::Fqdn => &["fqdn"],
            Self::Serial => &["serial_number"],
            Self::Listing => &["listing"],
        }
    }

    /// The head of the column.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Os => "OS version",
            Self::Standing => "Standing",
            Self::Why => "Why",
            Self::Fix => "What fixes it",
            Self::Site => "Site",
            Self::Owner => "Owner",
            Self::LastReport => "Last report",
            Self::Since => "Same verdict since",
            Self::LastContact => "Last contact in ConfigMgr",
            Self::Roles => "Site system roles",
            Self::Guid => "ConfigMgr GUID",
            Self::Resource => "Resource id",
            Self::Fqdn => "FQDN",
            Self::Serial => "Serial number",
            Self::Listing => "Expected list",
        }
    }

    /// The column a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// How a list is shown: in which order, with which columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The order.
    pub order: Order,
    /// The columns besides the name.
    pub columns: Vec<ListColumn>,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            order: Order::default(),
            columns: ListColumn::USUAL.to_vec(),
        }
    }
}

impl Shown {
    /// The same columns in another order.
    #[must_use]
    pub fn ordered(&self, order: Order) -> Self {
        Self {
            order,
            columns: self.columns.clone(),
        }
    }

    /// What an address says of it; nothing for what is usual.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if self.order != Order::default() {
            pairs.push(("sort", self.order.code().to_owned()));
        }
        if self.columns != ListColumn::USUAL {
            let codes: Vec<&str> = self.columns.iter().map(|column| column.code()).collect();
            pairs.push(("columns", codes.join(",")));
        }
        pairs
    }

    /// The fields of a download with exactly these columns, ids first.
    pub fn fields(&self) -> String {
        ["id", "name"]
            .into_iter()
            .chain(
                self.columns
                    .iter()
                    .flat_map(|column| column.fields())
                    .copied(),
            )
            .collect::<Vec<_>>()
            .join(",")
    }
}

/// The head of a column that a list can be ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sortable {
    /// The list in the order that a click gives.
    pub href: String,
    /// `ascending`, `descending` or `none`, as `aria-sort` says it.
    pub now: &'static str,
    /// What a click does, in words.
    pub does: &'static str,
}

impl Sortable {
    /// The head of the names.
    pub fn name(
        kind: links::ListKind,
        filter: &crate::store::model::Filter,
        shown: &Shown,
    ) -> Self {
        let (now, next, does) = match shown.order {
            Order::Name => ("ascending", Order::NameDown, "From Z to A"),
            Order::NameDown => ("descending", Order::Name, "From A to Z"),
            _ => ("none", Order::Name, "In order of name"),
        };
        Self {
            href: kind.shown_url(filter, &shown.ordered(next)),
            now,
            does,
        }
    }

    /// The head of the time of the verdict.
    pub fn since(
        kind: links::ListKind,
        filter: &crate::store::model::Filter,
        shown: &Shown,
    ) -> Self {
        let (now, next, does) = match shown.order {
            Order::Since => ("ascending", Order::SinceDown, "Newest verdict first"),
            Order::SinceDown => ("descending", Order::Since, "Oldest verdict first"),
            _ => ("none", Order::Since, "Oldest verdict first"),
        };
        Self {
            href: kind.shown_url(filter, &shown.ordered(next)),
            now,
            does,
        }
    }
}
