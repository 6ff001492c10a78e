//! The few ways in which a report's text is put together, without a tree and without allocating.

use uuid::Uuid;

use crate::domain::time::Timestamp;

const DIGITS: &[u8; 10] = b"0123456789";

/// Writes into a buffer that the caller keeps.
pub(super) struct Json<'b>(pub(super) &'b mut Vec<u8>);

impl Json<'_> {
    /// Text that is already JSON.
    pub(super) fn raw(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn number(&mut self, value: u64) -> &mut Self {
        let mut digits = [0_u8; 20];
        let mut left = value;
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = digit(left % 10);
            left /= 10;
            if left == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[at..]);
        self
    }

    /// `width` digits with zeros in front.
    pub(super) fn padded(&mut self, value: u64, width: u32) -> &mut Self {
        for place in (0..width).rev() {
            self.0.push(digit(value / 10_u64.pow(place) % 10));
        }
        self
    }

    /// A quoted time in UTC, `"2026-11-23T08:15:00Z"`; milliseconds only when there are any.
    pub(super) fn time(&mut self, at: Timestamp) -> &mut Self {
        let seconds = at.0.div_euclid(1_000);
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let rest = seconds.rem_euclid(86_400).unsigned_abs();
        self.0.push(b'"');
        self.padded(year, 4).raw("-").padded(month, 2).raw("-");
        self.padded(day, 2).raw("T").padded(rest / 3_600, 2);
        self.raw(":").padded(rest / 60 % 60, 2);
        self.raw(":").padded(rest % 60, 2);
        let millis = at.0.rem_euclid(1_000).unsigned_abs();
        if millis > 0 {
            self.raw(".").padded(millis, 3);
        }
        self.raw("Z\"")
    }

    pub(super) fn uuid_upper(&mut self, id: Uuid) -> &mut Self {
        let mut text = Uuid::encode_buffer();
        let text = id.hyphenated().encode_upper(&mut text);
        self.raw(text)
    }

    pub(super) fn uuid_lower(&mut self, id: Uuid) -> &mut Self {
        let mut text = Uuid::encode_buffer();
        let text = id.hyphenated().encode_lower(&mut text);
        self.raw(text)
    }
}

fn digit(value: u64) -> u8 {
    usize::try_from(value)
        .ok()
        .and_then(|index| DIGITS.get(index).copied())
        .unwrap_or(b'?')
}

/// Year, month and day of a day number since 1970 (Hinnant's method, for years 0 to 9999).
fn civil(days: i64) -> (u64, u64, u64) {
    let day_number = (days + 719_468).unsigned_abs();
    let era = day_number / 146_097;
    let of_era = day_number % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY;

    #[test]
    fn times_read_like_everybody_elses() {
        for day in 0..40_000 {
            let at = Timestamp(day * DAY + (day * 7_919_000) % DAY / 1_000 * 1_000);
            let mut text = Vec::new();
            Json(&mut text).time(at);
            assert_eq!(String::from_utf8(text), Ok(format!("\"{at}\"")));
        }
    }

    #[test]
    fn numbers_of_all_lengths() {
        let mut text = Vec::new();
        Json(&mut text).number(0).raw(" ").number(u64::MAX);
        Json(&mut text).raw(" ").padded(42, 6);
        assert_eq!(text, b"0 18446744073709551615 000042");
    }
}
