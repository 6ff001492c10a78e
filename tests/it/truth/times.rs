//! When a row was read: never the time of the file where the table says it itself.

use cutover::domain::{
    facts::{Key, KeyReading, RegData, RegType, RegValue},
    time::Timestamp,
    verdict::Outcome,
};

use super::outcome;
use crate::{
    foreign_files::{Read, read_text},
    support::app::stored_rows,
};

fn at(read: &Read) -> Vec<Option<String>> {
    let dated = |document: &[u8]| {
        let value: serde_json::Value = serde_json::from_slice(document).expect("JSON");
        value["collected_at"].as_str().map(str::to_owned)
    };
    read.readings
        .iter()
        .map(|one| dated(&one.document))
        .collect()
}

#[test]
fn of_several_times_the_better_known_heading_counts_and_of_equals_the_oldest() {
    for (heading, cells, expected) in [
        (
            "LastHWScan,TimeStamp",
            "2026-08-01T03:12:01Z,2026-11-24T00:00:00Z",
            "2026-08-01T03:12:01Z",
        ),
        (
            "TimeStamp,LastHWScan",
            "2026-11-24T00:00:00Z,2026-08-01T03:12:01Z",
            "2026-08-01T03:12:01Z",
        ),
        (
            "LastHWScan,ScanTime",
            "2026-11-24T00:00:00Z,2026-08-01T03:12:01Z",
            "2026-08-01T03:12:01Z",
        ),
        (
            "TimeStamp,Time",
            ",2026-08-01T03:12:01Z",
            "2026-08-01T03:12:01Z",
        ),
        (
            "LastHWScan,LastHWScan",
            "2026-11-24T00:00:00Z,2026-08-01T03:12:01Z",
            "2026-08-01T03:12:01Z",
        ),
        (
            "CollectedAt,LastHWScan",
            "2026-11-23T00:00:00Z,2026-11-01T00:00:00Z",
            "2026-11-23T00:00:00Z",
        ),
    ] {
        let read = read_text(
            "facts.csv",
            &format!("Name0,Version0,Caption0,{heading}\nPC-1,10.0.19045,Windows,{cells}\n"),
        );
        assert_eq!(
            at(&read),
            [Some(expected.to_owned())],
            "{heading}: {read:#?}"
        );
        assert!(!read.readings[0].needs_time, "{heading}");
    }
}

#[test]
fn a_row_whose_time_cannot_be_used_never_gets_that_of_the_file() {
    for (heading, cell) in [
        ("LastHWScan", ""),
        ("LastHWScan", "NULL"),
        ("LastHWScan", "last week"),
        ("TimeStamp", "8/1/2026 3:12:01 AM"),
        ("Last scanned", "2026-08-01 03:12:01"),
        ("DateOfInventory", "2026-08-01"),
    ] {
        for table in [
            format!("Name0,Version0,Caption0,{heading}\nPC-1,10.0.19045,Windows,{cell}\n"),
            format!(
                "Device,Key,Property,Value,{heading}\nPC-1,HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client,Enabled,1,{cell}\n"
            ),
            format!("Device,HotFixID,{heading}\nPC-1,KB3140245,{cell}\n"),
        ] {
            let read = read_text("facts.csv", &table);
            assert!(read.readings.is_empty(), "{table}{read:#?}");
            assert_eq!(read.refused.len(), 1, "{table}");
        }
    }
    // What only sounds like it, and is no time, is no reason.
    let read = read_text(
        "facts.csv",
        "Name0,Version0,Caption0,Scanner\nPC-1,10.0.19045,Windows,flatbed\n",
    );
    assert!(read.readings[0].needs_time);
}

#[test]
fn that_a_table_has_no_time_of_its_own_is_said() {
    let with = "Name0,Version0,Caption0,LastHWScan\nPC-1,10.0.19045,Windows,2026-08-01T03:12:01Z\n";
    let without = "Name0,Version0,Caption0\nPC-1,10.0.19045,Windows\n";
    let pivot = "Device,Property,Value,Key\nPC-1,Enabled,1,HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client\n";
    for (text, says) in [(with, false), (without, true), (pivot, true)] {
        let read = read_text("facts.csv", text);
        let notes = &read.told[0].as_ref().expect("readable").notes;
        let said = notes
            .iter()
            .any(|note| note.starts_with("No column says when"));
        assert_eq!(said, says, "{notes:#?}");
    }
}

#[test]
fn the_statements_of_the_kit_name_each_column_once() {
    for text in [
        include_str!("../../../static/kit/facts.sql"),
        include_str!("../../../static/kit/facts-with-inventory.sql"),
    ] {
        assert!(!text.contains(".*"));
        let columns: Vec<String> = text
            .lines()
            .filter(|line| {
                !line.starts_with("--") && !line.contains(" JOIN ") && !line.contains("q.")
            })
            .filter_map(|line| {
                line.split(['.', ','])
                    .nth(1)
                    .map(|name| name.trim().to_owned())
            })
            .filter(|name| !name.contains(' '))
            .collect();
        for wanted in [
            "ResourceID",
            "LastHWScan",
            "Caption0",
            "ProductType0",
            "BuildNumber0",
        ] {
            assert_eq!(
                columns.iter().filter(|name| *name == wanted).count(),
                1,
                "{wanted}: {columns:?}"
            );
        }
    }
}

/// A reading that its table says to be of a time without a zone may be older or newer than another of that day.
#[tokio::test]
async fn a_blocker_of_a_time_without_a_zone_is_not_outdated_by_a_good_reading_of_the_same_day() {
    let heading = "Name,Caption,Version,ProductType,LastHWScan,KeyName0,WinHttpNative0,WinHttpWow640,Tls12ClientEnabled0,Tls12ClientDisabledByDefault0,NetRelease0\n";
    for app in crate::support::app::TestApp::each().await {
        let id = app.report("PC-0601").stored().await;
        let standing = async || {
            let client = app.json(&format!("/api/v1/clients/{id}")).await;
            client["standing"].as_str().expect("a standing").to_owned()
        };
        assert_eq!(standing().await, "ready");
        let now = cutover::clock::now()
            .plus(-cutover::domain::time::HOUR)
            .to_string();
        let wall = format!("{} {}", &now[..10], &now[11..19]);
        let row = format!(
            "{heading}PC-0601,Microsoft Windows 10 Enterprise,10.0.19045,1,{wall},cutover,,,0,1,528372\n"
        );
        app.uploaded("inventory.csv", row).await;
        assert_eq!(standing().await, "blocking", "{}", app.engine);
        // The other way round: first the scan, then a reading that may be the later or the earlier one.
        let again = format!(
            "{heading}PC-0601,Microsoft Windows 10 Enterprise,10.0.19045,1,{now},cutover,,,1,0,528372\n"
        );
        app.uploaded("later.csv", again).await;
        assert_ne!(standing().await, "ready", "{}", app.engine);
    }
}

/// A whole report outdates an earlier reading only when it is the later one by any zone.
#[tokio::test]
async fn a_whole_report_does_not_outdate_what_may_have_been_read_after_it() {
    const HOUR: i64 = cutover::domain::time::HOUR;
    let heading = "Name,Caption,Version,ProductType,LastHWScan,KeyName0,WinHttpNative0,WinHttpWow640,Tls12ClientEnabled0,Tls12ClientDisabledByDefault0,NetRelease0\n";
    for app in crate::support::app::TestApp::each().await {
        for (hours_ago, outdated) in [(1, false), (11, false), (13, true)] {
            let name = format!("PC-07{hours_ago:02}");
            let at = cutover::clock::now().plus(-hours_ago * HOUR).to_string();
            let wall = format!("{} {}", &at[..10], &at[11..19]);
            let row = format!(
                "{heading}{name},Microsoft Windows 10 Enterprise,10.0.19045,1,{wall},cutover,,,0,1,528372\n"
            );
            app.uploaded("inventory.csv", row).await;
            // Of the same trust, and it says all that the table says.
            app.uploaded("report.json", app.report(&name).line()).await;
            let found = app.json(&format!("/api/v1/clients?q={name}")).await;
            assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
            let standing = found["items"][0]["standing"].as_str();
            let wanted = if outdated { "ready" } else { "blocking" };
            assert_eq!(standing, Some(wanted), "{hours_ago} h, {}", app.engine);
        }
    }
}

#[test]
fn a_start_without_a_zone_never_looks_later_than_it_was() {
    const WRITTEN: &str = "2026-11-20T09:00:00Z";
    let keys = |text: &str| {
        let mut facts = read_text("system.csv", text).readings[0].report().facts;
        let mut client = KeyReading {
            exists: true,
            last_write_at: Timestamp::parse(WRITTEN).ok(),
            ..KeyReading::default()
        };
        let number = |data| RegValue {
            kind: Some(RegType::Dword),
            data: RegData::Number(data),
        };
        client.values.push(("Enabled".to_owned(), number(1)));
        client
            .values
            .push(("DisabledByDefault".to_owned(), number(0)));
        facts.registry.insert(Key::Tls12Client, client);
        facts
    };
    let table = |boot: &str| {
        format!(
            "Device,Caption,Version,ProductType,OSArchitecture,LastBootUpTime\nPC-1,Windows,10.0.19045,1,64-bit,{boot}\n"
        )
    };
    for (boot, expected) in [
        // Fourteen hours ahead of UTC this is still before the write.
        ("2026-11-20 22:30:00", Outcome::Warn),
        ("2026-11-20 09:30:00", Outcome::Warn),
        ("2026-11-20 23:30:00", Outcome::Pass),
        ("2026-11-20T09:30:00Z", Outcome::Pass),
    ] {
        let facts = keys(&table(boot));
        assert_eq!(outcome(&facts, "restart"), expected, "{boot}");
    }
    let told = &read_text("system.csv", &table("2026-11-20 09:30:00")).told[0];
    let notes = &told.as_ref().expect("read").notes;
    let note = notes.iter().find(|note| note.contains("Last start"));
    assert!(
        note.is_some_and(|note| note.contains("14 hours earlier")),
        "{notes:?}"
    );
}

/// A time to come would pass for fresh, and what is read today would be older.
#[tokio::test]
async fn a_row_of_a_table_that_was_read_in_the_future_is_refused() {
    const HOUR: i64 = cutover::domain::time::HOUR;
    let heading = "Name,Caption,Version,ProductType,LastHWScan\n";
    for app in crate::support::app::TestApp::each().await {
        for (minutes, refused) in [(30, false), (90, true), (68 * 24 * 60, true)] {
            let at = cutover::clock::now().plus(minutes * HOUR / 60);
            let table = format!("{heading}PC-{minutes},Windows 10,10.0.19045,1,{at}\n");
            let id = app.uploaded("inventory.csv", table).await;
            let rows = stored_rows(&app, &id).await;
            let row = &rows["items"][0];
            assert_eq!(row["status"] == "rejected", refused, "{rows}");
            if refused {
                let problem = row["problem"].as_str().expect("a problem");
                for part in [&*at.to_string(), "`LastHWScan`", "clock", "dates"] {
                    assert!(problem.contains(part), "{problem}");
                }
            }
        }
        // A report of our own says how the clock of its machine stands.
        let at = cutover::clock::now().plus(3 * HOUR).to_string();
        let own = app
            .report("PC-OWN")
            .set("/collected_at", serde_json::json!(at));
        let id = app.uploaded("own.json", own.line()).await;
        let rows = stored_rows(&app, &id).await;
        assert_ne!(rows["items"][0]["status"], "rejected", "{rows}");
    }
}
