//! A forecast in sentences, or the one sentence that says why there is none.

use super::text::{clients, counted, number};
use crate::domain::{
    days::date_of,
    forecast::{Confidence, Forecast, NEEDED_DAYS, Needed, NoForecast},
};

/// The sentences, in order; one alone when there is no forecast.
pub fn sentences(outcome: &Result<Forecast, NoForecast>) -> Vec<String> {
    match outcome {
        Ok(forecast) => dates(forecast),
        Err(why) => vec![because(why)],
    }
}

fn dates(forecast: &Forecast) -> Vec<String> {
    let (first, last) = forecast.window;
    let weeks = counted((last - first + 1) / 7, "week", "weeks");
    let middle = format!(
        "{} not ready. At the middle pace of the last {weeks}, {} a week, nobody would be left on {}",
        if forecast.left == 1 {
            "1 client is".to_owned()
        } else {
            format!("{} are", clients(forecast.left))
        },
        pace(forecast.pace),
        date_of(forecast.middle),
    );
    let slow_weeks = if forecast.slow_lately {
        "at the pace of the last two weeks"
    } else {
        "at the pace of the slow weeks"
    };
    let measured = if forecast.slow_lately {
        "slower than before"
    } else {
        "five of six were faster"
    };
    let slow = forecast.slow.map_or_else(
        || format!("; {slow_weeks} ({measured}) there is no end in sight."),
        |day| {
            format!(
                "; {slow_weeks}, {} a week ({measured}), on {}.",
                pace(forecast.slow_pace),
                date_of(day)
            )
        },
    );
    let confidence = match forecast.confidence {
        Confidence::Low => {
            "Low confidence: there are few weeks to learn from, or they were uneven. The last clients usually take longest."
        }
        Confidence::Moderate => {
            "Moderate confidence, if the coming weeks are like these. The last clients usually take longest."
        }
    };
    vec![format!("{middle}{slow}"), confidence.to_owned()]
}

/// Why there is no forecast, in one sentence.
pub fn because(why: &NoForecast) -> String {
    match why {
        NoForecast::Nothing => format!(
            "No forecast: no day has been written down yet, and one needs {NEEDED_DAYS} days."
        ),
        NoForecast::Done => "No forecast is needed: everybody counted is ready.".to_owned(),
        NoForecast::Young { days } => format!(
            "No forecast yet: the numbers reach back {}, and one needs {NEEDED_DAYS}.",
            counted(*days, "day", "days")
        ),
        NoForecast::Rules { since, days } => format!(
            "No forecast: the rules changed on {}, and one needs {NEEDED_DAYS} days under the same rules; {} passed.",
            date_of(*since),
            if *days == 1 {
                "1 has".to_owned()
            } else {
                format!("{} have", number(*days))
            }
        ),
        NoForecast::Gaps { missing, of } => format!(
            "No forecast: {} of the last {} days have no numbers.",
            number(*missing),
            number(*of)
        ),
        NoForecast::NoProgress { before, now, days } => format!(
            "No forecast: {} not ready {} ago, and now it is {}; there is no progress to go on.",
            if *before == 1 {
                "1 client was".to_owned()
            } else {
                format!("{} were", clients(*before))
            },
            counted(*days, "day", "days"),
            number(*now)
        ),
        NoForecast::TooSlow => {
            "No forecast: at the pace seen it would take more than three years.".to_owned()
        }
    }
}

/// What a chosen date asks for.
pub fn for_date(by: i64, needed: Option<Needed>, outcome: &Result<Forecast, NoForecast>) -> String {
    let date = date_of(by);
    let Some(needed) = needed else {
        return format!("{date} has come; choose a later date.");
    };
    let seen = outcome.as_ref().map_or_else(
        |_| String::new(),
        |forecast| format!("; the middle pace has been {}", pace(forecast.pace)),
    );
    format!(
        "To have nobody left on {date}, {} away, it takes {} a week{seen}.",
        counted(needed.days, "day", "days"),
        pace(needed.pace)
    )
}

/// Clients a week; below ten with one decimal.
fn pace(pace: f64) -> String {
    if pace > 0.0 && pace < 0.05 {
        return "fewer than 0.1 clients".to_owned();
    }
    if pace < 10.0 {
        return format!("{pace:.1} clients");
    }
    #[expect(clippy::cast_possible_truncation, reason = "a number of clients")]
    let whole = pace.round() as i64;
    clients(whole)
}
