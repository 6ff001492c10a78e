//! The cutover decision: what would happen to whom, what a board asks for, and the record of what it decided.

pub mod after;
pub mod canonical;
pub mod carrier;
pub mod criteria;
pub mod criterion;
pub mod difference;
pub mod lately;
pub mod record;
pub mod scope;
pub mod tally;
pub mod verify;
pub mod whatif;
