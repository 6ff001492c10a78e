//! The floor: the same rows in the same group commits, without HTTP, parsing or judging.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::Error;
use crate::{
    clock,
    domain::{assess, time::Timestamp},
    ingest::Judge,
    sim::Fleet,
    store::{
        Store,
        incoming::{Incoming, Sender},
    },
    wire::report_v1,
};

fn prepare(judge: &Judge, sender: &Sender, record: &[u8]) -> Result<Incoming, Error> {
    let parsed = report_v1::parse_with_hash(record)
        .map_err(|errors| Error::Failed(format!("a simulated report is refused: {errors:?}")))?;
    Ok(judge.prepare(parsed, record, clock::now(), sender))
}

/// Fills the database with the fleet's first round, from client `from` on. Answers new clients a second.
pub(super) async fn fill(
    store: &Store,
    judge: &Judge,
    sender: &Sender,
    fleet: Fleet,
    from: u64,
    at: Timestamp,
) -> Result<f64, Error> {
    let mut written = 0_u64;
    let mut spent = Duration::ZERO;
    let mut group = Vec::with_capacity(1_024);
    let mut record = Vec::new();
    for index in from..fleet.size() {
        let client = fleet.client(index);
        // Who is silent later has reported once, so that every size holds what it says.
        record.clear();
        client.write_report(at, 0, &mut record);
        group.push(prepare(judge, sender, &record)?);
        if group.len() == 1_024 || index + 1 == fleet.size() {
            let rows = std::mem::replace(&mut group, Vec::with_capacity(1_024));
            written += rows.len() as u64;
            let start = Instant::now();
            store.writer().reports(rows, clock::now(), true).await?;
            spent += start.elapsed();
        }
    }
    Ok(rate(written, spent))
}

/// Reports of one round, judged and compressed ahead of time.
pub(super) fn prepared(
    judge: &Judge,
    sender: &Sender,
    fleet: Fleet,
    round: u64,
    at: Timestamp,
    most: usize,
) -> Vec<Incoming> {
    let mut record = Vec::new();
    fleet
        .clients()
        .filter(|client| client.reports_in(round))
        .take(most)
        .filter_map(|client| {
            record.clear();
            client.write_report(at, round, &mut record);
            prepare(judge, sender, &record).ok()
        })
        .collect()
}

/// Parsing and judging, and then also compressing, on one core. Reports a second.
pub(super) fn judging(judge: &Judge, sender: &Sender, fleet: Fleet, at: Timestamp) -> (f64, f64) {
    let records: Vec<Vec<u8>> = fleet
        .clients()
        .take(5_000)
        .map(|client| client.report(at, 0))
        .collect();
    let count = records.len() as u64;
    let start = Instant::now();
    for record in &records {
        if let Ok(report) = report_v1::parse_with_hash(record) {
            std::hint::black_box(assess::assess(&report.report.facts, &judge.policy));
        }
    }
    let judged = rate(count, start.elapsed());
    let start = Instant::now();
    for record in &records {
        std::hint::black_box(prepare(judge, sender, record).is_ok());
    }
    (judged, rate(count, start.elapsed()))
}

/// Groups of 256, one after the other. Reports a second.
pub(super) async fn alone(store: &Store, rows: Vec<Incoming>, seconds: u64) -> Result<f64, Error> {
    let limit = Duration::from_secs(seconds);
    let start = Instant::now();
    let mut written = 0;
    for group in rows.chunks(256) {
        store
            .writer()
            .reports(group.to_vec(), clock::now(), true)
            .await?;
        written += group.len() as u64;
        if start.elapsed() > limit {
            break;
        }
    }
    Ok(rate(written, start.elapsed()))
}

/// As many senders as there are connections later, each waiting for its own report's commit. Reports a second.
pub(super) async fn grouped(
    store: &Store,
    rows: Vec<Incoming>,
    senders: u64,
    seconds: u64,
) -> Result<f64, Error> {
    let limit = Duration::from_secs(seconds);
    let senders = usize::try_from(senders).unwrap_or(1).max(1);
    let mut shares: Vec<Vec<Incoming>> = (0..senders).map(|_| Vec::new()).collect();
    for (index, row) in rows.into_iter().enumerate() {
        shares[index % senders].push(row);
    }
    let written = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for share in shares {
        let store = store.clone();
        let written = Arc::clone(&written);
        tasks.spawn(async move {
            for row in share {
                if start.elapsed() > limit {
                    break;
                }
                store
                    .writer()
                    .reports(vec![row], clock::now(), true)
                    .await
                    .map_err(|error| error.to_string())?;
                written.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<(), String>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(|error| Error::Failed(error.to_string()))?
            .map_err(Error::Failed)?;
    }
    Ok(rate(written.load(Ordering::Relaxed), start.elapsed()))
}

#[expect(clippy::cast_precision_loss, reason = "shown without decimals")]
fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(1e-9)
}
