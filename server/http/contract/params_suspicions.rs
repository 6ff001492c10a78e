//! Parameters of the list of suspicions.

use super::params::{
    CURSOR, LIMIT, Param,
    Takes::{Id, One},
    param,
};

/// Which suspicions are meant.
pub const SUSPICIONS: [Param; 5] = [
    param(
        "state",
        One("SuspicionState", "open"),
        "any",
        "Whether somebody has looked.",
    ),
    param(
        "kind",
        One("SuspicionKind", ""),
        "sender",
        "Only what is odd in this way.",
    ),
    param(
        "client",
        Id,
        "",
        "Only those of the client with this id of ours, and the bursts that it belongs to.",
    ),
    CURSOR,
    LIMIT,
];
