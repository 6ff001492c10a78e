//! The page on which the first administrator is made.

use askama::Template;

use super::Layout;
use crate::domain::passwords::{LONGEST, SHORTEST};

/// The page.
#[derive(Debug, Template)]
#[template(path = "setup.html", whitespace = "minimize")]
pub struct SetupPage {
    /// The frame.
    pub layout: Layout,
    /// Secret of the link.
    pub key: String,
    /// Name to start with.
    pub user: String,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Characters of a password at least.
    pub shortest: usize,
    /// And at most.
    pub longest: usize,
}

impl SetupPage {
    /// The page.
    pub fn new(layout: Layout, key: &str, user: &str, error: Option<&str>) -> Self {
        Self {
            layout,
            key: key.to_owned(),
            user: user.to_owned(),
            error: error.map(str::to_owned),
            shortest: SHORTEST,
            longest: LONGEST,
        }
    }
}
