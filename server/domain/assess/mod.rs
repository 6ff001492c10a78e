//! The judgement: facts in, verdict out. No IO, no clock, no database.
//!
//! [`assess`] takes the facts of one report and answers with every check of the contract, its reason, what
//! was found, what was expected, what to do and on whose word, and with the one standing they add up to.
//! Two laws stand above every rule: a false "ready" is the worst mistake there is, so every dispute is
//! read carefully; and a fact that is missing, unreadable or contradictory never makes a client ready.
//!
//! Read in this order: `os_table` (the Windows releases as data), `os` and `os_check`
//! (which Windows is this, can it at all), `update` and `winhttp` (what carries the ConfigMgr client),
//! `schannel` below them, `dotnet`, `ciphers`, `fips`, `restart`; `site_system`, `sql` and `wsus` for
//! servers; `standing` for the sum; `reasons` for what the outside may filter by.

mod check_table;
mod ciphers;
mod contradicted;
mod disputes;
mod dotnet;
mod finding;
mod fips;
mod fixes;
mod joint;
mod judge;
mod notes;
mod os;
mod os_check;
mod os_family;
mod os_table;
mod policy;
mod prospect;
mod reason_table;
mod reasons;
mod remedy;
mod restart;
mod schannel;
mod site_system;
mod sources;
mod sql;
mod standing;
mod update;
mod winhttp;
mod wsus;

pub use self::{
    check_table::{CHECKS, CheckInfo, check_info},
    disputes::{DISPUTES, Dispute},
    fixes::{FixFile, FixText, fix_text, fix_texts},
    joint::{Joint, assess_jointly},
    judge::assess,
    notes::{clock_notes, doubts_the_view},
    os::{OsIdentity, os_identity, os_label},
    os_family::os_family_key,
    policy::{AbsentPolicy, DotnetPolicy, Policy},
    prospect::{Edit, Kind, Prospect, Step, prospect},
    reasons::{REASONS, ReasonInfo, reason, reason_mask, reasons_in},
    site_system::{asks_less, carries_contact, is_site_system},
    standing::{CONTRADICTS_FOR, SeenOld, standing_at},
    winhttp::{ProtocolMask, protocol_masks},
};

/// The version of the rules; every verdict is stored with it, so that a later one can be told apart.
pub const RULESET: &str = "2026.11.3";
