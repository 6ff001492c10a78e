//! The central collector and dashboard for switching off TLS 1.0/1.1 in Configuration Manager sites.

pub mod cli;
pub mod clock;
pub mod config;
pub mod cutovers;
pub mod domain;
pub mod doors;
pub mod enrolment;
pub mod error;
pub mod expected;
pub mod http;
pub mod ingest;
pub mod networks;
pub mod open_files;
pub mod people;
pub mod quarantine;
pub mod rejudge;
pub mod serve;
pub mod sim;
pub mod single_sign_on;
pub mod state;
pub mod store;
pub mod transport;
pub mod uploads;
pub mod views;
pub mod webhooks;
pub mod wire;
