//! The one writer of this process: takes what is waiting, writes it as a group, answers after the commit.
//!
//! A bounded queue in front of it turns a stampede into `Busy` instead of memory. On any error the connection
//! is dropped and everyone who waits is told the truth; nothing is acknowledged that is not durable.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::{
    ahead::Ahead,
    analysing,
    db::{Conn, Db, Log},
    error::{Error, Result},
    group,
    incoming::{Incoming, Receipt},
};
use crate::domain::{suspicions::BURST, time::Timestamp};

/// Reports that may wait to be written. At some 2 KB each this bounds the queue's memory to about 16 MB.
pub const QUEUE: usize = 8_192;

/// Reports in one transaction, unless a single request brings more.
const GROUP: usize = 1_024;

/// Attempts at a group that lost a deadlock against another server.
const ATTEMPTS: usize = 5;

/// How often SQLite's log is emptied. Often, because the disk takes what is moved at once in one burst, and the
/// commits of the moment wait behind it.
const LOG_EMPTIED_EVERY: Duration = Duration::from_millis(50);

/// SQLite pages in the log (4 KiB each) below which it is not worth beginning anew: 64 MB.
const LOG_WORTH_IT: i64 = 16_384;

/// Pages that the writer moves itself: a few milliseconds.
const LOG_REST: i64 = 128;

/// Pages above which the writer stops to empty the log, however much is left: 512 MB.
const LOG_PAGES: i64 = 131_072;

type Answer = Result<Vec<Receipt>>;
type Boxed<'c> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'c>>;

/// Work that is not a report: runs alone, in a transaction of its own.
type Task = Box<dyn for<'c> FnOnce(&'c mut Conn) -> Boxed<'c> + Send>;

enum Job {
    Reports {
        reports: Vec<Incoming>,
        now: Timestamp,
        answer: oneshot::Sender<Answer>,
        room: OwnedSemaphorePermit,
    },
    Task {
        task: Task,
        done: oneshot::Sender<Result<()>>,
    },
}

/// The way to the writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
    /// So many clients may turn ready in an hour by what one sender sends, before that is noted.
    burst: Arc<AtomicI64>,
}

impl Writer {
    /// Starts the writer on a connection of its own.
    pub(super) async fn start(db: Db) -> Result<Self> {
        let conn = db.writing().await?;
        let (jobs, mut waiting) = mpsc::unbounded_channel();
        if db.engine() == "sqlite" {
            let (looked_up, next) = mpsc::unbounded_channel();
            tokio::spawn(look_ahead(Ahead::new(db.clone()), waiting, looked_up));
            waiting = next;
        }
        let burst = Arc::new(AtomicI64::new(BURST));
        let (written, news) = watch::channel(());
        tokio::spawn(run(
            db.clone(),
            Some(conn),
            waiting,
            Arc::clone(&burst),
            written,
        ));
        if db.engine() == "sqlite" {
            tokio::spawn(checkpoint_often(db, jobs.downgrade()));
        } else {
            tokio::spawn(analysing::as_it_grows(db, news));
        }
        Ok(Self {
            jobs,
            // The semaphore is the bound of the queue, counted in reports.
            room: Arc::new(Semaphore::new(QUEUE)),
            burst,
        })
    }

    /// How many clients may turn ready in an hour by what one sender sends, before that is noted; 0: any.
    pub(super) fn burst(&self) -> i64 {
        self.burst.load(Ordering::Relaxed)
    }

    /// Sets that number.
    pub fn note_bursts_above(&self, burst: i64) {
        self.burst.store(burst, Ordering::Relaxed);
    }

    /// Writes reports; the receipts are durable when this returns.
    ///
    /// # Errors
    /// [`Error::Busy`] at once when the queue is full and `patient` is false; whatever the database says.
    pub async fn reports(&self, reports: Vec<Incoming>, now: Timestamp, patient: bool) -> Answer {
        if reports.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = u32::try_from(reports.len().min(QUEUE)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room);
        let room = if patient {
            room.acquire_many_owned(wanted)
                .await
                .map_err(|_| Error::Stopped)?
        } else {
            room.try_acquire_many_owned(wanted)
                .map_err(|_| Error::Busy)?
        };
        let (answer, receipt) = oneshot::channel();
        let job = Job::Reports {
            reports,
            now,
            answer,
            room,
        };
        self.jobs.send(job).map_err(|_| Error::Stopped)?;
        receipt.await.map_err(|_| Error::Stopped)?
    }

    /// Runs `work` alone in a transaction on the writer's connection and answers what it answers, after the
    /// commit.
    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> Pin<Box<dyn Future<Output = Result<T>> + Send + 'c>>
            + Send
            + 'static,
    {
        let (value_in, value_out) = oneshot::channel();
        let task: Task = Box::new(move |conn| {
            Box::pin(async move {
                let value = work(conn).await?;
                // The receiver may have gone (a closed browser); the work is still committed.
                drop(value_in.send(value));
                Ok(())
            })
        });
        let (done, finished) = oneshot::channel();
        self.jobs
            .send(Job::Task { task, done })
            .map_err(|_| Error::Stopped)?;
        finished.await.map_err(|_| Error::Stopped)??;
        value_out.await.map_err(|_| Error::Stopped)
    }

    /// Reports that could still be taken.
    pub fn room(&self) -> usize {
        self.room.available_permits()
    }
}

/// Passes jobs on in their order, and what waits together gets looked up together before.
async fn look_ahead(
    mut ahead: Ahead,
    mut jobs: mpsc::UnboundedReceiver<Job>,
    next: mpsc::UnboundedSender<Job>,
) {
    let mut together = Vec::new();
    while jobs.recv_many(&mut together, GROUP).await > 0 {
        let wanted = ahead.wanted(together.iter().flat_map(|job| match job {
            Job::Reports { reports, .. } => reports.as_slice(),
            Job::Task { .. } => &[],
        }));
        ahead.look(wanted).await;
        for job in together.drain(..) {
            if next.send(job).is_err() {
                return;
            }
        }
    }
}

struct Waiting {
    reports: Vec<Incoming>,
    now: Timestamp,
    answer: oneshot::Sender<Answer>,
    room: OwnedSemaphorePermit,
}

async fn run(
    db: Db,
    mut conn: Option<Conn>,
    mut jobs: mpsc::UnboundedReceiver<Job>,
    burst: Arc<AtomicI64>,
    written: watch::Sender<()>,
) {
    let mut next = None;
    loop {
        let job = match next.take() {
            Some(job) => job,
            None => match jobs.recv().await {
                Some(job) => job,
                None => break,
            },
        };
        match job {
            Job::Task { task, done } => {
                let result = in_transaction(&db, &mut conn, task).await;
                drop(done.send(result));
            }
            Job::Reports {
                reports,
                now,
                answer,
                room,
            } => {
                let mut count = reports.len();
                let mut group = vec![Waiting {
                    reports,
                    now,
                    answer,
                    room,
                }];
                while count < GROUP {
                    match jobs.try_recv() {
                        Ok(Job::Reports {
                            reports,
                            now,
                            answer,
                            room,
                        }) => {
                            count += reports.len();
                            group.push(Waiting {
                                reports,
                                now,
                                answer,
                                room,
                            });
                        }
                        Ok(task) => {
                            next = Some(task);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                let burst = burst.load(Ordering::Relaxed);
                write_group(&db, &mut conn, group, burst).await;
            }
        }
        written.send_replace(());
    }
}

/// Opens the connection if the last one was given up.
async fn connected<'c>(db: &Db, conn: &'c mut Option<Conn>) -> Result<&'c mut Conn> {
    if conn.is_none() {
        *conn = Some(db.writing().await?);
    }
    conn.as_mut().ok_or(Error::Stopped)
}

async fn in_transaction(db: &Db, conn: &mut Option<Conn>, task: Task) -> Result<()> {
    let open = connected(db, conn).await?;
    let result = async {
        open.begin().await?;
        task(open).await?;
        open.commit().await
    }
    .await;
    if result.is_err() {
        *conn = None;
    }
    result
}

async fn write_group(db: &Db, conn: &mut Option<Conn>, group: Vec<Waiting>, burst: i64) {
    let now = group
        .iter()
        .map(|waiting| waiting.now)
        .max()
        .unwrap_or_default();
    let mut reports = Vec::new();
    let mut answers = Vec::with_capacity(group.len());
    for waiting in group {
        answers.push((waiting.reports.len(), waiting.answer, waiting.room));
        reports.extend(waiting.reports);
    }
    metrics::histogram!("cutover_group_reports").record(precise(reports.len()));
    match written(db, conn, &reports, burst, now).await {
        Ok(receipts) => {
            let mut receipts = receipts.into_iter();
            for (count, answer, _room) in answers {
                // A sender that has gone away will send again and be told `unchanged`.
                drop(answer.send(Ok(receipts.by_ref().take(count).collect())));
            }
        }
        Err(error) => {
            if error.blames_the_data() {
                tracing::warn!(%error, "a report in a group cannot be stored; writing each request alone");
                let mut reports = reports.into_iter();
                for (count, answer, _room) in answers {
                    let own: Vec<Incoming> = reports.by_ref().take(count).collect();
                    let alone = written(db, conn, &own, burst, now).await.map_err(|error| {
                        if error.blames_the_data() {
                            Error::Refused(error.to_string())
                        } else {
                            error
                        }
                    });
                    drop(answer.send(alone));
                }
                return;
            }
            tracing::error!(%error, "a group of reports could not be written; their senders are told so");
            let text = error.to_string();
            for (_, answer, _room) in answers {
                let told = Error::Database(sqlx::Error::Protocol(text.clone()));
                drop(answer.send(Err(told)));
            }
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count of at most some ten thousand"
)]
const fn precise(count: usize) -> f64 {
    count as f64
}

async fn written(
    db: &Db,
    conn: &mut Option<Conn>,
    reports: &[Incoming],
    burst: i64,
    now: Timestamp,
) -> Result<Vec<Receipt>> {
    let mut attempt = 1;
    loop {
        let open = connected(db, conn).await?;
        let result = async {
            open.begin().await?;
            if attempt > 1 {
                // Two that lost to each other go on one after the other.
                open.lock_new_clients().await?;
            }
            let receipts = group::apply(open, reports, burst, now).await?;
            open.commit().await?;
            Ok(receipts)
        }
        .await;
        let Err(error) = result else {
            return result;
        };
        *conn = None;
        if !Error::is_deadlock(&error) || attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
    }
}

/// Empties SQLite's log beside the writer, in two steps. The bulk is moved on a connection of its own, which holds
/// nobody up; but a log is only begun anew when nothing is left in it, and meanwhile the writer has gone on. So when
/// little is left the writer itself moves the rest between two commits, which is short, and starts at the front.
async fn checkpoint_often(db: Db, jobs: mpsc::WeakUnboundedSender<Job>) {
    let mut conn = None;
    let mut tick = tokio::time::interval(LOG_EMPTIED_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if jobs.strong_count() == 0 {
            return;
        }
        let log = match connected(&db, &mut conn).await {
            Ok(open) => emptied(open).await,
            Err(error) => Err(error),
        };
        match log {
            Ok(log) if log.pages < LOG_WORTH_IT => {}
            Ok(log) if log.left <= LOG_REST || log.pages > LOG_PAGES => {
                let (done, finished) = oneshot::channel();
                let task: Task = Box::new(|conn| {
                    Box::pin(async move {
                        // A checkpoint cannot run inside the transaction that tasks get.
                        conn.commit().await?;
                        conn.checkpoint().await?;
                        conn.begin().await
                    })
                });
                let sent = jobs
                    .upgrade()
                    .map(|jobs| jobs.send(Job::Task { task, done }));
                if !matches!(sent, Some(Ok(()))) {
                    return;
                }
                drop(finished.await);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be checkpointed; trying again");
                conn = None;
            }
        }
    }
}

/// Moves what the log holds, again while each time more has come meanwhile than the writer should move itself.
async fn emptied(conn: &mut Conn) -> Result<Log> {
    let mut log = conn.checkpoint().await?;
    for _ in 0..4 {
        if log.left <= LOG_REST {
            break;
        }
        log = conn.checkpoint().await?;
    }
    Ok(log)
}
