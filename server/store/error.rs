//! How the store can fail, in the terms its callers act on.

/// Why something could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or failed; nothing of this call was kept.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The migrations could not be applied.
    #[error("the database could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database is not safe to keep reports in.
    #[error("{0}")]
    Unsafe(String),
    /// Too much is waiting to be written; nothing was taken.
    #[error("too many reports are waiting to be written")]
    Busy,
    /// The database will not store this record, whatever the state of disk and network; nothing of it was kept.
    #[error("the database refuses this record: {0}")]
    Refused(String),
    /// The writer has stopped; the server is going down.
    #[error("the server is shutting down")]
    Stopped,
    /// What is stored cannot be read back as what it should be.
    #[error("{table} holds something that cannot be read: {detail}")]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// What, and where.
        detail: String,
    },
    /// The caller gave something that means nothing here, such as a foreign cursor.
    #[error("{0}")]
    Input(String),
    /// What the caller wants to go on from is not kept any more; the sentence says what to do.
    #[error("{0}")]
    Gone(String),
    /// Somebody else has done this portion of a work; nothing of this one is kept.
    #[error("this portion was done already")]
    Passed,
    /// A change needs a confirmation that was not given; the sentence says of what.
    #[error("{0}")]
    NeedsConfirmation(String, super::population::Replaced),
}

impl Error {
    /// The database says that this data is the trouble (class 22 or 23, or a value too large), so that the
    /// same record would fail again, whatever the state of disk and network.
    pub(crate) fn blames_the_data(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                // PostgreSQL: data exception, integrity violation. SQLite: SQLITE_TOOBIG 18,
                // SQLITE_CONSTRAINT 19, SQLITE_MISMATCH 20 (low byte of the extended code).
                code.len() == 5 && (code.starts_with("22") || code.starts_with("23"))
                    || code
                        .parse::<u32>()
                        .is_ok_and(|code| code < 10_000 && matches!(code & 0xFF, 18..=20))
            }),
            Self::Database(sqlx::Error::Encode(_) | sqlx::Error::Decode(_)) => true,
            _ => false,
        }
    }

    /// The database is away, restarting, out of space or out of time: the same request may succeed later.
    pub(crate) fn may_pass(&self) -> bool {
        let Self::Database(error) = self else {
            return matches!(self, Self::Busy | Self::Stopped);
        };
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                // PostgreSQL: connection, rolled back, resources, in use, stopped by somebody, system.
                // SQLite: BUSY 5, LOCKED 6, IOERR 10, FULL 13, CANTOPEN 14 (low byte of the extended code).
                code.len() == 5 && ["08", "40", "53", "55", "57", "58"].contains(&&code[..2])
                    || code.parse::<u32>().is_ok_and(|code| {
                        code < 10_000 && matches!(code & 0xFF, 5 | 6 | 10 | 13 | 14)
                    })
            }),
            _ => false,
        }
    }

    /// Two servers wanted the same rows in different order; trying again is right.
    pub(crate) fn is_deadlock(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error))
            if error.code().is_some_and(|code| code == "40P01" || code == "40001"))
    }
}

/// What the store's functions answer.
pub type Result<T> = std::result::Result<T, Error>;
