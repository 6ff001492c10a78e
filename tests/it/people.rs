//! Who may do what: the table of routes, accounts, the way in, and the first start.

mod accounts;
mod forms;
pub mod matrix;
mod second_factor;
mod setup;
mod signing_in;
