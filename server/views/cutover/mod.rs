//! The pages of the cutover decision: scopes, one scope, a run, a decision, and the sheet for the board.

pub mod after;
pub mod decision;
pub mod lately;
pub mod parts;
pub mod run;
pub mod scope;
pub mod scopes;
