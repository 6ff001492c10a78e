//! The PostgreSQL that tests get: apart from each other, as careful as in production, and able to crash.

use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection};

use crate::support::{
    postgres::{Database, OwnServer},
    stores::{NOON, TestStore, report},
};

async fn one(url: &str, question: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.expect("connect");
    let answer = sqlx::query_scalar(question)
        .fetch_one(&mut connection)
        .await
        .expect(question);
    connection.close().await.expect("close");
    answer
}

async fn write(url: &str, statement: &'static str) {
    let mut connection = PgConnection::connect(url).await.expect("connect");
    sqlx::query(statement)
        .execute(&mut connection)
        .await
        .expect(statement);
    connection.close().await.expect("close");
}

#[tokio::test]
async fn every_test_has_a_database_of_its_own() {
    let (Some(first), Some(second)) = (Database::fresh().await, Database::fresh().await) else {
        return;
    };
    write(&first.url(), "CREATE TABLE mine (a BIGINT)").await;
    let tables =
        "SELECT count(*)::text FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(one(&first.url(), tables).await, "1");
    assert_eq!(one(&second.url(), tables).await, "0");
}

#[tokio::test]
async fn the_server_is_as_careful_as_in_production() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let url = database.url();
    assert_eq!(one(&url, "SHOW fsync").await, "on");
    assert_eq!(one(&url, "SHOW synchronous_commit").await, "on");
    assert_eq!(one(&url, "SHOW full_page_writes").await, "on");
    assert_eq!(one(&url, "SHOW server_encoding").await, "UTF8");
    let order = "SELECT datcollate::text FROM pg_database WHERE datname = current_database()";
    assert_eq!(one(&url, order).await, "C");
}

#[tokio::test]
async fn a_crashed_server_comes_back_with_what_it_had_committed() {
    let Some(server) = OwnServer::start() else {
        return;
    };
    write(
        server.url(),
        "CREATE TABLE kept AS SELECT 'committed'::text AS word",
    )
    .await;
    server.crash_and_restart();
    assert_eq!(
        one(server.url(), "SELECT word FROM kept").await,
        "committed"
    );
    server.stop();
    assert!(
        PgConnection::connect(server.url()).await.is_err(),
        "a stopped server answers nobody"
    );
    server.resume();
    assert_eq!(
        one(server.url(), "SELECT word FROM kept").await,
        "committed"
    );
}

/// Its own look comes once a minute; until then it would plan for the empty tables of the first start.
#[tokio::test]
async fn the_planner_hears_of_a_database_that_fills() {
    let mut tests = TestStore::each().await;
    let Some(at) = tests.iter().position(|test| test.engine == "postgres") else {
        return;
    };
    let test = tests.swap_remove(at);
    // So that it can only have heard of them from us.
    write(
        &test.url,
        "ALTER TABLE clients SET (autovacuum_enabled = false)",
    )
    .await;
    let rows = "SELECT reltuples::bigint::text FROM pg_class WHERE oid = 'clients'::regclass";
    assert_eq!(one(&test.url, rows).await, "-1", "nobody looked yet");
    let mut sent = 0;
    for wanted in [1, 2_000] {
        let waiting = Instant::now();
        loop {
            let reports = (sent..sent + 500).map(|n| report(n, NOON, 1)).collect();
            sent += 500;
            let receipts = test.store.writer().reports(reports, NOON, true).await;
            assert_eq!(receipts.expect("receipts").len(), 500);
            let known: u32 = one(&test.url, rows).await.parse().unwrap_or_default();
            if known >= wanted {
                break;
            }
            assert!(
                waiting.elapsed() < Duration::from_secs(60),
                "the planner believes in {known} clients, and {sent} reported"
            );
        }
    }
}
