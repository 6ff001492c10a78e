//! How SQLite goes about the statements of many rows: row by row along a key, at every length that is used.
//!
//! A planner that takes another way is right in its answer and a hundred times slower, which no other test notices.

use std::fs;

use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqlSafeStr as _, SqliteConnection};

use crate::support::stores::TestStore;

/// The lengths of `VALUES` lists that the store uses.
const LENGTHS: [usize; 9] = [1, 4, 8, 16, 32, 64, 128, 256, 5];

/// The text with rows in it, every value NULL: the planner does not look at values.
fn filled(text: &str, rows: usize) -> String {
    let text: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .map(|line| format!("{line}\n"))
        .collect();
    let columns = text
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(") AS ({rows})"))
        .map_or(0, |(names, _)| names.split(',').count());
    let row = format!("({})", vec!["?"; columns].join(","));
    let values = format!("VALUES {}", vec![row; rows].join(","));
    let text = text.replace("{rows}", &values);
    (1..=9).fold(text, |text, n| text.replace(&format!("${n}"), "1"))
}

#[tokio::test]
async fn every_statement_of_many_rows_finds_its_rows_by_a_key() {
    let test = TestStore::each().await.swap_remove(0);
    assert_eq!(test.engine, "sqlite");
    let mut conn = SqliteConnection::connect(&test.url).await.expect("connect");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/server/store/sql");
    let mut looked_at = 0;
    for entry in fs::read_dir(folder).expect("the statements") {
        let path = entry.expect("an entry").path();
        let statement = fs::read_to_string(&path).expect("a statement");
        let name = path.display().to_string();
        if !statement.contains("{rows}") || name.ends_with("lock_clients.sql") {
            continue;
        }
        for rows in LENGTHS {
            let sql = format!("EXPLAIN QUERY PLAN {}", filled(&statement, rows));
            let plan = sqlx::query(AssertSqlSafe(sql).into_sql_str())
                .fetch_all(&mut conn)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            for step in plan {
                let step: String = step.get("detail");
                let table = |word: &str| {
                    [
                        "clients",
                        "history",
                        "identities",
                        "evidence",
                        "c",
                        "h",
                        "e",
                        "i",
                    ]
                    .iter()
                    .any(|table| {
                        step.starts_with(&format!("{word} {table} "))
                            || step == format!("{word} {table}")
                    })
                };
                let by_part = step.ends_with("(estate=?)") || step.contains("AUTOMATIC");
                assert!(
                    !table("SCAN") && !(table("SEARCH") && by_part),
                    "{name} with {rows} rows: {step}"
                );
            }
        }
        looked_at += 1;
    }
    assert!(looked_at >= 8, "only {looked_at} statements");
}
