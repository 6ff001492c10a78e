//! What goes out as HTML: one struct per page, made from plain read models, rendered by askama.
//!
//! Nothing here knows a database or a request. A page is built by its `new`, and
//! [`Page::render`] turns it into text. Templates hold no arithmetic and no links of their own making:
//! numbers, words and URLs are finished in Rust, so they can be tested and are the same everywhere.

pub mod account;
pub mod api;
mod api_document;
pub mod attention;
pub mod audit;
pub mod bar;
mod called;
pub mod change;
pub mod chart;
pub mod checks;
pub mod client;
mod client_words;
pub mod columns;
pub mod components;
pub mod cutover;
pub mod day;
pub mod deeds;
pub mod direction;
pub mod dossier;
pub mod enrolled;
pub mod exceptions;
pub mod exceptions_words;
pub mod feeding;
pub mod feeds;
pub mod fix;
pub mod fixes;
pub mod form;
pub mod gate;
pub mod headline;
pub mod home;
pub mod json;
pub mod layout;
pub mod links;
pub mod list;
pub mod masks;
pub mod method;
pub mod observed;
pub mod os;
pub mod outlook;
pub mod people;
pub mod place;
pub mod population;
pub mod problem;
pub mod prospect;
pub mod readiness;
pub mod recipes;
pub mod refused;
pub mod rows;
pub mod rule;
pub mod saved;
pub mod second_factor;
pub mod setup;
pub mod sightings;
pub mod sign_in;
pub mod sites;
pub mod suspicions;
pub mod tables;
pub mod text;
pub mod timeline;
pub mod tls;
pub mod tokens;
pub mod trend;
pub mod trend_page;
pub mod trend_table;
pub mod upload;
pub mod upload_one;
pub mod way;
pub mod webhooks;
pub mod words;

pub use askama::{Error as RenderError, Template as Page};
pub use layout::{Layout, May, Nav};
