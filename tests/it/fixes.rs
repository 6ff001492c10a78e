//! The fix plan: the exact search, the counts behind it, and the texts of each fix.

mod counted;
mod plan;
mod texts;

pub use counted::signatures_equal_the_lists;
