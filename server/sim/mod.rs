//! A realistic fleet of any size, made from a seed: who the clients are, what they report, and the device list.
//!
//! Nothing is stored. Every fact is drawn from (seed, client, question), so that any client can be made alone and
//! adding a question never changes the answers to the others. The mix follows published fleet surveys: most machines
//! are well, the old ones are half repaired, a few are broken in the odd ways that administrators really meet.

mod condition;
mod dice;
mod faults;
mod fleet;
mod identity;
mod json;
mod population;
mod registry;
mod report;
mod suites;
mod systems;

pub use fleet::{DEFAULT_EPOCH, Fleet, SimClient};
pub use identity::Presence;
pub use population::PopulationRows;
pub use systems::Family;
