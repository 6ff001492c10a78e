//! Media types, and which of them somebody asks for.

use std::cmp::Reverse;

use axum::http::{HeaderMap, header};

/// Answers to programs.
pub const JSON: &str = "application/json";
/// Tables.
pub const CSV: &str = "text/csv";
/// Plain text.
pub const TEXT: &str = "text/plain";
/// One JSON object a line.
pub const NDJSON: &str = "application/x-ndjson";
/// An Excel workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The place of the media type that `Accept` likes best; of equally liked ones the one it names first. Without `Accept`,
/// the first of all. `None`: it likes none of them.
pub fn best(headers: &HeaderMap, offered: &[&str]) -> Option<usize> {
    let mut ranges = Vec::new();
    for value in headers.get_all(header::ACCEPT) {
        // What is no text asks for nothing that we have.
        ranges.extend(value.to_str().unwrap_or("-").split(',').map(Range::of));
    }
    if ranges.iter().all(|range| range.name.is_empty()) {
        return (!offered.is_empty()).then_some(0);
    }
    let liked = |media: &str| {
        let fitting = ranges.iter().enumerate();
        let fitting = fitting.filter_map(|(place, range)| Some((range.fits(media)?, place)));
        // The closest range decides, whichever stands first.
        let ((_, liking), place) = fitting.max_by_key(|((closeness, _), _)| *closeness)?;
        (liking > 0).then_some((liking, Reverse(place)))
    };
    let all = offered.iter().enumerate();
    let all = all.filter_map(|(at, media)| Some((at, liked(media)?)));
    // Of equals `max_by_key` takes the last, so it goes from the end.
    all.rev()
        .max_by_key(|(_, liking)| *liking)
        .map(|(at, _)| at)
}

/// One entry of `Accept`.
struct Range {
    name: String,
    /// From 0 to 1,000.
    liking: u16,
}

impl Range {
    fn of(text: &str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let liking = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(1_000, |(_, value)| thousandths(value.trim()));
        Self { name, liking }
    }

    /// How close it comes to a media type, and how much that is liked.
    fn fits(&self, media: &str) -> Option<(u8, u16)> {
        let (kind, _) = media.split_once('/')?;
        let closeness = match self.name.as_str() {
            name if name == media => 3,
            // As older programs call it.
            "application/ndjson" if media == NDJSON => 3,
            // A browser gets to read what it asks for as a page.
            "text/html" if media == JSON => 1,
            "*/*" => 0,
            name if name.strip_suffix("/*") == Some(kind) => 2,
            _ => return None,
        };
        Some((closeness, self.liking))
    }
}

/// `0.8` as 800; what is no such number counts as liked.
fn thousandths(text: &str) -> u16 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("0", Ok(part)) => part,
        _ => 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn what_is_liked_best_is_sent() {
        const OFFERED: [&str; 4] = [JSON, CSV, XLSX, NDJSON];
        for (accept, wanted) in [
            ("application/json", Some(0)),
            ("*/*", Some(0)),
            ("", Some(0)),
            ("text/csv", Some(1)),
            ("text/*", Some(1)),
            ("TEXT/CSV; header=present", Some(1)),
            ("text/csv, application/json", Some(1)),
            ("application/json;q=0.5, text/csv", Some(1)),
            ("application/json;q=0, */*", Some(1)),
            ("application/*;q=0.2, text/csv;q=0.1", Some(0)),
            ("application/ndjson", Some(3)),
            (XLSX, Some(2)),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(0)),
            ("text/html", Some(0)),
            ("image/png", None),
            ("application/json;q=0", None),
            ("*/*;q=0", None),
            ("nonsense", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(best(&headers, &OFFERED), wanted, "{accept}");
        }
        assert_eq!(best(&HeaderMap::new(), &OFFERED), Some(0));
    }
}
