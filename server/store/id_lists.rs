//! Lists as plain ids: which id is meant, how many clients have it, and of which sites those are.

use super::db::Composed;
use super::{
    error::Result,
    lists::{Walk, lead},
    model::{ClientRow, Order},
    narrowing::{Growing, pieces},
};

/// The largest resource id that the cmdlets of Configuration Manager take; it never gives a larger one.
pub const LARGEST_RESOURCE_ID: i64 = 2_147_483_647;

/// An id of which a list is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdKind {
    /// Configuration Manager's resource id.
    #[default]
    ResourceId,
    /// The GUID of its client.
    SmsGuid,
    /// The name.
    Name,
    /// Fully qualified domain name.
    Fqdn,
    /// Our own.
    Id,
}

impl IdKind {
    /// All, the usual one first.
    pub const ALL: [Self; 5] = [
        Self::ResourceId,
        Self::SmsGuid,
        Self::Name,
        Self::Fqdn,
        Self::Id,
    ];

    /// The stable code: the field of a list that holds it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ResourceId => "resource_id",
            Self::SmsGuid => "sms_guid",
            Self::Name => "name",
            Self::Fqdn => "fqdn",
            Self::Id => "id",
        }
    }

    /// The kind a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The id of a client; `None`: it has no such id that anybody could use.
    pub fn of(self, row: &ClientRow) -> Option<String> {
        match self {
            Self::ResourceId => row
                .ids
                .resource_id
                .filter(|id| (1..=LARGEST_RESOURCE_ID).contains(id))
                .map(|id| id.to_string()),
            Self::SmsGuid => row.ids.sms_guid.as_ref().map(|guid| format!("GUID:{guid}")),
            Self::Name => Some(row.name.clone()),
            Self::Fqdn => row.ids.fqdn.clone(),
            Self::Id => Some(row.id.clone()),
        }
    }

    /// The beginning of the statement that counts; the same condition as [`IdKind::of`].
    const fn counting(self) -> &'static str {
        macro_rules! counting {
            ($id:literal) => {
                concat!(
                    "SELECT COUNT(*) AS everybody, COUNT(",
                    $id,
                    ") AS known, MIN(CASE WHEN resource_id BETWEEN 1 AND 2147483647 THEN site END) AS first_site, \
                     MAX(CASE WHEN resource_id BETWEEN 1 AND 2147483647 THEN site END) AS last_site \
                     FROM clients WHERE estate = ?"
                )
            };
        }
        match self {
            Self::ResourceId => {
                counting!("CASE WHEN resource_id BETWEEN 1 AND 2147483647 THEN 1 END")
            }
            Self::SmsGuid => counting!("sms_guid"),
            Self::Name => counting!("name"),
            Self::Fqdn => counting!("fqdn"),
            Self::Id => counting!("id"),
        }
    }
}

/// How many of a list have an id, and where those with a resource id are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Clients of the list.
    pub everybody: i64,
    /// Those of them that have the id.
    pub known: i64,
    /// The first and the last site, in the order of their codes, of those that have a resource id; an empty one: nobody
    /// knows it. `None`: none has a resource id.
    pub sites: Option<(String, String)>,
}

#[derive(sqlx::FromRow)]
struct Counted {
    everybody: i64,
    known: i64,
    first_site: Option<String>,
    last_site: Option<String>,
}

impl Walk {
    /// How many of the list have this id; from the snapshot that the list itself is read from.
    pub async fn known(&mut self, kind: IdKind) -> Result<Known> {
        let (tx, filter, now) = self.parts();
        let lead = lead(tx, filter, now).await?;
        let mut all = Known::default();
        for piece in pieces(filter, Order::Name) {
            let mut text = Composed::default();
            text.push(kind.counting());
            let mut growing = Growing::new(text);
            growing.narrow(filter, piece, lead, now);
            for part in growing.statement(tx).all::<Counted>().await? {
                all.everybody += part.everybody;
                all.known += part.known;
                if let (Some(first), Some(last)) = (part.first_site, part.last_site) {
                    all.sites = Some(match all.sites.take() {
                        Some((least, most)) => (least.min(first), most.max(last)),
                        None => (first, last),
                    });
                }
            }
        }
        Ok(all)
    }
}
