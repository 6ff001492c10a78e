//! What is known of an OS version apart from its clients.

use crate::domain::{
    assess,
    facts::{OsFacts, OsVersion},
    time::Timestamp,
};

/// Says so when general support of an OS version had ended by `now`: `support ended 2020-01-14`. Paid and
/// long-term support is not counted, because a key does not tell editions apart.
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
    let end = assess::os_identity(&facts).end_of_support?;
    (end < now.to_string().get(..10)?).then(|| format!("support ended {end}"))
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
        assert_eq!(support_ended("unknown", at("2026-11-23T08:00:00Z")), None);
        assert_eq!(
            support_ended("windows-mdm", at("2026-11-23T08:00:00Z")),
            None
        );
    }
}
