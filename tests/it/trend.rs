//! What the numbers were, who moved, and what may be concluded from it.

mod days;
mod forecast;
mod moves;
mod regressed;
