//! The only place that asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;

/// The time now, by this machine's clock.
pub fn now() -> Timestamp {
    of(SystemTime::now())
}

/// A time as the system tells it, such as that of a file; 1970 for anything before.
pub fn of(time: SystemTime) -> Timestamp {
    let millis = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    Timestamp(i64::try_from(millis).unwrap_or(i64::MAX))
}
