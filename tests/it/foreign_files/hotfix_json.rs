//! Lists of updates as `ConvertTo-Json` writes them.

use serde_json::Value;

use super::{Read, read, read_text};
use cutover::wire::foreign::any_file::Options;

fn of(name: &str) -> Read {
    under(name, name)
}

/// The feed as a file of another name.
fn under(feed: &str, name: &str) -> Read {
    let path = format!("{}/tests/feeds/texts/{feed}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).expect("a feed");
    read(&[(name, &bytes)], &Options::default())
}

/// Device, place and updates of each reading.
fn seen(read: &Read) -> Vec<(String, String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            texts.join(" ")
        }
        other => other.to_string(),
    };
    read.readings
        .iter()
        .map(|reading| {
            let document: Value = serde_json::from_slice(&reading.document).expect("JSON");
            assert_eq!(document["hotfixes_cut"], true, "never complete");
            (
                text(&document["client"]["name"]),
                reading.place.clone(),
                text(&document["hotfixes"]),
            )
        })
        .collect()
}

fn told(device: &str, place: &str, updates: &str) -> (String, String, String) {
    (device.to_owned(), place.to_owned(), updates.to_owned())
}

#[test]
fn updates_of_each_machine_are_read_whatever_their_date_is_written_like() {
    assert_eq!(
        seen(&of("get-hotfix-5.hotfix.json")),
        [
            told("PC-0701", "lines 2 to 25", "KB3140245 KB4474419"),
            told("PC-0702", "line 48", "KB976902"),
        ]
    );
    assert_eq!(
        seen(&of("get-hotfix-one.hotfix.json")),
        [told("PC-0703", "line 1", "KB3140245")]
    );
    // A name that no computer can have names none.
    let nobody = of("get-hotfix-wrapped.hotfix.json");
    assert!(nobody.readings.is_empty(), "{:?}", nobody.readings.len());
    let wrapped = under("get-hotfix-wrapped.hotfix.json", "PC-0704.json");
    assert_eq!(seen(&wrapped), [told("PC-0704", "line 3", "KB3140245")]);
    let told = wrapped.told[0].as_ref().expect("read");
    let passed = "Lines that name no update by number were passed over: 1.";
    assert!(told.notes.iter().any(|note| note == passed), "{told:?}");
}

#[test]
fn what_is_broken_or_means_the_opposite_is_refused() {
    for (text, why) in [
        (
            "[{\"HotFixID\": \"KB3140245\"}, {\"HotFix",
            "cannot be read as JSON",
        ),
        ("[{\"HotFixID\": null}]", "names none"),
        ("[{\"HotFixID\": {\"a\": [1]}}]", "names none"),
        (
            "[{\"HotFixID\": \"KB3140245\",\n \"IsInstalled\": false,\n \"Title\": \"x\"}]",
            "missing or wait",
        ),
    ] {
        let read = read_text("x.json", text);
        assert!(read.readings.is_empty(), "{text}");
        assert_eq!(read.refused.len(), 1, "{text}");
        let detail = &read.refused[0].1.detail;
        assert!(detail.contains(why), "{text}: {detail}");
    }
    // One that nobody understands does not sink the others.
    let mixed = "[{\"HotFixID\": \"KB3140245\"}, 7, \"x\", null, [], {\"HotFixID\": \"KB1\", \"HotFixID\": \"KB2\"}]";
    let read = read_text("pc.json", mixed);
    assert_eq!(seen(&read), [told("pc", "line 1", "KB3140245")]);
}
