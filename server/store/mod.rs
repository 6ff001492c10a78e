//! What is kept: clients, history, counts, the expected lists, who feeds it, tokens; SQLite or PostgreSQL.

pub mod access;
pub mod accounts;
mod acquaintance;
pub mod admission;
mod ahead;
mod analysing;
mod audit;
pub mod audit_log;
mod bursts;
pub mod called;
mod change_row;
pub mod changes;
pub mod clients;
pub mod conflicts;
mod conn;
mod counting;
mod cursor;
pub mod cutover;
pub mod days;
pub mod db;
pub mod deliveries;
mod departures;
pub mod dossier;
mod echoes;
pub mod enrolment;
pub mod error;
pub mod evidence;
mod exception_ends;
pub mod exception_list;
pub mod exceptions;
mod feeds;
mod filter;
pub mod forecast;
mod group;
pub mod id_lists;
pub mod identify;
pub mod incoming;
mod joining;
mod keeping;
mod known;
mod known_logs;
mod leavers;
pub mod lists;
pub mod mappings;
pub mod membership;
pub mod model;
pub mod moves;
mod narrowing;
mod needs;
pub mod observed;
mod observed_boxes;
mod observed_brief;
mod observed_covered;
mod observed_digest;
mod observed_evidence;
mod observed_kept;
pub mod observed_model;
mod observed_named;
mod observed_read;
pub mod population;
pub mod quarantine;
pub mod quarantine_model;
mod rebuilding;
pub mod rejects;
pub mod rejudge;
mod remains;
mod rewriting;
pub mod rows;
pub mod saved;
mod searching;
pub mod second_factor;
pub mod selection;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod sightings;
mod signatures;
pub mod single_sign_on;
pub mod sites;
pub mod summary;
pub mod suspicion_closing;
pub mod suspicion_list;
mod suspicions;
mod sweep;
pub mod system_roles;
pub mod timeline;
pub mod tokens;
pub mod tops;
pub mod trend;
pub mod twins;
pub mod upload_commit;
pub mod upload_files;
pub mod upload_model;
pub mod upload_rows;
pub mod upload_whom;
pub mod uploads;
mod warm;
pub mod webhooks;
mod within;
pub mod writer;

pub use error::{Error, Result};

use std::sync::{Arc, atomic::AtomicBool};

use db::Db;
use writer::Writer;

/// The one fleet a server keeps today. It is part of every key, so that several could share a database.
const ESTATE: i64 = 1;

/// Everything that is kept, and the only way to it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    writer: Writer,
    /// Something was seen that may contradict a report.
    seen_more: Arc<AtomicBool>,
}

impl Store {
    /// Opens the database, brings it up to date, and starts the writer.
    ///
    /// # Errors
    /// The database cannot be reached, or is not safe to keep reports in.
    pub async fn open(url: &str) -> Result<Self> {
        let db = Db::open(url).await?;
        let writer = Writer::start(db.clone()).await?;
        Ok(Self {
            db,
            writer,
            seen_more: Arc::new(AtomicBool::new(true)),
        })
    }

    /// The writer, for what brings reports in.
    pub const fn writer(&self) -> &Writer {
        &self.writer
    }

    /// `sqlite` or `postgres`.
    pub const fn engine(&self) -> &'static str {
        self.db.engine()
    }

    /// Brings a SQLite file into memory in the background, for a server that is about to take reports.
    pub fn warm(&self) {
        if let Some(file) = self.db.file() {
            warm::in_background(file.to_owned());
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        let _: i64 = self
            .db
            .read()
            .await?
            .sql("SELECT CAST(1 AS BIGINT)")
            .scalar()
            .await?;
        Ok(())
    }

    /// Copies the whole database into `path`, consistently, beside running writers. SQLite only.
    pub async fn backup(&self, path: &str) -> Result<()> {
        self.db.writing().await?.copy_to(path).await
    }

    /// Closes the pools; what waits to be written is not waited for.
    pub async fn close(&self) {
        self.db.close().await;
    }
}
