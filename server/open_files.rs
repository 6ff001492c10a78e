//! How many files and connections the system lets this process have open. Many systems give a process few unless it asks for
//! as many as it may have.

/// Asks for as many as the system allows, and says how many that are; `None`: it sets no limit, or does not say.
#[cfg(unix)]
pub fn as_many_as_allowed() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Some systems name a maximum that they do not give; then what was there stays.
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files stays as it is");
            limit.current
        }
    }
}

/// Not limited so that it could be asked.
#[cfg(not(unix))]
pub const fn as_many_as_allowed() -> Option<u64> {
    None
}
