//! Files of any format on their way in: read in the background, shown, and stored when somebody says so.
//!
//! What is to be done stands in the database and nowhere else, so a server that is killed goes on where it was, and
//! several servers on one database share the work. Reading begins from nothing again; storing goes on behind the last
//! portion. Both are guarded in the statements, so that two that work on the same upload do each row once.

mod committing;
mod completeness;
mod reading;
mod told;

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

pub use committing::PORTION;
pub use told::{ByItself, Chosen, Told, by_itself_of, names_of, told_of};

use crate::{
    clock,
    domain::{
        audit::Author,
        time::{SECOND, Timestamp},
    },
    ingest::Judge,
    store::{
        self, Store,
        upload_model::{NewUpload, State, Upload},
    },
};

/// An upload is a worker's for this long, which it renews; after a kill another one waits as long.
const LEASE: i64 = 5 * SECOND;
/// How often it is renewed, and how often an idle worker looks for work that others left.
const BEAT: Duration = Duration::from_secs(1);
/// Readings of one upload that are begun; what ended the server so often is not tried once more.
const STARTS: i64 = 5;

/// Wakes the worker of this process, and tells whoever waits that something has moved.
#[derive(Clone, Debug, Default)]
pub struct Bell {
    work: Arc<Notify>,
    moved: Arc<Notify>,
}

impl Bell {
    /// There is something to do.
    pub fn ring(&self) {
        self.work.notify_one();
    }

    /// Returns when some upload has moved, or after a moment, since other processes ring no bell here.
    pub async fn moved(&self) {
        let moved = self.moved.notified();
        drop(tokio::time::timeout(Duration::from_millis(250), moved).await);
    }

    fn has_moved(&self) {
        self.moved.notify_waiters();
    }
}

/// What somebody sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Each file's name and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// SHA-256 of the files as they came.
    pub file_hash: Vec<u8>,
    /// How to read them.
    pub chosen: Chosen,
    /// When the facts were read, where the files do not say it.
    pub collected_at: Option<Timestamp>,
    /// Store without showing first.
    pub at_once: bool,
    /// Name of the user or token.
    pub by: String,
    /// Who it is, for the audit log.
    pub author: Author,
    /// Id of the token that sent it; empty: none did.
    pub token: String,
    /// `upload` or `command`.
    pub way: &'static str,
}

/// Why a time is not taken as the time at which facts were read.
///
/// # Errors
/// It is in the future.
pub fn check_time(collected_at: Timestamp, now: Timestamp) -> Result<(), String> {
    // Clocks differ a little; a time to come would make old facts look fresh for as long.
    if collected_at.since(now) > 5 * 60 * SECOND {
        return Err(format!(
            "{collected_at} is in the future; give the time at which the facts were read"
        ));
    }
    Ok(())
}

/// Keeps the files and takes note of the upload; answers its id. Nothing is read yet.
///
/// # Errors
/// The store failed; nothing is under way then.
pub async fn accept(store: &Store, sent: Sent, now: Timestamp) -> Result<String, store::Error> {
    let id = uuid::Uuid::now_v7().to_string();
    store.keep_upload_files(&id, &sent.files).await?;
    let bytes: usize = sent.files.iter().map(|(_, content)| content.len()).sum();
    let names: Vec<&str> = sent.files.iter().map(|(name, _)| name.as_str()).collect();
    store
        .add_upload(NewUpload {
            id: id.clone(),
            created_at: now,
            created_by: sent.by,
            author: sent.author,
            way: sent.way,
            names: told::written(&names),
            file_hash: sent.file_hash,
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            options: told::written(&sent.chosen),
            collected_at: sent.collected_at.map(|at| at.min(now)),
            at_once: sent.at_once,
            token: sent.token,
        })
        .await?;
    Ok(id)
}

/// Works uploads off, one after the other, for as long as the server runs.
pub async fn run(store: Store, judge: Judge, bell: Bell) {
    let worker = uuid::Uuid::now_v7().to_string();
    loop {
        match store.claim_upload(&worker, None, clock::now(), LEASE).await {
            Ok(Some(upload)) => {
                let passed = work(&store, &judge, &upload, &worker, &bell).await;
                bell.has_moved();
                if passed {
                    continue;
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "uploads could not be looked for; trying again");
            }
        }
        drop(tokio::time::timeout(BEAT, bell.work.notified()).await);
    }
}

/// Works one upload off in this process, or waits for whoever is at work on it. Answers how it ended.
///
/// # Errors
/// The store failed, or there is no such upload.
pub async fn complete(store: &Store, judge: &Judge, id: &str) -> Result<Upload, store::Error> {
    let worker = uuid::Uuid::now_v7().to_string();
    let bell = Bell::default();
    loop {
        let now = clock::now();
        if let Some(upload) = store.claim_upload(&worker, Some(id), now, LEASE).await? {
            if work(store, judge, &upload, &worker, &bell).await {
                continue;
            }
            tokio::time::sleep(BEAT).await;
            continue;
        }
        let upload = store
            .upload(id)
            .await?
            .ok_or_else(|| store::Error::Input("There is no upload with this id.".to_owned()))?;
        if !upload.state.is_busy() {
            return Ok(upload);
        }
        bell.moved().await;
    }
}

/// Takes an upload one step on, from reading to the preview or from there to its end. Answers whether it got there;
/// otherwise the database was away, and trying again later may help.
async fn work(store: &Store, judge: &Judge, upload: &Upload, worker: &str, bell: &Bell) -> bool {
    let step = async {
        match upload.state {
            State::Reading if upload.starts >= STARTS => {
                let why = format!(
                    "Reading these files was begun {STARTS} times and never came to its end. They may be too much for this server; send them in parts."
                );
                let end = store.fail_upload(upload.id.clone(), why, clock::now());
                end.await.map(drop)
            }
            State::Reading => reading::read(store, judge, upload, bell).await,
            State::Committing => committing::commit(store, judge, upload, bell).await,
            State::Preview | State::Done | State::Cancelled | State::Failed => Ok(()),
        }
    };
    let beat = async {
        loop {
            tokio::time::sleep(BEAT).await;
            let until = clock::now().plus(LEASE);
            let renewed = store.renew_upload(upload.id.clone(), worker.to_owned(), until);
            if let Err(error) = renewed.await {
                tracing::debug!(%error, "an upload could not be kept; another worker may take it over");
            }
        }
    };
    let result = tokio::select! {
        result = step => result,
        () = beat => Ok(()),
    };
    let Err(error) = result else {
        return true;
    };
    if error.may_pass() {
        tracing::warn!(%error, upload = upload.id, "an upload was interrupted; trying again");
        return false;
    }
    tracing::error!(%error, upload = upload.id, "an upload failed");
    let why = "Something went wrong here, and the server's log has the cause. What was stored before stays; sending the files again is harmless.";
    let failed = store.fail_upload(upload.id.clone(), why.to_owned(), clock::now());
    if let Err(error) = failed.await {
        tracing::warn!(%error, "the end of an upload could not be written down; trying again");
        return false;
    }
    true
}
