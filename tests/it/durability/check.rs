//! A second look at a database, from outside the server: is everything there that was promised, do the numbers agree?

use std::collections::{BTreeMap, BTreeSet};

use cutover::{
    clock,
    domain::{assess, time::Timestamp, verdict::Standing},
    store::{
        Store,
        model::{ClientRow, Filter, Summary},
    },
};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::ledger::Promises;

/// Fails unless everything promised is in the database and its counts are those of its lists.
pub async fn verify(url: &str, promises: &Promises) {
    let store = Store::open(url).await.expect("the database opens");
    let missing = missing(url, promises).await;
    assert!(
        missing.is_empty(),
        "{} of {} promises broken, such as: {}",
        missing.len(),
        promises.count,
        missing[0]
    );
    counts_agree(&store).await;
    store.close().await;
}

/// Every promise that was not kept.
pub async fn missing(url: &str, promises: &Promises) -> Vec<String> {
    let times = newest(url).await;
    let mut missing: Vec<String> = promises
        .newest
        .iter()
        .filter(|(guid, at)| times.get(*guid).is_none_or(|known| known < at))
        .map(|(guid, at)| format!("the client {guid} as of {at}; there: {:?}", times.get(guid)))
        .collect();
    let history = history(url).await;
    missing.extend(
        promises
            .stored
            .difference(&history)
            .map(|id| format!("the report {id}")),
    );
    missing
}

/// Every client.
pub async fn rows(store: &Store) -> Vec<ClientRow> {
    let mut walk = store
        .walk(Filter::default(), clock::now())
        .await
        .expect("a list");
    let mut rows = Vec::new();
    while let Some(more) = walk.next().await.expect("a list") {
        rows.extend(more);
    }
    rows
}

/// Of each client the time of its newest report. A list shows the oldest of the sources that a verdict rests on.
async fn newest(url: &str) -> BTreeMap<String, Timestamp> {
    const ALL: &str = "SELECT sms_guid, collected_at FROM clients WHERE sms_guid IS NOT NULL AND collected_at IS NOT NULL";
    let rows: Vec<(String, i64)> = if url.starts_with("sqlite:") {
        let mut conn = SqliteConnection::connect(url).await.expect("connect");
        sqlx::query_as(ALL).fetch_all(&mut conn).await
    } else {
        let mut conn = PgConnection::connect(url).await.expect("connect");
        sqlx::query_as(ALL).fetch_all(&mut conn).await
    }
    .expect("the clients");
    rows.into_iter()
        .map(|(guid, at)| (guid, Timestamp(at)))
        .collect()
}

/// Ids of all reports in the history.
async fn history(url: &str) -> BTreeSet<String> {
    const ALL: &str = "SELECT report_id FROM history WHERE report_id IS NOT NULL";
    let ids: Vec<String> = if url.starts_with("sqlite:") {
        let mut conn = SqliteConnection::connect(url).await.expect("connect");
        sqlx::query_scalar(ALL).fetch_all(&mut conn).await
    } else {
        let mut conn = PgConnection::connect(url).await.expect("connect");
        sqlx::query_scalar(ALL).fetch_all(&mut conn).await
    }
    .expect("the history");
    ids.into_iter().collect()
}

/// SQLite's own opinion about the whole file.
pub async fn sqlite_is_whole(url: &str) {
    let mut conn = SqliteConnection::connect(url).await.expect("connect");
    let answer: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_all(&mut conn)
        .await
        .expect("an answer");
    assert_eq!(answer, ["ok"]);
}

/// All numbers of the first screen, by what they count.
type Numbers = BTreeMap<String, i64>;

/// Fails unless the maintained counts are those of the lists. What a killed server still had under way may be
/// committed while this reads; then it reads again.
pub async fn counts_agree(store: &Store) {
    for _ in 0..20 {
        let before = maintained(&summary(store).await);
        let counted = counted(&rows(store).await);
        let after = maintained(&summary(store).await);
        if before == after {
            assert_eq!(before, counted);
            return;
        }
    }
    panic!("the counts never stood still");
}

async fn summary(store: &Store) -> Summary {
    store.summary("", clock::now()).await.expect("a summary")
}

fn maintained(summary: &Summary) -> Numbers {
    let mut numbers = Numbers::new();
    let mut put = |name: String, n: i64| {
        if n != 0 {
            numbers.insert(name, n);
        }
    };
    let population = &summary.population;
    put("all".to_owned(), population.total);
    put("duplicate".to_owned(), population.suspected_duplicates);
    put("future".to_owned(), population.future_reports);
    for (standing, n) in &population.standings {
        put(format!("standing {}", standing.code()), *n);
    }
    for (impact, n) in &summary.impacts {
        put(format!("impact {}", impact.code()), *n);
    }
    for line in &summary.by_os {
        for (standing, n) in &line.standings {
            put(format!("os {} {}", line.os_key, standing.code()), *n);
        }
    }
    for (site, standings) in &summary.by_site {
        for (standing, n) in standings {
            put(format!("site {site} {}", standing.code()), *n);
        }
    }
    for line in &summary.reasons {
        put(format!("reason {} blocking", line.reason), line.blocking);
        put(
            format!("reason {} undetermined", line.reason),
            line.undetermined,
        );
    }
    numbers
}

fn counted(rows: &[ClientRow]) -> Numbers {
    let mut numbers = Numbers::new();
    let mut add = |name: String| *numbers.entry(name).or_insert(0) += 1;
    for row in rows {
        let standing = row.standing.code();
        let site = row.ids.site_code.as_deref().unwrap_or_default();
        add("all".to_owned());
        add(format!("standing {standing}"));
        add(format!("os {} {standing}", row.os_key));
        add(format!("site {site} {standing}"));
        if row.duplicate {
            add("duplicate".to_owned());
        }
        if row.future {
            add("future".to_owned());
        }
        if let (Standing::Blocking, Some(impact)) = (row.standing, row.impact) {
            add(format!("impact {}", impact.code()));
        }
        if matches!(row.standing, Standing::Blocking | Standing::Undetermined) {
            for reason in assess::reasons_in(row.reasons) {
                add(format!("reason {} {standing}", reason.code));
            }
        }
    }
    numbers
}
