//! A past for the demo: 120 days that nobody measured, made backwards from the fleet of today, and marked as made up.

use std::collections::BTreeMap;

use crate::{
    domain::{
        days::start_of,
        feeds::day_of,
        time::Timestamp,
        verdict::{Impact, Standing},
    },
    store::{
        Store,
        days::{Day, DayCount},
        model::Summary,
        trend::Slice,
    },
};

/// Days of it.
const DAYS: i64 = 120;
/// So many days ago the rules changed.
const RULES_CHANGED: i64 = 78;
/// Days ago of the first and last day on which nothing ran.
const GAP: (i64, i64) = (63, 66);
/// Days ago of the first and last day on which a feed had stopped.
const QUIET: (i64, i64) = (24, 27);

/// Writes the past of the fleet as it is now.
///
/// # Errors
/// What the database says.
pub async fn write(store: &Store, ruleset: &str, now: Timestamp) -> Result<(), String> {
    let fail = |error: crate::store::Error| error.to_string();
    let summary = store.summary(ruleset, now).await.map_err(fail)?;
    let mut places = Vec::new();
    for line in &summary.by_os {
        for (site, _) in &summary.by_site {
            let slice = Slice {
                site: Some(site.clone()),
                os: Some(line.os_key.clone()),
                ..Slice::default()
            };
            let standings = store.slice_now(&slice, now).await.map_err(fail)?;
            if !standings.is_empty() {
                places.push((site.clone(), line.os_key.clone(), standings));
            }
        }
    }
    for ago in (1..=DAYS).rev() {
        if (GAP.0..=GAP.1).contains(&ago) {
            continue;
        }
        let (head, counts) = made_up(&summary, &places, ruleset, ago, now);
        store.make_up_day(head, counts).await.map_err(fail)?;
    }
    Ok(())
}

type Place = (String, String, BTreeMap<Standing, i64>);

/// One day: of those that are ready now some were still blocking, and some had not reported yet.
fn made_up(
    summary: &Summary,
    places: &[Place],
    ruleset: &str,
    ago: i64,
    now: Timestamp,
) -> (Day, Vec<DayCount>) {
    let day = day_of(now) - ago;
    let mut head = Day {
        day,
        taken_at: start_of(day + 1),
        ruleset: if ago > RULES_CHANGED {
            format!("{ruleset} (before)")
        } else {
            ruleset.to_owned()
        },
        expected: summary.population.expected,
        total: 0,
        standings: Standing::ALL
            .into_iter()
            .map(|standing| (standing, 0))
            .collect(),
        lists: 1,
        feeds: 4,
        feeds_stopped: i64::from((QUIET.0..=QUIET.1).contains(&ago)),
        to_rejudge: 0,
        simulated: true,
        partial: false,
    };
    // Progress slows down towards the end, and stands still now and then.
    let left = (ago - i64::from(ago % 9 == 0)) * 10_000 / DAYS;
    let mut counts = Vec::new();
    for (index, (site, os_key, standings)) in places.iter().enumerate() {
        let mut then = standings.clone();
        let ready = standings.get(&Standing::Ready).copied().unwrap_or(0);
        let uneven = 9_850 + uneven(day, index);
        let share = |most: i64| ready * most * left * uneven / (100 * 10_000 * 10_000);
        let blocking = share(if ago > RULES_CHANGED { 30 } else { 22 });
        let silent = share(18);
        for (standing, more) in [
            (Standing::Blocking, blocking),
            (Standing::Silent, silent),
            (Standing::Ready, -blocking - silent),
        ] {
            *then.entry(standing).or_insert(0) += more;
        }
        for (standing, n) in then.into_iter().filter(|(_, n)| *n > 0) {
            head.total += n;
            *head.standings.entry(standing).or_insert(0) += n;
            counts.push(DayCount {
                kind: "client",
                site: site.clone(),
                os_key: os_key.clone(),
                standing,
                detail: if standing == Standing::Blocking {
                    Impact::Orphan.code().to_owned()
                } else {
                    String::new()
                },
                n,
            });
        }
    }
    (head, counts)
}

/// From 0 to 299: the same for the same day and place.
fn uneven(day: i64, place: usize) -> i64 {
    let place = i64::try_from(place).unwrap_or(0);
    (day.wrapping_mul(7_919) + place.wrapping_mul(104_729)).rem_euclid(300)
}
