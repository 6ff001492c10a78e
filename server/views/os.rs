//! What is known of an OS version apart from its clients.

use crate::domain::{
    assess,
    facts::{OsFacts, OsVersion},
    time::Timestamp,
};

/// SKU of Enterprise, and of the long-term channel: editions that are supported longer than Home and Pro.
const ENTERPRISE: u32 = 4;
const LONG_TERM: u32 = 125;

/// Says so when support of an OS version had ended by `now`: `support ended 2020-01-14`. A key does not tell editions
/// apart, so it is said which one a date is for where another one has it longer. Paid support is not counted.
pub fn support_ended(key: &str, now: Timestamp) -> Option<String> {
    let (numbers, kind) = key.split_once('-')?;
    let mut parts = numbers.split('.').map(|part| part.parse().ok());
    let version = OsVersion {
        major: parts.next()??,
        minor: parts.next()??,
        build: parts.next()??,
    };
    let facts = OsFacts {
        version: Some(version),
        product_type: Some(if kind == "server" { 3 } else { 1 }),
        suite_mask: (kind == "embedded").then_some(0x40),
        ..OsFacts::default()
    };
    let end = |sku: Option<u32>| {
        let facts = OsFacts {
            sku,
            ..facts.clone()
        };
        assess::os_identity(&facts).end_of_support
    };
    let general = end(None)?;
    let enterprise = end(Some(ENTERPRISE)).unwrap_or(general);
    let long_term = end(Some(LONG_TERM)).unwrap_or(general);
    let today = now.to_string();
    let today = today.get(..10)?;
    if general >= today {
        return None;
    }
    Some(if enterprise >= today {
        format!(
            "Home and Pro: support ended {general}; Enterprise and Education: until {enterprise}"
        )
    } else if long_term >= today {
        format!("support ended {enterprise}; long-term channel: until {long_term}")
    } else {
        format!("support ended {enterprise}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_ends_by_the_calendar_of_the_page() {
        let at = |text| Timestamp::parse(text).expect("a time");
        assert_eq!(
            support_ended("6.1.7601-client", at("2026-11-23T08:00:00Z")).as_deref(),
            Some("support ended 2020-01-14")
        );
        assert_eq!(
            support_ended("6.1.7601-client", at("2020-01-14T08:00:00Z")),
            None
        );
        assert_eq!(
            support_ended("10.0.22631-client", at("2026-11-01T08:00:00Z")).as_deref(),
            Some(
                "Home and Pro: support ended 2025-11-11; Enterprise and Education: until 2026-11-10"
            )
        );
        assert_eq!(
            support_ended("10.0.22631-client", at("2026-11-23T08:00:00Z")).as_deref(),
            Some("support ended 2026-11-10")
        );
        assert_eq!(
            support_ended("10.0.17763-client", at("2026-11-23T08:00:00Z")).as_deref(),
            Some("support ended 2021-05-11; long-term channel: until 2029-01-09")
        );
        assert_eq!(support_ended("unknown", at("2026-11-23T08:00:00Z")), None);
        assert_eq!(
            support_ended("windows-mdm", at("2026-11-23T08:00:00Z")),
            None
        );
    }
}
