//! The central collector and dashboard for switching off TLS 1.0/1.1 in Configuration Manager sites.

pub mod domain;
pub mod wire;
