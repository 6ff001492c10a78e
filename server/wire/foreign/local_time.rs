//! Times as databases and spreadsheets spell them: mostly without a zone, and sometimes with day and month in doubt.

use serde::{Deserialize, Serialize};

use super::super::{fields::optional_time, raw::Scalar};
use crate::domain::time::{HOUR, Timestamp};

/// The furthest that any clock on earth is ahead of UTC.
const FURTHEST_AHEAD: i64 = 14 * HOUR;

/// In what order a column writes day and month, as far as its cells tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent thing that some cell showed"
)]
pub(super) struct Order {
    day_first: bool,
    month_first: bool,
    /// A cell could be read either way.
    pub(super) in_doubt: bool,
    /// A cell had no zone.
    pub(super) zoneless: bool,
}

/// In what order a person says that dates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dates {
    /// The month first: `11/20/2026`.
    Us,
    /// The day first: `20/11/2026`, `20.11.2026`.
    European,
    /// The year first; other dates are taken only where they can be read in one way.
    Iso,
}

impl Dates {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Us, Self::European, Self::Iso];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::European => "european",
            Self::Iso => "iso",
        }
    }

    /// What a code names.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

/// A time that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// With its offset.
    Exact(Timestamp),
    /// Without: by the clock on the wall, as if that were UTC.
    Wall(Timestamp),
    /// Day and month may be the other way round.
    Doubtful,
    /// No time at all.
    None,
}

impl Moment {
    /// The earliest that it can be: a clock without zone may be up to 14 hours ahead of UTC.
    pub(super) fn earliest(self) -> Option<Timestamp> {
        match self {
            Self::Exact(at) => Some(at),
            Self::Wall(at) => Some(at.plus(-FURTHEST_AHEAD)),
            Self::Doubtful | Self::None => None,
        }
    }
}

impl Order {
    /// Takes a person's word for the order. A cell that shows another one still makes the column mixed.
    pub(super) fn prefer(&mut self, dates: Option<Dates>) {
        match dates {
            Some(Dates::Us) => self.month_first = true,
            Some(Dates::European) => self.day_first = true,
            Some(Dates::Iso) | None => {}
        }
    }

    /// Learns from one cell of the column.
    pub(super) fn learn(&mut self, text: &str) {
        if exact(text).is_some() {
            return;
        }
        let Some(wall) = Wall::read(text) else {
            return;
        };
        self.zoneless = true;
        let [first, second, third] = wall.date;
        if first < 1000 && third >= 1000 {
            // Nobody writes points and puts the month first.
            self.day_first |= (first > 12 || wall.dotted) && second <= 12;
            self.month_first |= second > 12 && first <= 12;
            self.in_doubt |= first <= 12 && second <= 12 && first != second;
        }
    }

    /// Two cells of the column cannot both be read in one order.
    pub(super) const fn is_mixed(self) -> bool {
        self.day_first && self.month_first
    }

    /// Whether day and month are told apart.
    pub(super) const fn is_settled(self) -> bool {
        self.day_first != self.month_first
    }

    /// Reads one cell of the column.
    pub(super) fn read(self, text: &str) -> Moment {
        if let Some(at) = exact(text) {
            return Moment::Exact(at);
        }
        let Some(wall) = Wall::read(text) else {
            return Moment::None;
        };
        let [first, second, third] = wall.date;
        let (year, month, day) = if first >= 1000 {
            (first, second, third)
        } else if self.is_mixed() || (!self.is_settled() && first != second) {
            return Moment::Doubtful;
        } else if self.day_first {
            (third, second, first)
        } else {
            (third, first, second)
        };
        wall.at(year, month, day).map_or(Moment::None, Moment::Wall)
    }
}

/// A time with its offset: RFC 3339, SQL's `datetimeoffset`, WMI's `20261120081500.000000+060`, `/Date(…)/`.
fn exact(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(Some(at)) = optional_time(&Scalar::Text(text.into())) {
        return Some(at);
    }
    if let Some(at) = wmi(text) {
        return Some(at);
    }
    // SQL's `2026-11-20 08:15:00.0000000 +01:00`.
    let mut parts = text.split_whitespace();
    let (date, time, offset) = (parts.next()?, parts.next()?, parts.next()?);
    let signed = offset.starts_with(['+', '-']) && offset.len() == 6;
    (signed && parts.next().is_none())
        .then(|| Timestamp::parse(&format!("{date}T{time}{offset}")).ok())
        .flatten()
}

/// Digits to the second, a fraction, and the offset in minutes.
fn wmi(text: &str) -> Option<Timestamp> {
    let (whole, rest) = text.split_once('.')?;
    let sign = rest.find(['+', '-'])?;
    let minutes: i64 = rest.get(sign..)?.parse().ok()?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(rest.get(..sign)?) || minutes.abs() > 14 * 60
    {
        return None;
    }
    let part = |from: usize, to: usize| whole.get(from..to).unwrap_or_default();
    let at = Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    ));
    Some(at.ok()?.plus(-minutes * crate::domain::time::MINUTE))
}

/// Three numbers of a date in the order of writing, and the time of day.
struct Wall {
    date: [u32; 3],
    time: [u32; 3],
    /// `20.11.2026`
    dotted: bool,
}

impl Wall {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find([' ', 'T', ',']).unwrap_or(text.len());
        let (date, time) = text.split_at_checked(end)?;
        let between = date.find(['-', '/', '.'])?;
        let separator = date.get(between..)?.chars().next()?;
        let mut numbers = date.split(separator).map(small);
        let date = [numbers.next()??, numbers.next()??, numbers.next()??];
        let year = if date[0] >= 1000 { date[0] } else { date[2] };
        if numbers.next().is_some() || !(1990..=2200).contains(&year) {
            return None;
        }
        let time = time.trim_start_matches(['T', ',', ' ']);
        Some(Self {
            date,
            time: time_of_day(time)?,
            dotted: separator == '.',
        })
    }

    fn at(&self, year: u32, month: u32, day: u32) -> Option<Timestamp> {
        let [hour, minute, second] = self.time;
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        Timestamp::parse(&text).ok()
    }
}

/// `08:15`, `8:15:00.123`, `8:15:00 AM`; nothing is midnight, the earliest.
fn time_of_day(text: &str) -> Option<[u32; 3]> {
    let text = text.trim();
    if text.is_empty() {
        return Some([0; 3]);
    }
    let upper = text.to_ascii_uppercase();
    let (clock, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(clock), _) => (clock.trim_end(), Some(0)),
        (_, Some(clock)) => (clock.trim_end(), Some(12)),
        _ => (upper.as_str(), None),
    };
    let mut parts = clock.split(':');
    let hour = small(parts.next()?)?;
    let minute = small(parts.next()?)?;
    let second = match parts.next() {
        None => 0,
        Some(second) => {
            let (whole, fraction) = second.split_once(['.', ',']).unwrap_or((second, "0"));
            if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            small(whole)?
        }
    };
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    (parts.next().is_none() && hour < 24 && minute < 60 && second < 60)
        .then_some([hour, minute, second])
}

fn small(text: &str) -> Option<u32> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
