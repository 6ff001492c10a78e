//! Files of others whose facts would be of a time to come. Taken as they are, they would pass for fresh, and what is read
//! today would be older.

use crate::domain::time::{HOUR, Timestamp};

/// Why a reading of a foreign file is not taken: its time is more than one hour after `now`. `from`: the cell and the
/// column that say it, where a table does.
pub fn of_the_future(at: Timestamp, from: Option<&str>, now: Timestamp) -> Option<String> {
    if at.since(now) <= HOUR {
        return None;
    }
    let from = from.map_or_else(String::new, |from| format!(" (the time {from})"));
    Some(format!(
        "It says that its facts were read at {at}{from}, which is still to come: now it is {now}. So it is not known when they were read, and it was not taken. Where day and month were mixed up, say how dates are written (dates) and have the file read again; otherwise set the clock that wrote the time right, and read the facts again."
    ))
}
