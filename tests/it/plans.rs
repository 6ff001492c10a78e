//! How SQLite goes about the statements of many rows: row by row along a key, at every length that is used.
//!
//! A planner that takes another way is right in its answer and a hundred times slower, which no other test notices.

use std::fs;

use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqlSafeStr as _, SqliteConnection};

use cutover::{
    clock,
    domain::{access::Sites, verdict::Impact},
    store::{
        lists::statements,
        model::{Filter, Order},
    },
};

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
                    !(table("SCAN") || table("SEARCH") && by_part),
                    "{name} with {rows} rows: {step}"
                );
            }
        }
        looked_at += 1;
    }
    assert!(looked_at >= 8, "only {looked_at} statements");
}

/// How SQLite goes about a statement, step by step.
async fn plan(conn: &mut SqliteConnection, text: &str) -> Vec<String> {
    let text = (1..=30).rev().fold(text.to_owned(), |text, n| {
        text.replace(&format!("${n}"), "NULL")
    });
    let sql = format!("EXPLAIN QUERY PLAN {text}");
    let steps = sqlx::query(AssertSqlSafe(sql).into_sql_str())
        .fetch_all(conn)
        .await;
    let steps = steps.unwrap_or_else(|error| panic!("{text}: {error}"));
    steps.into_iter().map(|step| step.get("detail")).collect()
}

#[tokio::test]
async fn a_page_of_the_feed_is_read_along_its_order() {
    let test = TestStore::each().await.swap_remove(0);
    assert_eq!(test.engine, "sqlite");
    let mut conn = SqliteConnection::connect(&test.url).await.expect("connect");
    let page = include_str!("../../server/store/sql/changes_after.sql");
    let steps = plan(&mut conn, page).await;
    let wanted = ["SEARCH changes USING INTEGER PRIMARY KEY (rowid>?)"];
    assert_eq!(steps, wanted, "no sorting, and no look at what was read");
}

#[expect(clippy::unnecessary_wraps, reason = "the fields of a filter are such")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[expect(clippy::too_many_lines, reason = "a table of filters")]
#[tokio::test]
async fn every_filter_finds_its_clients_by_an_index_that_fits_it() {
    let test = TestStore::each().await.swap_remove(0);
    assert_eq!(test.engine, "sqlite");
    let mut conn = SqliteConnection::connect(&test.url).await.expect("connect");
    let any = Filter::default();
    let cases = [
        (
            "of a role",
            "clients_with_roles",
            Filter {
                role: some("management_point"),
                ..any.clone()
            },
        ),
        (
            "of a role, at a site, of an OS version",
            "clients_with_roles",
            Filter {
                role: some("management_point"),
                site: some("P01"),
                os: some("6.1.7601-client"),
                ..any.clone()
            },
        ),
        (
            "of an owner",
            "clients_by_owner",
            Filter {
                owner: some("IT"),
                ..any.clone()
            },
        ),
        (
            "suspected",
            "clients_duplicate",
            Filter {
                duplicates: true,
                owner: some("IT"),
                ..any.clone()
            },
        ),
        (
            "ahead of time",
            "clients_future",
            Filter {
                future: true,
                site: some("P01"),
                ..any.clone()
            },
        ),
        (
            "left out",
            "clients_not_expected",
            Filter {
                left_out: true,
                reason: some("x,y"),
                ..any.clone()
            },
        ),
        (
            "of an OS version",
            "clients_by_os",
            Filter {
                os: some("6.1.7601-client"),
                impact: Some(Impact::Orphan),
                ..any.clone()
            },
        ),
        (
            "of a site",
            "clients_by_site",
            Filter {
                site: some("P01"),
                impact: Some(Impact::Orphan),
                ..any.clone()
            },
        ),
    ];
    for (what, index, filter) in cases {
        let (read, count) = statements(&filter, Order::Name, clock::now());
        for wanted in read.iter().chain(&count) {
            let steps = plan(&mut conn, wanted).await;
            let found = steps
                .iter()
                .any(|step| step.contains(&format!("INDEX {index} (")));
            assert!(found, "{what}: {wanted}\n{steps:#?}");
        }
        for wanted in &read {
            let steps = plan(&mut conn, wanted).await;
            let sorted = steps.iter().any(|step| step.contains("TEMP B-TREE"));
            assert!(!sorted, "{what} is put in order: {wanted}\n{steps:#?}");
        }
    }
    // What lists say of each of a site's clients is found by the client: by the site it would be all of them, each time.
    let elsewhere = Filter {
        site: some("P01"),
        elsewhere: Some(Sites::only(["P01".to_owned()])),
        ..any.clone()
    };
    let (read, count) = statements(&elsewhere, Order::Name, clock::now());
    assert!(!count.is_empty());
    for wanted in read.iter().chain(&count) {
        let steps = plan(&mut conn, wanted).await;
        let of_members = steps.iter().filter(|step| step.contains("SEARCH m "));
        let by_client = of_members.clone().all(|step| step.contains("client_id=?"));
        assert!(of_members.count() == 2 && by_client, "{wanted}\n{steps:#?}");
    }
    // A text is looked for in the names, which an index holds, and in the ids; never client by client.
    let wanted = Filter {
        q: some("0001.corp"),
        ..any
    };
    let (read, count) = statements(&wanted, Order::Name, clock::now());
    assert!(count.len() == 6 && read.len() == 2, "{count:#?}");
    for wanted in read.iter().chain(&count) {
        let steps = plan(&mut conn, wanted).await;
        // Of everybody, in a table that has nothing but names.
        if wanted.contains(" FROM names ") {
            assert_eq!(steps, ["SCAN names"], "{wanted}");
            continue;
        }
        let by_names = steps.iter().any(|step| {
            step.contains(if wanted.contains("AND listing = ") {
                "INDEX clients_not_expected (estate=? AND listing=? AND sort_key>?)"
            } else {
                "INDEX clients_by_name (estate=? AND sort_key>?)"
            })
        });
        let by_ids = steps
            .iter()
            .any(|step| step.contains("(estate=? AND id=?)"));
        assert!(by_names || by_ids, "{wanted}\n{steps:#?}");
        assert_eq!(
            wanted.contains("identities"),
            by_ids,
            "{wanted}\n{steps:#?}"
        );
    }
    // What a client was called before, on its page.
    let wanted = "SELECT ident FROM identities WHERE estate = $1 AND client_id BETWEEN $2 AND $2";
    assert!(include_str!("../../server/store/called.rs").contains("client_id BETWEEN $2 AND $2"));
    let steps = plan(&mut conn, wanted).await;
    assert!(
        steps[0].contains("identities_by_client (estate=? AND client_id>"),
        "{steps:#?}"
    );
}
