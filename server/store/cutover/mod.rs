//! What is kept for cutover decisions: scopes and what was said for them, runs, and records that nothing changes.

pub mod changing;
pub mod decisions;
pub mod excepted;
pub mod runs;
pub mod scopes;
pub mod stamp;
pub mod waiting;
pub mod walk;
pub mod watched;
