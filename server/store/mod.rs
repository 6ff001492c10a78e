//! What is kept: clients, history, counts, the expected list, tokens; SQLite or PostgreSQL.

pub mod model;
