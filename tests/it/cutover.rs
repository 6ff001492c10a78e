//! The cutover decision: rules, properties, the record, and the way through a server.

mod record;
mod rules;
mod served;
mod stored;

pub use served::decided;
