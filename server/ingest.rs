//! The one way in: bytes → records → facts → verdict → store. API, upload and command line all come through here.

mod limited;
mod told;

use std::sync::{Arc, LazyLock};

use tokio::sync::Semaphore;

use crate::{
    domain::{
        assess::{self, Joint, Policy},
        bound::Bound,
        evidence::{Coverage, Source, combine},
        facts::{Facts, Report},
        time::{MINUTE, Timestamp},
        verdict::{Standing, Verdict},
    },
    store::{
        self, Store, evidence,
        incoming::{
            Incoming, Jointly, JudgesJointly, Kept, ReadsAgain, Said, Sender, StoredReport,
        },
        rejects::{KEPT_BYTES, Refused},
    },
    wire::{
        FieldError, decode, records,
        report_v1::{self, Parsed},
    },
};

use limited::admitted;
pub(crate) use limited::refused_site;
use told::Told;

/// A report that claims a time further ahead than this is flagged.
const FUTURE: i64 = 5 * MINUTE;
/// Reports of one request that are handed to the writer at a time.
const CHUNK: usize = 512;

/// Batches sorted at the same time: as many as there are processors. Each thread that compresses keeps a megabyte
/// for it, so a stampede of batches must not have a thread each.
static SORTING: LazyLock<Semaphore> = LazyLock::new(|| {
    Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get))
});

/// The rules with their switches, and how long a report holds.
#[derive(Clone, Debug)]
pub struct Judge {
    /// Policy switches.
    pub policy: Policy,
    /// Freshness limit, milliseconds.
    pub freshness_ms: i64,
    /// Name of the rules with these switches; every verdict carries it.
    pub ruleset: Arc<str>,
    jointly: Arc<Rules>,
}

/// The switches alone, as the writer asks them about clients with several sources.
#[derive(Debug)]
struct Rules(Policy);

impl Judge {
    /// The rules with these switches. Other switches are another ruleset, so that changing one judges every
    /// stored report again.
    pub fn new(policy: Policy, freshness_ms: i64) -> Self {
        Self {
            ruleset: policy.ruleset_name().into(),
            jointly: Arc::new(Rules(policy.clone())),
            policy,
            freshness_ms,
        }
    }

    /// Judges one report and makes it ready to be written.
    pub fn prepare(
        &self,
        parsed: Parsed,
        record: &[u8],
        received_at: Timestamp,
        sender: &Sender,
    ) -> Incoming {
        let Parsed {
            report,
            content_hash,
        } = parsed;
        let verdict = assess::assess(&report.facts, &self.policy);
        let seen_at = report.collected_at.min(received_at);
        let (dictionary, raw) = evidence::packed(record);
        Incoming {
            name: report.ids.display_name(),
            coverage: Coverage::of(&report.facts),
            time_open: report.facts.time_open,
            judge: Arc::clone(&self.jointly) as Arc<dyn JudgesJointly>,
            os_key: assess::os_identity(&report.facts.os).key,
            roles: report.facts.roles,
            ids: report.ids,
            report_id: report.report_id,
            collected_at: report.collected_at,
            received_at,
            seen_at,
            stale_at: seen_at.plus(self.freshness_ms),
            future: report.collected_at.since(received_at) > FUTURE,
            content_hash,
            verdict: verdict.standing,
            impact: verdict.impact,
            deciding: verdict.deciding,
            reasons: assess::reason_mask(&verdict),
            warnings: i64::from(verdict.warnings),
            ruleset: Arc::clone(&self.ruleset),
            sender: sender.clone(),
            dictionary,
            raw,
        }
    }

    /// Judges a stored report again, for showing every check.
    ///
    /// # Errors
    /// The stored report can no longer be read; the errors say where.
    pub fn judge_raw(&self, raw: &[u8]) -> Result<(Report, Verdict), Vec<FieldError>> {
        let report = report_v1::parse(raw)?;
        let verdict = assess::assess(&report.facts, &self.policy);
        Ok((report, verdict))
    }

    /// How a report stands by itself at `now`, as if nothing else were known of its client; and whether it cannot be
    /// judged for want of knowing which registry view was read.
    pub fn alone(&self, report: &Report, now: Timestamp) -> (Standing, bool) {
        let verdict = assess::assess(&report.facts, &self.policy);
        let seen_at = report.collected_at.min(now);
        let standing = assess::standing_at(verdict.standing, seen_at, None, self.freshness_ms, now);
        let undecided = standing == Standing::Undetermined;
        (standing, undecided && assess::doubts_the_view(&verdict))
    }

    /// Judges again what several sources say of one client, for showing every check and who said what. Those that
    /// are too old at `now` are not counted.
    pub fn judge_sources(&self, said: &[Said], now: Timestamp) -> Joint {
        self.jointly
            .judged(&read_again(said), said, self.too_old(now))
    }

    /// The same, for keeping what comes of it.
    pub fn jointly(&self, said: &[Said], now: Timestamp) -> Jointly {
        self.jointly.jointly(said, self.too_old(now))
    }

    /// What was last seen then or before is too old.
    const fn too_old(&self, now: Timestamp) -> Timestamp {
        now.plus(self.freshness_ms.saturating_neg())
    }
}

/// What stored reports say. One that can no longer be read says nothing, which keeps nobody ready.
fn read_again(said: &[Said]) -> Vec<Facts> {
    said.iter()
        .map(|said| match report_v1::parse(&said.raw) {
            Ok(report) => report.facts,
            Err(errors) => {
                let why = errors.first().map(|error| error.detail.as_str());
                tracing::warn!(why, "a stored report can no longer be read");
                Facts::default()
            }
        })
        .collect()
}

impl Rules {
    fn judged(&self, facts: &[Facts], said: &[Said], too_old: Timestamp) -> Joint {
        let sources: Vec<Source<'_>> = facts
            .iter()
            .zip(said)
            .map(|(facts, said)| Source {
                rank: (said.seen_at, said.content_hash),
                trust: said.trust,
                facts,
            })
            .collect();
        assess::assess_jointly(&sources, &self.0, too_old)
    }
}

impl JudgesJointly for Rules {
    fn jointly(&self, said: &[Said], too_old: Timestamp) -> Jointly {
        let facts = read_again(said);
        let joint = self.judged(&facts, said, too_old);
        let decides = |facts: &Vec<String>| !facts.is_empty();
        // What one source says is told as what it says beside others, so that the two can be compared.
        let known = match (facts.as_slice(), said) {
            ([facts], [said]) => {
                let source = Source {
                    rank: (said.seen_at, said.content_hash),
                    trust: said.trust,
                    facts,
                };
                combine(&[source, source]).facts
            }
            _ => joint.combined.facts.clone(),
        };
        Jointly {
            verdict: joint.verdict.standing,
            impact: joint.verdict.impact,
            deciding: joint.verdict.deciding,
            reasons: assess::reason_mask(&joint.verdict),
            warnings: i64::from(joint.verdict.warnings),
            os_key: assess::os_identity(&joint.combined.facts.os).key,
            counts: joint.combined.decides.iter().map(decides).collect(),
            roles: joint.combined.facts.roles,
            facts: Box::new(known),
            live: joint.live,
            coverage: facts.iter().map(Coverage::of).collect(),
        }
    }
}

impl ReadsAgain for Judge {
    fn again(&self, stored: &StoredReport) -> Option<Incoming> {
        let raw = evidence::unpacked(&stored.raw, stored.dictionary).ok()?;
        let parsed = report_v1::parse_with_hash(&raw).ok()?;
        let report = self.prepare(parsed, &raw, stored.received_at, &stored.sender);
        let seen_at = stored.collected_at.min(stored.received_at);
        // The same facts may have been said at another time than these bytes.
        Some(Incoming {
            collected_at: stored.collected_at,
            seen_at,
            stale_at: seen_at.plus(self.freshness_ms),
            future: stored.collected_at.since(stored.received_at) > FUTURE,
            report_id: stored.report_id.clone(),
            ..report
        })
    }
}

/// What became of one record.
#[derive(Clone, Debug)]
pub enum Result1 {
    /// Kept, durably.
    Kept {
        /// The sender's id.
        report_id: Option<String>,
        /// Our id of the client.
        client_id: String,
        /// Its name, for people.
        client_name: String,
        /// Stored, unchanged or late.
        kept: Kept,
        /// The client's standing, as far as the sender is told.
        standing: Option<Standing>,
    },
    /// Refused.
    Rejected(Vec<FieldError>),
}

/// The answer to one request: a result a record, in order.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The body was one object, not a list: a bad one makes the request bad.
    pub single: bool,
    /// A record was larger than a report may be.
    pub oversized: bool,
    /// Results in order.
    pub results: Vec<Result1>,
}

/// Why a request could not be taken at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is no text, or no list of records.
    #[error("{0}")]
    Body(String),
    /// It could not be kept; nothing that was not answered before is acknowledged.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A record on its way: where its result goes.
struct Prepared {
    index: usize,
    incoming: Incoming,
}

struct Sorted {
    single: bool,
    oversized: bool,
    results: Vec<Option<Result1>>,
    prepared: Vec<Prepared>,
    refused: Vec<Refused>,
}

/// Takes a decompressed body: reports as one object, an array or lines. Returns when everything is durable.
///
/// # Errors
/// The body cannot be read, or the store failed or is too busy.
pub async fn take(
    store: &Store,
    judge: &Judge,
    body: Vec<u8>,
    now: Timestamp,
    sender: &Sender,
) -> Result<Outcome, Error> {
    take_of(store, judge, body, now, sender, None).await
}

/// The same of a sender that may speak of one machine only, where `bound` says so; a report of another is refused.
///
/// # Errors
/// As above.
pub async fn take_of(
    store: &Store,
    judge: &Judge,
    body: Vec<u8>,
    now: Timestamp,
    sender: &Sender,
    bound: Option<Bound>,
) -> Result<Outcome, Error> {
    // One report costs some 30 µs of CPU; a whole batch would hold up the others on this thread.
    let sorted = if body.len() <= 64 * 1024 {
        sort(judge, &body, now, sender, bound.as_ref())?
    } else {
        let judge = judge.clone();
        let sender = sender.clone();
        let _turn = SORTING.acquire().await.map_err(|_| store::Error::Stopped)?;
        tokio::task::spawn_blocking(move || sort(&judge, &body, now, &sender, bound.as_ref()))
            .await
            .map_err(|_| Error::Body("the records could not be read".to_owned()))??
    };
    let Sorted {
        single,
        oversized,
        mut results,
        prepared,
        refused,
    } = sorted;
    count_refused(refused.len());
    if !refused.is_empty() {
        store
            .keep_rejects(refused, sender.name.to_string(), now)
            .await?;
    }
    let prepared = admitted(store, prepared, &mut results, sender, now).await?;
    let mut patient = false;
    let mut waiting = prepared.into_iter().peekable();
    while waiting.peek().is_some() {
        let (indexes, incoming): (Vec<_>, Vec<_>) = waiting
            .by_ref()
            .take(CHUNK)
            .map(|prepared| (prepared.index, prepared.incoming))
            .unzip();
        let told: Vec<Told> = incoming
            .iter()
            .map(|report| Told::of(report, judge, sender, now))
            .collect();
        let receipts = store.writer().reports(incoming, now, patient).await?;
        // The first part found room; the rest of this request waits its turn.
        patient = true;
        for ((index, told), receipt) in indexes.into_iter().zip(told).zip(receipts) {
            count_kept(receipt.kept);
            results[index] = Some(told.kept(&receipt));
        }
    }
    let results = results
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::Store(store::Error::Stopped))?;
    Ok(Outcome {
        single,
        oversized,
        results,
    })
}

/// Judges documents that were read before, one after the other; nothing is written yet.
///
/// # Errors
/// The server is going down.
pub async fn judged(
    judge: &Judge,
    documents: Vec<Vec<u8>>,
    received_at: Timestamp,
    sender: &Sender,
) -> Result<Vec<Result<Incoming, Vec<FieldError>>>, store::Error> {
    let (judge, sender) = (judge.clone(), sender.clone());
    let _turn = SORTING.acquire().await.map_err(|_| store::Error::Stopped)?;
    let judged = move || {
        let parsed = |document: &Vec<u8>| {
            let parsed = report_v1::parse_with_hash(document)?;
            match refused_site(&parsed.report.ids, &sender) {
                Some(errors) => Err(errors),
                None => Ok(judge.prepare(parsed, document, received_at, &sender)),
            }
        };
        documents.iter().map(parsed).collect()
    };
    tokio::task::spawn_blocking(judged)
        .await
        .map_err(|_| store::Error::Stopped)
}

/// Splits, parses, judges and compresses; no waiting.
fn sort(
    judge: &Judge,
    body: &[u8],
    now: Timestamp,
    sender: &Sender,
    bound: Option<&Bound>,
) -> Result<Sorted, Error> {
    let text = decode::to_utf8(body).map_err(|error| Error::Body(error.to_string()))?;
    let mut results = Vec::new();
    let mut prepared = Vec::new();
    let mut refused = Vec::new();
    let mut oversized = false;
    let shape = records::for_each_record(&text, |place, record| {
        let bytes = match &record {
            Ok(bytes) => bytes,
            Err(cut) => cut.bytes,
        };
        oversized |= bytes.len() > report_v1::MAX_RECORD;
        let parsed = match record {
            Ok(bytes) => report_v1::parse_with_hash(bytes)
                .and_then(|parsed| held(parsed, bound))
                .map_err(|mut errors| {
                    place.name_line(&mut errors);
                    errors
                }),
            Err(cut) => Err(vec![cut.error]),
        };
        let parsed = parsed.and_then(|parsed| match refused_site(&parsed.report.ids, sender) {
            Some(errors) => Err(errors),
            None => Ok(parsed),
        });
        match parsed {
            Ok(parsed) => {
                results.push(None);
                prepared.push(Prepared {
                    index: place.index,
                    incoming: judge.prepare(parsed, bytes, now, sender),
                });
            }
            Err(errors) => {
                refused.push(Refused {
                    index: place.index,
                    errors: errors
                        .iter()
                        .map(|error| (error.pointer.clone(), error.detail.clone()))
                        .collect(),
                    length: bytes.len(),
                    head: bytes[..bytes.len().min(KEPT_BYTES)].to_vec(),
                });
                results.push(Some(Result1::Rejected(errors)));
            }
        }
    })
    .map_err(|error| Error::Body(error.to_string()))?;
    Ok(Sorted {
        single: matches!(shape, records::Shape::Single),
        oversized,
        results,
        prepared,
        refused,
    })
}

/// The report, if it speaks of the machine that its sender may speak of.
fn held(mut parsed: Parsed, bound: Option<&Bound>) -> Result<Parsed, Vec<FieldError>> {
    let Some(bound) = bound else {
        return Ok(parsed);
    };
    let ids = std::mem::take(&mut parsed.report.ids);
    parsed.report.ids = bound.hold(ids).map_err(|(pointer, detail)| {
        vec![FieldError {
            pointer: pointer.to_owned(),
            detail,
        }]
    })?;
    Ok(parsed)
}

/// Counts a report that was kept.
pub fn count_kept(kept: Kept) {
    let status = match kept {
        Kept::Stored => "stored",
        Kept::Unchanged => "unchanged",
        Kept::Late => "late",
    };
    metrics::counter!("cutover_reports_total", "status" => status).increment(1);
}

/// Counts what was refused.
pub fn count_refused(refused: usize) {
    if refused > 0 {
        metrics::counter!("cutover_reports_total", "status" => "rejected")
            .increment(refused as u64);
    }
}
