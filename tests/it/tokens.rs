//! Tokens with limits, and what one of them sent set aside.

mod limits;
mod pages;
mod quarantine;
