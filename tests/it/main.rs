//! The tests that see the product from outside, in one binary.

mod load;
mod sim;
mod stub;
