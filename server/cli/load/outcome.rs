//! What a load run has to say when it is over.

use std::{fmt, time::Duration};

use serde::Serialize;

use super::histogram::Histogram;

/// The counts and times of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// How long it took.
    pub seconds: f64,
    /// Requests answered with an acknowledgement.
    pub requests: u64,
    /// Reports the server acknowledged.
    pub acknowledged: u64,
    /// Of these, stored as news.
    pub stored: u64,
    /// Of these, known already but for their time.
    pub unchanged: u64,
    /// Reports the server would not take.
    pub rejected: u64,
    /// Answers that said "too busy"; their requests were sent again.
    pub busy: u64,
    /// Requests without a useful answer; they were sent again.
    pub errors: u64,
    /// Reports given up, after errors or because the time was over.
    pub given_up: u64,
    /// Bytes of request bodies that were acknowledged.
    pub body_bytes: u64,
    /// Acknowledged reports a second, over the whole run.
    pub reports_per_second: f64,
    /// The best full second.
    pub peak_reports_per_second: u64,
    /// From the moment a request ought to be sent to its acknowledgement, waiting and sending again included.
    pub latency: Latency,
    /// The exchange alone that was acknowledged.
    pub exchange: Latency,
    /// What the server said to the device list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub population: Option<serde_json::Value>,
    /// The first thing that went wrong with a report or a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_problem: Option<String>,
    /// Why the run ended early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// A summary of times, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Half of them are not above this.
    pub p50_us: u64,
    /// 90 %.
    pub p90_us: u64,
    /// 99 %.
    pub p99_us: u64,
    /// 99.9 %.
    pub p999_us: u64,
    /// The greatest.
    pub max_us: u64,
    /// The mean.
    pub mean_us: u64,
}

impl Latency {
    pub(super) fn of(times: &Histogram) -> Self {
        Self {
            p50_us: times.per_mille(500),
            p90_us: times.per_mille(900),
            p99_us: times.per_mille(990),
            p999_us: times.per_mille(999),
            max_us: times.max(),
            mean_us: times.mean(),
        }
    }
}

/// What one connection counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) acknowledged: u64,
    pub(super) stored: u64,
    pub(super) unchanged: u64,
    pub(super) rejected: u64,
    pub(super) busy: u64,
    pub(super) errors: u64,
    pub(super) given_up: u64,
    pub(super) body_bytes: u64,
    pub(super) latency: Histogram,
    pub(super) exchange: Histogram,
}

impl Tally {
    pub(super) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.acknowledged += other.acknowledged;
        self.stored += other.stored;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
        self.busy += other.busy;
        self.errors += other.errors;
        self.given_up += other.given_up;
        self.body_bytes += other.body_bytes;
        self.latency.merge(&other.latency);
        self.exchange.merge(&other.exchange);
    }

    pub(super) fn outcome(&self, elapsed: Duration, peak: Option<u64>) -> Outcome {
        let rate = per_second(self.acknowledged, elapsed);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is not negative and far below 2^53"
        )]
        let mean = rate.round() as u64;
        Outcome {
            seconds: elapsed.as_secs_f64(),
            requests: self.requests,
            acknowledged: self.acknowledged,
            stored: self.stored,
            unchanged: self.unchanged,
            rejected: self.rejected,
            busy: self.busy,
            errors: self.errors,
            given_up: self.given_up,
            body_bytes: self.body_bytes,
            reports_per_second: rate,
            peak_reports_per_second: peak.unwrap_or(mean).max(mean),
            latency: Latency::of(&self.latency),
            exchange: Latency::of(&self.exchange),
            population: None,
            first_problem: None,
            stopped: None,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn per_second(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64().max(1e-9)
}

/// Microseconds as people read them.
struct Micros(u64);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{} µs", self.0),
            1_000..10_000 => write!(f, "{}.{:02} ms", self.0 / 1_000, self.0 % 1_000 / 10),
            10_000..1_000_000 => write!(f, "{} ms", self.0 / 1_000),
            _ => write!(
                f,
                "{}.{:01} s",
                self.0 / 1_000_000,
                self.0 % 1_000_000 / 100_000
            ),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {}, p90 {}, p99 {}, p99.9 {}, max {}",
            Micros(self.p50_us),
            Micros(self.p90_us),
            Micros(self.p99_us),
            Micros(self.p999_us),
            Micros(self.max_us)
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} reports acknowledged in {:.1} s: {:.0} a second, at best {}",
            self.acknowledged, self.seconds, self.reports_per_second, self.peak_reports_per_second
        )?;
        writeln!(
            f,
            "{} stored, {} unchanged, {} rejected; {} times too busy, {} errors, {} given up",
            self.stored, self.unchanged, self.rejected, self.busy, self.errors, self.given_up
        )?;
        writeln!(f, "latency:  {}", self.latency)?;
        write!(f, "exchange: {}", self.exchange)?;
        if let Some(population) = &self.population {
            write!(f, "\ndevice list: {population}")?;
        }
        if let Some(problem) = &self.first_problem {
            write!(f, "\nfirst problem: {problem}")?;
        }
        Ok(())
    }
}
