//! Runs a plan: one task a connection, each with its own share of the fleet, so that a client's reports keep their order.

use std::{
    io::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    batch::{Batch, Ledger},
    outcome::{Outcome, Tally},
    pace::Pace,
    plan::{LoadError, Plan},
    sender::{self, Answer, Sender},
};

/// Requests that failed at the server are tried so often.
const ATTEMPTS: u32 = 5;
/// How long the server may be silent: before its first answer, and after.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(15));

/// What all connections share.
struct Run {
    plan: Plan,
    sender: Sender,
    ledger: Option<Ledger>,
    pace: Option<Arc<Pace>>,
    start: Instant,
    over: AtomicBool,
    /// For the progress line and the best second.
    acknowledged: AtomicU64,
    busy: AtomicU64,
    errors: AtomicU64,
    /// Milliseconds after the start at which the server last answered; 0: never.
    last_answer: AtomicU64,
    stopped: Mutex<Option<String>>,
    first_problem: Mutex<Option<String>>,
}

/// Sends everything the plan asks for and says how it went. A run that had to end early has
/// [`Outcome::stopped`] set.
///
/// # Errors
/// The run could not start: a setting is wrong, or the device list was not taken.
pub async fn drive(plan: &Plan) -> Result<Outcome, LoadError> {
    let mut plan = plan.clone();
    plan.batch = plan.batch.max(1);
    plan.connections = plan.connections.clamp(1, plan.fleet.size().max(1));
    let sender = Sender::new(&plan)?;
    let ledger = match &plan.ledger {
        None => None,
        Some(path) => Some(Ledger::open(path).map_err(|cause| LoadError::Ledger {
            path: path.display().to_string(),
            cause,
        })?),
    };
    let population = match &plan.population {
        None => None,
        Some(token) => {
            let mut csv = Vec::new();
            plan.fleet.population_csv(&mut csv)?;
            Some(sender::put_population(&plan, token, csv).await?)
        }
    };
    if plan.rate > 0 && !plan.new_connection {
        // What is offered at a rate goes over connections that are there, as in a steady state. What new connections
        // cost is measured by asking for them.
        let warming: Vec<_> = (0..plan.connections)
            .map(|_| {
                let sender = sender.clone();
                tokio::spawn(async move { sender.warm().await })
            })
            .collect();
        for one in warming {
            drop(one.await);
        }
    }
    let pace = (plan.rate > 0).then(|| Pace::start(plan.rate, plan.batch));
    let run = Arc::new(Run {
        sender,
        ledger,
        pace,
        start: Instant::now(),
        over: AtomicBool::new(false),
        acknowledged: AtomicU64::new(0),
        busy: AtomicU64::new(0),
        errors: AtomicU64::new(0),
        last_answer: AtomicU64::new(0),
        stopped: Mutex::new(None),
        first_problem: Mutex::new(None),
        plan,
    });
    let mut outcome = run.all().await;
    outcome.population = population;
    Ok(outcome)
}

impl Run {
    async fn all(self: Arc<Self>) -> Outcome {
        let watch = tokio::spawn(Arc::clone(&self).watch());
        let workers: Vec<_> = (0..self.plan.connections)
            .map(|number| tokio::spawn(Arc::clone(&self).connection(number)))
            .collect();
        let mut tally = Tally::default();
        for worker in workers {
            match worker.await {
                Ok(part) => tally.merge(&part),
                Err(e) => self.stop(format!("a connection broke off: {e}")),
            }
        }
        let elapsed = self.start.elapsed();
        self.end();
        let peak = watch.await.unwrap_or_default();
        let mut outcome = tally.outcome(elapsed, peak);
        outcome.stopped = taken(&self.stopped);
        outcome.first_problem = taken(&self.first_problem);
        outcome
    }

    /// One connection: every `connections`-th client, round after round.
    async fn connection(self: Arc<Self>, number: u64) -> Tally {
        let plan = &self.plan;
        let (size, step) = (plan.fleet.size(), plan.connections);
        // A batch may run on into the next round unless a client could then be in it twice.
        let may_run_on = size / step >= plan.batch;
        let last = plan.first_round + plan.rounds.max(1) - 1;
        let mut tally = Tally::default();
        let mut batch = Batch::default();
        for round in plan.first_round..=last {
            let at = plan.time_of(round);
            let mut index = number;
            while index < size {
                let client = plan.fleet.client(index);
                index += step;
                if client.reports_in(round) {
                    batch.add(&client, at, round, self.ledger.is_some());
                }
                let is_end = index >= size && (round == last || !may_run_on);
                if batch.len() == plan.batch || (is_end && batch.len() > 0) {
                    let Some(moment) = self.turn().await else {
                        return tally;
                    };
                    self.deliver(&mut batch, moment, &mut tally).await;
                }
            }
        }
        tally
    }

    /// Waits until a request may go; `None` when the run is over.
    async fn turn(&self) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        match &self.pace {
            Some(pace) => pace.next().await,
            None => Some(Instant::now()),
        }
    }

    /// Sends a batch until somebody has decided about it.
    async fn deliver(&self, batch: &mut Batch, moment: Instant, tally: &mut Tally) {
        let encoding = self.plan.encoding;
        let body = match batch.body(encoding) {
            Ok(body) => body,
            Err(e) => return self.stop(format!("a request could not be compressed: {e}")),
        };
        let mut failures = 0;
        loop {
            let sent = Instant::now();
            let answer = self.sender.send(body.clone()).await;
            let wait = match answer {
                Answer::Taken(counts, text) => {
                    self.note_answer();
                    tally.exchange.record(sent.elapsed());
                    tally.latency.record(moment.elapsed());
                    tally.requests += 1;
                    tally.body_bytes += body.len() as u64;
                    tally.stored += counts.stored;
                    tally.unchanged += counts.unchanged;
                    tally.rejected += counts.rejected;
                    let kept = counts.received.saturating_sub(counts.rejected);
                    tally.acknowledged += kept;
                    self.acknowledged.fetch_add(kept, Ordering::Relaxed);
                    self.write_ledger(batch, counts.rejected, &text);
                    break;
                }
                Answer::Rejected(why) => {
                    self.note_answer();
                    self.note_problem(why);
                    tally.rejected += batch.len();
                    break;
                }
                Answer::Hopeless(why) => {
                    tally.given_up += batch.len();
                    self.stop(why);
                    break;
                }
                Answer::Busy(wait) => {
                    self.note_answer();
                    tally.busy += 1;
                    self.busy.fetch_add(1, Ordering::Relaxed);
                    wait
                }
                Answer::Failed(why) | Answer::Silence(why) => {
                    tally.errors += 1;
                    failures += 1;
                    self.errors.fetch_add(1, Ordering::Relaxed);
                    self.check_patience(&why);
                    self.note_problem(why);
                    Duration::from_millis(50 << failures.min(4))
                }
            };
            if self.is_over() || failures >= ATTEMPTS {
                tally.given_up += batch.len();
                break;
            }
            self.pause(wait).await;
        }
        batch.take_back(body, encoding);
    }

    /// Waits, but not beyond the end of the run.
    async fn pause(&self, wait: Duration) {
        let end = Instant::now() + wait;
        while !self.is_over() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            tokio::time::sleep(left.min(Duration::from_millis(200))).await;
        }
    }

    fn write_ledger(&self, batch: &Batch, rejected: u64, answer: &Bytes) {
        if let Some(ledger) = &self.ledger
            && let Err(e) = ledger.note(batch.lines(), rejected, answer)
        {
            self.stop(format!("the ledger could not be written: {e}"));
        }
    }

    fn note_answer(&self) {
        let at = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_answer.store(at.max(1), Ordering::Relaxed);
    }

    fn note_problem(&self, why: String) {
        let mut first = self
            .first_problem
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(why);
    }

    /// Ends the run when the server has been silent for too long.
    fn check_patience(&self, why: &str) {
        let last = self.last_answer.load(Ordering::Relaxed);
        let patience = if last == 0 { PATIENCE.0 } else { PATIENCE.1 };
        if self.start.elapsed() > Duration::from_millis(last) + patience {
            let server = &self.plan.server;
            self.stop(format!("no answer from {server}: {why}"));
        }
    }

    /// Ends the run for a reason.
    fn stop(&self, why: String) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.get_or_insert(why);
        drop(stopped);
        self.end();
    }

    fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(pace) = &self.pace {
            pace.stop();
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Looks every second how it goes; gives back the best second, if there was a full one.
    async fn watch(self: Arc<Self>) -> Option<u64> {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        let mut best = None;
        let mut before = (Duration::ZERO, 0);
        while !self.is_over() {
            look.tick().await;
            let elapsed = self.start.elapsed();
            if self
                .plan
                .seconds
                .is_some_and(|limit| elapsed.as_secs() >= limit)
            {
                self.end();
            }
            let window = elapsed.saturating_sub(before.0).as_millis();
            if window < 1_000 {
                continue;
            }
            let now = self.acknowledged.load(Ordering::Relaxed);
            let rate = u128::from(now - before.1) * 1_000 / window;
            let rate = u64::try_from(rate).unwrap_or(u64::MAX);
            best = best.max(Some(rate));
            before = (elapsed, now);
            if self.plan.progress {
                self.tell(now, rate);
            }
        }
        if self.plan.progress && best.is_some() {
            // Nobody is hurt when the line cannot be ended.
            let _ = writeln!(std::io::stderr());
        }
        best
    }

    fn tell(&self, acknowledged: u64, last_second: u64) {
        let all = self.plan.fleet.size() * self.plan.rounds.max(1);
        let busy = self.busy.load(Ordering::Relaxed);
        let errors = self.errors.load(Ordering::Relaxed);
        // A progress line that cannot be written is not worth a word.
        let _ = write!(
            std::io::stderr(),
            "\r{acknowledged} of about {all} acknowledged, {last_second} a second, {busy} times too busy, {errors} errors   "
        );
    }
}

fn taken(text: &Mutex<Option<String>>) -> Option<String> {
    text.lock().unwrap_or_else(PoisonError::into_inner).take()
}
