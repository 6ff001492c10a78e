//! Offers requests at a fixed rate, whether or not the server keeps up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

/// Gives every request the moment at which it ought to be sent. A late sender still gets the early moment, so that
/// waiting in our own queue counts as waiting (no coordinated omission).
#[derive(Debug)]
pub(super) struct Pace {
    start: Instant,
    batch: u64,
    rate: u64,
    due: Semaphore,
    taken: AtomicU64,
    over: AtomicBool,
}

impl Pace {
    /// Starts the clock. A thread of its own lets the requests go, because the timer of the runtime is a
    /// millisecond coarse, which is as much as an answer takes.
    pub(super) fn start(rate: u64, batch: u64) -> Arc<Self> {
        let pace = Arc::new(Self {
            start: Instant::now(),
            batch,
            rate,
            due: Semaphore::new(0),
            taken: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let clock = Arc::clone(&pace);
        thread::spawn(move || clock.run());
        pace
    }

    /// Waits for the next request's moment; `None` when the run is over.
    pub(super) async fn next(&self) -> Option<Instant> {
        self.due.acquire().await.ok()?.forget();
        Some(self.moment(self.taken.fetch_add(1, Ordering::Relaxed)))
    }

    /// Wakes everybody who waits and ends the thread.
    pub(super) fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.due.close();
    }

    fn moment(&self, slot: u64) -> Instant {
        let nanos =
            u128::from(slot) * u128::from(self.batch) * 1_000_000_000 / u128::from(self.rate);
        self.start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX / 4))
    }

    fn run(&self) {
        let mut released = 0;
        while !self.over.load(Ordering::Relaxed) {
            let now = Instant::now();
            let mut permits = 0;
            while permits < 10_000 && self.moment(released) <= now {
                released += 1;
                permits += 1;
            }
            self.due.add_permits(permits);
            let pause = self.moment(released).saturating_duration_since(now);
            thread::sleep(pause.min(Duration::from_millis(50)));
        }
    }
}
