//! The cutover decision: rules, properties, the record, and the way through a server.

mod after;
mod forms;
mod hands;
mod limited;
mod names;
mod record;
mod rules;
mod seen;
pub mod served;
mod since;
mod stored;
mod suspected;
mod watch;
mod way;

pub use served::{decided, lately, post};
