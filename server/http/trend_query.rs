//! A trend as it stands in an address: the same names for the page and for programs.

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{
    media,
    query::{Empty, Once, codes_of_reasons, each, site_code, unknown},
    within,
};
use crate::{
    domain::{assess, forecast, verdict::Standing},
    error::Problem,
    views::trend::Asked,
    wire::FieldError,
};

/// Most days an answer goes back.
const MOST_DAYS: i64 = 3_650;

/// A trend as it is asked for in an address.
#[derive(Clone, Debug)]
pub struct TrendQuery {
    /// Which one.
    pub asked: Asked,
    /// As CSV instead of JSON.
    pub csv: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for TrendQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let wants_csv = media::best(&parts.headers, &[media::JSON, media::CSV]) == Some(1);
        let mut query =
            parse(parts.uri.query().unwrap_or_default(), wants_csv).map_err(Problem::Invalid)?;
        query.asked.slice.within = within::of(parts)?;
        Ok(query)
    }
}

fn parse(text: &str, csv: bool) -> Result<TrendQuery, Vec<FieldError>> {
    let mut query = TrendQuery {
        asked: Asked::usual(),
        csv,
    };
    each(text, Once::default(), Empty::MeansAny, |name, value| {
        apply(&mut query, name, value)
    })?;
    Ok(query)
}

fn apply(query: &mut TrendQuery, name: &str, value: String) -> Result<(), String> {
    let asked = &mut query.asked;
    match name {
        "days" => {
            asked.days = value
                .parse()
                .ok()
                .filter(|days| (2..=MOST_DAYS).contains(days))
                .ok_or_else(|| format!("must be a number of days from 2 to {MOST_DAYS}"))?;
        }
        "site" => asked.slice.site = Some(site_code(&value)?),
        "os" => asked.slice.os = Some(value),
        "reason" => {
            if assess::reason(&value).is_none() {
                return Err(unknown(&value, &codes_of_reasons()));
            }
            asked.slice.reason = Some(value);
        }
        "standing" => {
            let standing = Standing::from_code(&value);
            asked.standing = Some(standing.ok_or_else(|| {
                format!(
                    "must be one of {}",
                    Standing::ALL.map(Standing::code).join(", ")
                )
            })?);
        }
        "by" => {
            forecast::day_named(&value)
                .ok_or_else(|| "must be a date such as 2027-03-01".to_owned())?;
            asked.by = Some(value);
        }
        "format" => {
            query.csv = match value.as_str() {
                "csv" => true,
                "json" => false,
                _ => return Err("must be json or csv".to_owned()),
            };
        }
        _ => {
            return Err(
                "is not known here; use one of days, site, os, standing, reason, by, format"
                    .to_owned(),
            );
        }
    }
    Ok(())
}
