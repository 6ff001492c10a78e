//! The sweep of a share drop: what is taken, when, and where it goes.

mod moving;
mod office;
mod pure;
mod real;
mod trouble;
mod whole;
