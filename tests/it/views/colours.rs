//! The colours of the sheet, measured: nobody has to trust an eye.

use std::collections::BTreeMap;

/// Colours a text or a mark has, and the grounds it stands on.
const TEXT: &[&str] = &[
    "ink",
    "soft",
    "accent",
    "blocking",
    "undetermined",
    "conflict",
    "restart_pending",
    "stale",
    "silent",
    "ready",
];
const GROUNDS: &[&str] = &["page", "surface", "sunken"];
const BOXES: &[&str] = &["warning-ground", "error-ground", "done-ground"];

/// The tokens of each scheme: the dark one begins with the light one and replaces what it names.
fn schemes() -> [BTreeMap<String, [f64; 3]>; 2] {
    let sheet = include_str!("../../../static/app.css");
    let (light, rest) = sheet
        .split_once("@media (prefers-color-scheme: dark)")
        .expect("a dark scheme");
    let dark = rest
        .split_once("\n}\n")
        .expect("the end of the dark scheme")
        .0;
    let light = tokens(light);
    let mut both = light.clone();
    both.extend(tokens(dark));
    [light, both]
}

fn tokens(text: &str) -> BTreeMap<String, [f64; 3]> {
    text.lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
            let number = u32::from_str_radix(value.trim_end_matches(';'), 16).ok()?;
            let [_, red, green, blue] = number.to_be_bytes();
            Some((
                name.to_owned(),
                [red, green, blue].map(|part| f64::from(part) / 255.0),
            ))
        })
        .collect()
}

/// Relative luminance as WCAG 2 defines it.
fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_marks_stand_out_in_both_schemes() {
    let mut faults = Vec::new();
    for (scheme, tokens) in ["light", "dark"].into_iter().zip(schemes()) {
        let pairs = TEXT
            .iter()
            .flat_map(|text| GROUNDS.iter().map(move |ground| (*text, *ground, 4.5)))
            .chain(
                ["ink", "soft", "accent"]
                    .into_iter()
                    .flat_map(|text| BOXES.iter().map(move |ground| (text, *ground, 4.5))),
            )
            .chain(GROUNDS.iter().map(|ground| ("strong-rule", *ground, 3.0)))
            .chain([("accent-ink", "accent", 4.5), ("ink", "ready-fill", 4.5)]);
        for (text, ground, least) in pairs {
            let measured = contrast(tokens[text], tokens[ground]);
            if measured < least {
                faults.push(format!(
                    "{scheme}: {text} on {ground} has {measured:.2}, needs {least}"
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The tokens of the sheet, and the page that shows them, name the same.
#[test]
fn every_token_is_on_the_page_of_components() {
    let sheet = include_str!("../../../static/app.css");
    let root = sheet.split_once("\n}\n").expect("the tokens").0;
    let own = ["--gutter", "--radius", "--text", "--mono"];
    let missing: Vec<&str> = root
        .lines()
        .filter_map(|line| line.trim().split_once(": ").map(|(name, _)| name))
        .filter(|name| name.starts_with("--") && !own.contains(name))
        .filter(|name| !include_str!("../../../server/views/components.rs").contains(*name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_sheet_stays_a_sheet() {
    assert!(include_str!("../../../static/app.css").lines().count() < 560);
    assert!(include_str!("../../../static/app.js").lines().count() < 150);
}
