//! Where a page of a list starts, as text that programs hand back and do not look into.

use super::{
    error::{Error, Result},
    model::{ClientRow, Order},
};

/// Which clients of a list in order of time are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// Those that have a time.
    Known,
    /// Those that have none; they come behind all others.
    Missing,
}

/// The last client of a page; the next page goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// In order of name.
    Name {
        /// The name in lower case.
        sort_key: String,
        /// Its id.
        id: Vec<u8>,
    },
    /// In order of the time of the verdict.
    Since {
        /// That time.
        since: i64,
        /// Its id.
        id: Vec<u8>,
    },
    /// In that order, among those that never had a verdict.
    NoTime {
        /// Its id.
        id: Vec<u8>,
    },
}

/// The first character of a cursor: its version and order.
const fn sign(order: Order) -> char {
    match order {
        Order::Name => '1',
        Order::NameDown => '2',
        Order::Since => '3',
        Order::SinceDown => '4',
    }
}

impl Mark {
    /// The cursor.
    pub(super) fn text(&self, order: Order) -> String {
        let (id, rest) = match self {
            Self::Name { sort_key, id } => (id, sort_key.as_bytes().to_vec()),
            Self::Since { since, id } => (id, since.to_be_bytes().to_vec()),
            Self::NoTime { id } => (id, Vec::new()),
        };
        let mut cursor = String::from(sign(order));
        for byte in id.iter().chain(&rest) {
            cursor.push_str(&format!("{byte:02x}"));
        }
        cursor
    }

    /// Reads a cursor of a list in this order.
    pub(super) fn read(order: Order, cursor: &str) -> Result<Self> {
        let foreign = || {
            Error::Input(
                "this cursor was not made by this server for a list in this order; start again without a cursor"
                    .to_owned(),
            )
        };
        let digits = cursor.strip_prefix(sign(order)).ok_or_else(foreign)?;
        if digits.len() < 32 || !digits.len().is_multiple_of(2) || !digits.is_ascii() {
            return Err(foreign());
        }
        let bytes = (0..digits.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16))
            .collect::<std::result::Result<Vec<u8>, _>>()
            .map_err(|_| foreign())?;
        let (id, rest) = bytes.split_at(16);
        let id = id.to_vec();
        if order.by_since() {
            if rest.is_empty() {
                return Ok(Self::NoTime { id });
            }
            let since = i64::from_be_bytes(rest.try_into().map_err(|_| foreign())?);
            return Ok(Self::Since { since, id });
        }
        let sort_key = String::from_utf8(rest.to_vec()).map_err(|_| foreign())?;
        // PostgreSQL takes no NUL, and no name we keep has one.
        if sort_key.contains('\0') {
            return Err(foreign());
        }
        Ok(Self::Name { sort_key, id })
    }
}

impl ClientRow {
    /// The cursor that leads on right behind this client in a list of this order; `None` for an id that is none.
    pub fn cursor(&self, order: Order) -> Option<String> {
        let id = uuid::Uuid::parse_str(&self.id).ok()?.as_bytes().to_vec();
        let mark = match (order.by_since(), self.since) {
            (false, _) => Mark::Name {
                sort_key: self.sort_key.clone(),
                id,
            },
            (true, Some(since)) => Mark::Since { since: since.0, id },
            (true, None) => Mark::NoTime { id },
        };
        Some(mark.text(order))
    }
}
