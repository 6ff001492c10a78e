//! The tests of the whole program: one binary, one link.

mod cases;
mod commands;
mod durability;
mod feeds;
mod foreign_files;
mod foreign_reg;
mod foreign_tables;
mod house;
mod kit;
mod lists;
mod load;
mod plans;
mod postgres;
mod properties;
mod routes;
mod security;
mod sessions;
mod settings;
mod sim;
mod store;
mod stub;
mod support;
mod sweep;
mod tls;
mod views;
mod wire;
