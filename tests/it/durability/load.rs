//! A small sender that writes down every acknowledgement and asks for the truth in every refusal.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use cutover::{
    clock,
    domain::time::{DAY, MINUTE, Timestamp},
    sim::{Fleet, Presence},
};
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::Value;
use tokio::{sync::watch, task::JoinSet};

use super::ledger::{Ledger, Sent};
use crate::support::process::{Home, Server};

/// Reports in one request, one after the other: mostly alone, as agents send, and some batches.
const SIZES: [u64; 6] = [1, 1, 7, 1, 40, 1];
/// The same for a large fleet: what an administrator's upload sends, and agents between it.
const LARGE: [u64; 6] = [1, 60, 7, 60, 1, 60];
/// Senders at the same time.
const SENDERS: u64 = 16;
/// Whatever a test waits for must come within this.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Whether the server may go away while it is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It will be killed: a broken connection is the end of sending.
    Dies,
    /// It must answer every request.
    Lives,
}

/// What is sent: a fleet, round after round.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    fleet: Fleet,
    start: Timestamp,
    sizes: [u64; 6],
}

impl Rounds {
    /// A fleet in which three of ten clients change from one round to the next, a minute apart, in the past.
    pub fn new(seed: u64, clients: u64) -> Self {
        let start = clock::now().plus(-2 * DAY);
        Self {
            fleet: Fleet::new(seed, clients).changing(0.3).anchored(start),
            start,
            sizes: SIZES,
        }
    }

    /// The same, mostly in large requests.
    pub fn in_large_requests(self) -> Self {
        Self {
            sizes: LARGE,
            ..self
        }
    }

    /// The report with that number, counted through all rounds; `None` for a client that never reports.
    pub fn report(&self, number: u64) -> Option<(Sent, Vec<u8>)> {
        let (index, round) = (number % self.fleet.size(), number / self.fleet.size());
        let client = self.fleet.client(index);
        if client.presence() == Presence::Silent {
            return None;
        }
        let at = self.start.plus(MINUTE * round.cast_signed());
        let sent = Sent {
            report_id: client.report_id(at, round),
            guid: client.sms_guid(),
            collected_at: client.collected_at(at),
        };
        Some((sent, client.report(at, round)))
    }
}

/// Reports on their way to one server.
pub struct Load {
    work: Arc<Work>,
    senders: JoinSet<()>,
}

struct Work {
    client: Client,
    url: Url,
    rounds: Rounds,
    next: AtomicU64,
    /// The number after the last one to send.
    end: u64,
    over: AtomicBool,
    ledger: Arc<Ledger>,
    fate: Fate,
    acknowledged: watch::Sender<u64>,
    refused: watch::Sender<u64>,
    wrong: Mutex<Vec<String>>,
}

impl Load {
    /// Sends the reports numbered `numbers`, sixteen requests at a time.
    pub fn start(
        (home, server): (&Home, &Server),
        rounds: Rounds,
        numbers: std::ops::Range<u64>,
        ledger: &Arc<Ledger>,
        fate: Fate,
    ) -> Self {
        let (client, url) = server.client(Some(&home.welcome().ingest_token), "reports");
        let work = Arc::new(Work {
            client,
            url,
            rounds,
            next: AtomicU64::new(numbers.start),
            end: numbers.end,
            over: AtomicBool::new(false),
            ledger: Arc::clone(ledger),
            fate,
            acknowledged: watch::Sender::new(0),
            refused: watch::Sender::new(0),
            wrong: Mutex::default(),
        });
        let mut senders = JoinSet::new();
        for number in 0..SENDERS {
            senders.spawn(Arc::clone(&work).send_all(number));
        }
        Self { work, senders }
    }

    /// Waits until so many more reports than now were acknowledged.
    pub async fn acknowledges(&self, more: u64) {
        self.work.reaches(&self.work.acknowledged, more).await;
    }

    /// Waits until so many more requests than now were told to come back later.
    pub async fn is_refused(&self, more: u64) {
        self.work.reaches(&self.work.refused, more).await;
    }

    pub fn acknowledged(&self) -> u64 {
        *self.work.acknowledged.borrow()
    }

    pub fn refused(&self) -> u64 {
        *self.work.refused.borrow()
    }

    /// The number that would be sent next.
    pub fn next(&self) -> u64 {
        self.work.next.load(Ordering::Relaxed)
    }

    /// Ends sending, whatever is left, and says how much was acknowledged.
    pub async fn end(self) -> u64 {
        self.work.over.store(true, Ordering::Relaxed);
        self.finish().await
    }

    /// Waits until everything is sent, and says how much was acknowledged.
    pub async fn finish(mut self) -> u64 {
        let all = async {
            while let Some(sender) = self.senders.join_next().await {
                sender.expect("a sender");
            }
        };
        let finished = tokio::time::timeout(PATIENCE, all).await;
        assert!(finished.is_ok(), "the senders came to no end");
        let wrong = self
            .work
            .wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        assert!(
            wrong.is_empty(),
            "{} wrong answers, such as: {}",
            wrong.len(),
            wrong[0]
        );
        self.acknowledged()
    }
}

impl Work {
    /// Waits until a count has grown by `more`, or nothing is sent any more.
    async fn reaches(&self, counter: &watch::Sender<u64>, more: u64) {
        let goal = *counter.borrow() + more;
        let mut seen = counter.subscribe();
        let enough = |count: &u64| *count >= goal || self.over.load(Ordering::Relaxed);
        let waited = tokio::time::timeout(PATIENCE, seen.wait_for(enough)).await;
        assert!(
            waited.is_ok() && *counter.borrow() >= goal,
            "waited for {goal}, but there were {} acknowledgements, {} refusals; wrong: {:?}",
            *self.acknowledged.borrow(),
            *self.refused.borrow(),
            self.wrong
        );
    }

    async fn send_all(self: Arc<Self>, sender: u64) {
        for turn in sender.. {
            let size = self.rounds.sizes[usize::try_from(turn % 6).unwrap_or_default()];
            let first = self.next.fetch_add(size, Ordering::Relaxed);
            if first >= self.end {
                return;
            }
            let last = (first + size).min(self.end);
            let reports: Vec<_> = (first..last)
                .filter_map(|n| self.rounds.report(n))
                .collect();
            if reports.is_empty() {
                continue;
            }
            if !self.deliver(&reports).await {
                return;
            }
        }
    }

    /// Sends one request until it is taken; false when sending is over.
    async fn deliver(&self, reports: &[(Sent, Vec<u8>)]) -> bool {
        let texts: Vec<&[u8]> = reports.iter().map(|(_, text)| text.as_slice()).collect();
        let body = texts.join(&b'\n');
        let mut was_broken = false;
        while !self.over.load(Ordering::Relaxed) {
            let request = self.client.post(self.url.clone()).body(body.clone());
            let answer = match request.send().await {
                Ok(answer) => read(answer).await,
                Err(error) => Err(error),
            };
            match answer {
                Ok((StatusCode::OK, answer)) => {
                    self.note(reports, &answer);
                    return true;
                }
                Ok((StatusCode::SERVICE_UNAVAILABLE, answer)) if answer["said"] == "later" => {
                    self.refused.send_modify(|count| *count += 1);
                    was_broken = false;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Ok((status, answer)) => self.blame(format!("{status}: {answer}")),
                Err(_) if self.fate == Fate::Dies => return false,
                // A kept connection may be closed at the very moment it is used again; a second one may not.
                Err(error) if !was_broken && !error.is_connect() => was_broken = true,
                Err(error) => self.blame(format!("{error:?}")),
            }
        }
        false
    }

    fn note(&self, reports: &[(Sent, Vec<u8>)], answer: &Value) {
        let results = answer["results"].as_array().map_or(&[][..], Vec::as_slice);
        if results.len() != reports.len() {
            return self.blame(format!("{} reports, but: {answer}", reports.len()));
        }
        for ((sent, _), result) in reports.iter().zip(results) {
            match result["status"].as_str() {
                Some("stored") => self.ledger.note(sent, true),
                Some("unchanged") => self.ledger.note(sent, false),
                _ => self.blame(format!("{result}")),
            }
        }
        let count = u64::try_from(results.len()).unwrap_or_default();
        self.acknowledged.send_modify(|sum| *sum += count);
    }

    /// Notes what should not be, and ends sending.
    fn blame(&self, what: String) {
        self.wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(what);
        self.over.store(true, Ordering::Relaxed);
        // Whoever waits for a count need not wait any longer.
        self.acknowledged.send_modify(|_| ());
        self.refused.send_modify(|_| ());
    }
}

/// Sends one request until it is taken, and says how often it was put off. Whatever else happens is a failure.
pub async fn insist(
    client: &Client,
    url: &Url,
    reports: &[(Sent, Vec<u8>)],
    ledger: &Arc<Ledger>,
) -> u64 {
    let work = Work {
        client: client.clone(),
        url: url.clone(),
        rounds: Rounds::new(0, 1),
        next: AtomicU64::new(0),
        end: 0,
        over: AtomicBool::new(false),
        ledger: Arc::clone(ledger),
        fate: Fate::Lives,
        acknowledged: watch::Sender::new(0),
        refused: watch::Sender::new(0),
        wrong: Mutex::default(),
    };
    if reports.is_empty() {
        return 0;
    }
    let taken = work.deliver(reports).await;
    assert!(taken, "{:?}", work.wrong);
    *work.refused.borrow()
}

/// An answer's status and body. A refusal that says when to come back, as a problem, is marked as such.
async fn read(answer: Response) -> reqwest::Result<(StatusCode, Value)> {
    let status = answer.status();
    let header = |name| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let wait: Option<u32> = header(RETRY_AFTER).and_then(|text| text.parse().ok());
    let is_problem = header(CONTENT_TYPE) == Some("application/problem+json");
    let text = answer.text().await?;
    let mut body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    if is_problem && wait.is_some_and(|seconds| seconds > 0) && body["status"] == status.as_u16() {
        body["said"] = "later".into();
    }
    Ok((status, body))
}
