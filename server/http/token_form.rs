//! What somebody wants of a new token, read from words: the page and the command line take the same.

use crate::{
    domain::{
        access::Sites,
        time::{DAY, Timestamp},
    },
    networks,
    store::tokens::{NewToken, Purpose},
    wire::FieldError,
};

/// The longest that a token may be asked to hold; without an end it holds until somebody revokes it.
const MOST_DAYS: i64 = 3_650;
/// Sites that a token may name.
const MOST_SITES: usize = 100;
/// Networks that a token may name.
const MOST_NETWORKS: usize = 100;

/// A new token in words; an empty one leaves it open.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Its purpose.
    pub purpose: String,
    /// What to call it.
    pub name: String,
    /// When it ends: `90d`, a date or a time.
    pub expires: String,
    /// Site codes, comma separated.
    pub sites: String,
    /// Networks, comma separated.
    pub networks: String,
    /// New clients an hour.
    pub new_ids: String,
}

impl Words {
    /// The token they ask for.
    ///
    /// # Errors
    /// Each word that is wrong, with its place.
    pub fn understood(&self, now: Timestamp) -> Result<NewToken, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: &str, detail: String| {
            errors.push(FieldError {
                pointer: pointer.to_owned(),
                detail,
            });
        };
        let purpose = Purpose::from_code(self.purpose.trim());
        if purpose.is_none() {
            wrong(
                "/purpose",
                "purpose must be ingest, read, population or import".to_owned(),
            );
        }
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control) {
            wrong(
                "/name",
                "a token's name has 1 to 100 printable characters".to_owned(),
            );
        }
        let expires_at = expiry(self.expires.trim(), now).unwrap_or_else(|detail| {
            wrong("/expires", detail);
            None
        });
        let sites = sites(&self.sites).unwrap_or_else(|detail| {
            wrong("/sites", detail);
            Sites::default()
        });
        let networks = networks::parse("from", &self.networks).unwrap_or_else(|detail| {
            wrong("/from", detail);
            Vec::new()
        });
        if networks.len() > MOST_NETWORKS {
            wrong(
                "/from",
                format!("a token names {MOST_NETWORKS} networks at most; take wider ones"),
            );
        }
        let new_ids = self.new_ids.trim();
        let new_ids_per_hour = if new_ids.is_empty() {
            None
        } else {
            let number = new_ids.parse().ok();
            if number.is_none() {
                wrong(
                    "/new_clients_per_hour",
                    "new clients an hour must be a whole number; 0 is no limit".to_owned(),
                );
            }
            number
        };
        match purpose {
            Some(purpose) if errors.is_empty() => Ok(NewToken {
                purpose,
                name: name.to_owned(),
                expires_at,
                sites,
                networks,
                new_ids_per_hour,
            }),
            _ => Err(errors),
        }
    }
}

/// When a token ends: in so many days, or at that time, of which a date alone is its end.
fn expiry(text: &str, now: Timestamp) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let odd = || {
        format!(
            "{text:?} is no end: write days such as 90d, a date such as 2027-03-31, or a time such as 2027-03-31T08:00:00Z"
        )
    };
    let at = if let Some(days) = text.strip_suffix('d') {
        let days: i64 = days.parse().map_err(|_| odd())?;
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(format!(
                "a token holds from 1 to {MOST_DAYS} days, not {days}"
            ));
        }
        now.plus(days * DAY)
    } else if text.len() == 10 {
        Timestamp::parse(&format!("{text}T00:00:00Z"))
            .map_err(|_| odd())?
            .plus(DAY)
    } else {
        Timestamp::parse(text).map_err(|_| odd())?
    };
    if at <= now {
        return Err(format!(
            "{text} is over; a token that has ended opens nothing"
        ));
    }
    if at.since(now) > (MOST_DAYS + 1) * DAY {
        return Err(format!("a token holds {MOST_DAYS} days at most"));
    }
    Ok(Some(at))
}

/// Site codes as reports have them: in capitals.
fn sites(text: &str) -> Result<Sites, String> {
    let codes: Vec<String> = text
        .split(',')
        .map(|code| code.trim().to_ascii_uppercase())
        .filter(|code| !code.is_empty())
        .collect();
    if codes.is_empty() {
        return Ok(Sites::all());
    }
    if codes.len() > MOST_SITES {
        return Err(format!("a token names {MOST_SITES} sites at most"));
    }
    let is_code = |code: &&String| {
        code.chars().count() <= 16 && code.chars().all(|c| c.is_ascii_alphanumeric())
    };
    match codes.iter().find(|code| !is_code(code)) {
        Some(odd) => Err(format!(
            "{odd:?} is no site code; write codes such as P01,P02"
        )),
        None => Ok(Sites::only(codes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_when_it_says() {
        let now = Timestamp::parse("2026-11-26T10:00:00Z").expect("a time");
        for (text, end) in [
            ("90d", "2027-02-24T10:00:00Z"),
            ("2026-12-31", "2027-01-01T00:00:00Z"),
            ("2026-11-26", "2026-11-27T00:00:00Z"),
            ("2026-11-26T12:00:00+01:00", "2026-11-26T11:00:00Z"),
        ] {
            let at = expiry(text, now).expect("an end").expect("an end");
            assert_eq!(at.to_string(), end, "{text}");
        }
        assert_eq!(expiry("", now), Ok(None));
        for odd in [
            "0d",
            "d",
            "-1d",
            "3651d",
            "2026-11-25",
            "soon",
            "2099-01-01",
            "2026-11-26T09:00:00Z",
        ] {
            assert!(expiry(odd, now).is_err(), "{odd}");
        }
    }

    #[test]
    fn each_word_that_is_wrong_is_named() {
        let words = Words {
            purpose: "everything".to_owned(),
            expires: "never".to_owned(),
            sites: "P01, P-2".to_owned(),
            networks: "10.0.0.1/8".to_owned(),
            new_ids: "-1".to_owned(),
            ..Words::default()
        };
        let errors = words.understood(Timestamp(0)).expect_err("all wrong");
        let places: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(
            places,
            [
                "/purpose",
                "/name",
                "/expires",
                "/sites",
                "/from",
                "/new_clients_per_hour"
            ]
        );
    }
}
