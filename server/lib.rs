//! The central collector and dashboard for switching off TLS 1.0/1.1 in Configuration Manager sites.

pub mod cli;
pub mod clock;
pub mod domain;
pub mod sim;
pub mod store;
pub mod views;
