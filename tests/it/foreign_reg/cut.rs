//! A cut export proves nothing about what was cut off.

use cutover::{
    domain::{
        assess::{Policy, assess},
        facts::{Key, Reading, RegData},
        verdict::Standing,
    },
    wire::report_v1,
};

use super::{facts, read};

const HEADER: &str = "Windows Registry Editor Version 5.00\r\n\r\n";
const NATIVE: &str =
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings";
const SECOND: &str =
    r"HKEY_LOCAL_MACHINE\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Internet Settings";
const PROVIDERS: &str = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders";
const DSP: &str = "DefaultSecureProtocols";

/// An export of a key with everything below it, as Windows writes it.
fn export(top: &str, sections: &[(&str, &[&str])]) -> String {
    let mut text = HEADER.to_owned();
    for (path, values) in sections {
        text += &format!("[{top}{path}]\r\n");
        for value in *values {
            text += &format!("{value}\r\n");
        }
        text += "\r\n";
    }
    text
}

fn internet_settings(top: &str) -> String {
    export(
        top,
        &[
            ("", &["\"User Agent\"=\"x\""]),
            (r"\Cache", &["\"Persistent\"=dword:00000001"]),
            (
                r"\WinHttp",
                &["\"Odd\"=\"a\"", "\"DefaultSecureProtocols\"=dword:000000a0"],
            ),
            (r"\Zones", &[]),
        ],
    )
}

fn schannel() -> String {
    export(
        PROVIDERS,
        &[
            ("", &[]),
            (r"\SCHANNEL", &["\"EventLogging\"=dword:00000001"]),
            (r"\SCHANNEL\Protocols", &[]),
            (r"\SCHANNEL\Protocols\TLS 1.1", &[]),
            (r"\SCHANNEL\Protocols\TLS 1.2", &[]),
            (
                r"\SCHANNEL\Protocols\TLS 1.2\Client",
                &[
                    "\"DisabledByDefault\"=dword:00000001",
                    "\"Enabled\"=dword:00000000",
                ],
            ),
            (r"\WDigest", &[]),
        ],
    )
}

/// How a machine stands of which everything else is known and good.
fn standing(exports: &[&str], device: &str) -> Standing {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/feeds/kit/windows-11-powershell-5.json"
    );
    let text = std::fs::read_to_string(path).expect("the feed is there");
    let mut document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let keys = document["registry"].as_array_mut().expect("keys");
    let asked = |path: &str| {
        let lower = path.to_lowercase();
        lower.contains(r"\schannel") || lower.contains("internet settings")
    };
    keys.retain(|key| !asked(key["key"].as_str().expect("a path")));
    for export in exports {
        let Ok((piece, _)) = read("PC-1.reg", export, Some(device)) else {
            continue;
        };
        let json = piece.document.to_json();
        let other: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        keys.extend(other["registry"].as_array().cloned().unwrap_or_default());
    }
    let json = serde_json::to_vec(&document).expect("JSON is written");
    let report = report_v1::parse(&json).expect("a report");
    assess(&report.facts, &Policy::default()).standing
}

#[test]
fn no_beginning_of_an_export_of_a_blocking_machine_makes_it_ready() {
    let good = |text: &str| text.replace("000000a0", "00000a80");
    let (native, second, schannel) = (
        internet_settings(NATIVE),
        internet_settings(SECOND),
        schannel(),
    );
    let fine = schannel
        .replace("Default\"=dword:00000001", "Default\"=dword:00000000")
        .replace("Enabled\"=dword:00000000", "Enabled\"=dword:00000001");
    let (good_native, good_second) = (good(&native), good(&second));
    let whole = [&*good_native, &*good_second, &*fine];
    assert_eq!(
        standing(&whole, "PC-1"),
        Standing::Ready,
        "the rest is good"
    );
    for (at, text) in [&native, &second, &schannel].into_iter().enumerate() {
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let mut files = whole;
            files[at] = &text[..end];
            let found = standing(&files, "PC-1");
            assert_ne!(found, Standing::Ready, "{}", &text[..end]);
        }
    }
}

/// What is told of `DefaultSecureProtocols` in the native view, and all notes.
fn told(text: &str) -> (Option<Reading<u64>>, String) {
    match read("PC-1.reg", text, Some("PC-1")) {
        Ok((piece, _)) => {
            let registry = facts(&piece).registry;
            let reading = match registry.value(Key::WinHttpNative, DSP) {
                Reading::NotCollected => Reading::NotCollected,
                Reading::Absent => Reading::Absent,
                Reading::Value(value) => match &value.data {
                    RegData::Number(number) => Reading::Value(u64::from(*number)),
                    _ => panic!("no number"),
                },
            };
            (Some(reading), piece.notes.join("\n"))
        }
        Err(unreadable) => (None, unreadable),
    }
}

#[test]
fn where_an_export_ends_decides_what_is_absent() {
    let settings = format!("{HEADER}[{NATIVE}]\r\n\r\n[{NATIVE}\\Cache]\r\n\r\n");
    let key = format!("{HEADER}[{NATIVE}\\WinHttp]\r\n");
    let value = |data: &str| format!("\"{DSP}\"=dword:{data}");
    let a80 = value("00000a80");
    let not_read = Some(Reading::NotCollected);
    for (text, expected, said) in [
        (settings.clone(), None, "may have been cut there"),
        (
            format!("{settings}[{NATIVE}\\Zones]\r\n\r\n"),
            Some(Reading::Absent),
            "",
        ),
        // Not in the order of Windows: what comes behind shows nothing.
        (
            format!("{HEADER}[{NATIVE}]\r\n\r\n[{NATIVE}\\Zones]\r\n\r\n[{NATIVE}\\Cache]\r\n\r\n"),
            None,
            "may have been cut there",
        ),
        (key.clone(), not_read, "breaks off in line 3"),
        (format!("{key}\r\n"), Some(Reading::Absent), ""),
        (format!("{key}{a80}"), not_read, "was not taken"),
        (
            format!("{key}{}", value("00000a8")),
            not_read,
            "was not taken",
        ),
        (
            format!("{key}{a80}\r\n"),
            Some(Reading::Value(0xA80)),
            "breaks off in line 4",
        ),
        (
            format!("{key}{a80}\r\n\r\n"),
            Some(Reading::Value(0xA80)),
            "",
        ),
        (
            format!("{key}{}\r\n{a80}\r\n\r\n", value("000000a0")),
            not_read,
            "twice with different data",
        ),
        // An empty line behind every line: none of them ends a key.
        (
            format!("{HEADER}\r\n\r\n[{NATIVE}\\WinHttp]\r\n\r\n"),
            not_read,
            "Somebody edited this export",
        ),
    ] {
        let (found, notes) = told(&text);
        // A key of which nothing was read is left out; the file may then hold nothing at all.
        let found = found.filter(|found| expected.is_some() || *found != Reading::NotCollected);
        assert_eq!(found, expected, "{text}\n{notes}");
        assert!(notes.contains(said), "{text}\n{notes}");
        assert!(
            !said.is_empty() || !notes.contains("cut"),
            "{text}\n{notes}"
        );
    }
}
