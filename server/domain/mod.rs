//! What a client, a fact, a check and a verdict are: pure values and rules, no IO, no clock, no database.

pub mod access;
pub mod assess;
pub mod audit;
pub mod audit_chain;
pub mod bound;
pub mod changes;
pub mod cutover;
pub mod days;
pub mod evidence;
pub mod facts;
pub mod feeds;
pub mod forecast;
pub mod gate;
pub mod handshake;
pub mod identity;
pub mod lists;
pub mod pace;
pub mod passwords;
pub mod plan;
pub mod protocols;
pub mod readiness;
pub mod sightings;
pub mod throttle;
pub mod time;
pub mod verdict;
pub mod webhooks;
