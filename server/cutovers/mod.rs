//! From a scope to a decision: who is in it, what would happen to them, what was decided, and who has stopped since.

pub mod beside;
pub mod comparing;
pub mod deciding;
pub mod hands;
pub mod kept;
pub mod running;
pub mod signing;
pub mod since;
pub mod systems;
pub mod watching;
