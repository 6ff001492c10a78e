//! Several sources about one client: the laws of joining what they say, in the domain and in the store.

mod age;
mod diff;
mod examples;
pub mod machine;
mod orders;
mod properties;
mod rules;
pub mod said;
mod servers;
mod story;
mod trust;
