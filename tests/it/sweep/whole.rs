//! The command on a folder and a server: each file ends where it belongs.

use std::{collections::HashMap, fs, time::Duration};

use cutover::{clock, domain::time::Timestamp};
use serde_json::{Value, json};

use super::office::Desk;

fn done(new: u64, rejected: u64) -> Value {
    json!({"state": "done", "stored": {"new": new, "changed": 0, "unchanged": 0, "late": 0}, "rejected": rejected})
}

#[tokio::test]
async fn files_end_in_done_or_in_failed_with_the_reason_beside() {
    let sweep = Desk {
        ends: HashMap::from([
            (
                "broken.reg",
                json!({"state": "failed", "problem": "Line 3 is no line of a\nregistry export."}),
            ),
            ("half.csv", done(2, 3)),
            ("stopped.csv", json!({"state": "cancelled"})),
            ("nothing.csv", done(0, 0)),
        ]),
        rows: json!({"items": [
            {"place": "line 4", "problem": "The name is missing."},
            {"place": "line 7", "problem": "\u{1b}[31m\u{202e}red\r\nforged: line"},
        ], "next_cursor": "more"}),
        ..Desk::default()
    }
    .start()
    .await;
    for name in [
        "good.json",
        "broken.reg",
        "half.csv",
        "stopped.csv",
        "nothing.csv",
    ] {
        sweep.put(name, name);
    }
    let said = sweep.once().await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(sweep.names("."), [""; 0]);
    assert_eq!(sweep.names("done"), ["good.json", "nothing.csv"]);
    assert_eq!(
        sweep.names("failed"),
        [
            "broken.reg",
            "broken.reg.reason.txt",
            "half.csv",
            "half.csv.reason.txt",
            "stopped.csv",
            "stopped.csv.reason.txt"
        ]
    );
    assert_eq!(sweep.text("done/good.json"), "good.json");
    assert_eq!(
        said.line("good.json"),
        "done\tgood.json\t1 new, 0 changed, 0 unchanged, 0 late"
    );
    assert_eq!(
        said.line("nothing.csv"),
        "done\tnothing.csv\tno record was stored"
    );
    assert!(
        said.line("broken.reg").starts_with("failed\t")
            && said.line("broken.reg").contains("Line 3")
    );
    assert_eq!(said.out.lines().count(), 5, "one line a file: {}", said.out);
    assert!(said.err.contains("2 done, 3 failed"), "{}", said.err);
    let reason = sweep.text("failed/half.csv.reason.txt");
    let lines: Vec<&str> = reason.split("\r\n").collect();
    assert_eq!(lines[0], "half.csv");
    assert_eq!(
        lines[1],
        "3 records were refused; 2 new, 0 changed, 0 unchanged, 0 late"
    );
    assert_eq!(lines[2], "line 4: The name is missing.");
    assert_eq!(
        lines[3],
        "line 7: \\u{1b}[31m\\u{202e}red\\r\\nforged: line"
    );
    assert!(lines[4].contains("2 of 3 refused records"), "{reason}");
    assert!(
        reason.contains("SHA-256: ") && reason.contains("move it back"),
        "{reason}"
    );
    assert!(
        sweep
            .text("failed/stopped.csv.reason.txt")
            .contains("cancelled")
    );
    // Nothing is left, so nothing is done, and it says so.
    let said = sweep.once().await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.err.contains("0 done, 0 failed"), "{}", said.err);
}

#[tokio::test]
async fn a_file_is_sent_with_its_name_its_time_and_its_way() {
    let sweep = Desk::default().start().await;
    let written = clock::now().plus(-3_600_000);
    let file = fs::File::create(sweep.put("Büro & 7.json", "")).expect("a file");
    let time = std::time::UNIX_EPOCH + Duration::from_millis(written.0.unsigned_abs());
    file.set_modified(time).expect("a time");
    drop(file);
    let ahead = fs::File::create(sweep.put("ahead.json", "")).expect("a file");
    ahead
        .set_modified(time + Duration::from_hours(48))
        .expect("a time");
    drop(ahead);
    let said = sweep.once().await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let sent = sweep.desk.sent.lock().expect("the files");
    let query = &sent[0].query;
    assert_eq!(query["name"], "Büro & 7.json", "the oldest first");
    assert_eq!(
        (query["commit"].as_str(), query["way"].as_str()),
        ("true", "share")
    );
    assert_eq!(Timestamp::parse(&query["collected_at"]), Ok(written));
    let cut = Timestamp::parse(&sent[1].query["collected_at"]).expect("a time");
    assert!(
        cut <= clock::now() && cut > written.plus(1_000_000),
        "{cut}"
    );
    assert!(
        said.line("ahead.json").contains("ahead of the clock"),
        "{said:?}"
    );
}

#[tokio::test]
async fn hostile_names_come_through_and_harm_nobody() {
    let sweep = Desk::default().start().await;
    let mut names = vec![
        "a\ndone\tforged.json\tall is well".to_owned(),
        "\u{1b}]0;title\u{7}.json".to_owned(),
        "\u{202e}nosj.exe".to_owned(),
        "?name=x&commit=false#%00".to_owned(),
        "x".repeat(255),
        "-rf".to_owned(),
    ];
    for name in &names {
        sweep.put(name, "{}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        sweep.put(std::ffi::OsStr::from_bytes(b"\xff\xfe.json"), "{}");
        names.push("\u{fffd}\u{fffd}.json".to_owned());
    }
    // The longest name is taken already.
    fs::create_dir(sweep.path().join("done")).expect("a folder");
    sweep.put(format!("done/{}", "x".repeat(255)), "before");
    let said = sweep.once().await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out.lines().count(), names.len(), "{}", said.out);
    for line in said.out.lines().chain(said.err.lines()) {
        assert!(
            !line
                .chars()
                .any(|c| (c.is_control() && c != '\t') || c == '\u{202e}'),
            "{line:?}"
        );
    }
    assert!(said.out.contains("\\u{202e}nosj.exe") && said.out.contains("\\ndone\\tforged"));
    let mut sent = sweep.sent();
    sent.sort_unstable();
    names.sort_unstable();
    assert_eq!(sent, names);
    assert_eq!(sweep.names("done").len(), names.len() + 1);
    assert_eq!(sweep.text(&format!("done/{}", "x".repeat(255))), "before");
    assert_eq!(sweep.text(&format!("done/{}.2", "x".repeat(253))), "{}");
}

#[tokio::test]
async fn what_is_no_finished_file_is_left_alone() {
    let sweep = Desk::default().start().await;
    for name in [".hidden", "a.part", "a.tmp"] {
        sweep.put(name, "{}");
    }
    fs::create_dir(sweep.path().join("more")).expect("a folder");
    sweep.put("more/deep.json", "{}");
    #[cfg(unix)]
    {
        let secret = sweep.put("more/secret", "secret");
        std::os::unix::fs::symlink(secret, sweep.path().join("link.json")).expect("a link");
        let pipe = sweep.path().join("pipe.json");
        let made = std::process::Command::new("mkfifo")
            .arg(pipe)
            .status()
            .expect("mkfifo");
        assert!(made.success());
    }
    let before = sweep.names(".");
    let said = sweep.once().await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), ""), "{said:?}");
    assert_eq!(sweep.names("."), before);
    assert!(sweep.sent().is_empty());
    #[cfg(unix)]
    assert!(said.err.contains("left alone: 2"), "{}", said.err);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_sent() {
    let sweep = Desk::default().start().await;
    let file = fs::File::create(sweep.path().join("large.csv")).expect("a file");
    file.set_len(64 * 1024 * 1024 + 1).expect("a size");
    drop(file);
    let said = sweep.once().await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(sweep.sent().is_empty());
    assert_eq!(sweep.names("failed"), ["large.csv", "large.csv.reason.txt"]);
    let reason = sweep.text("failed/large.csv.reason.txt");
    assert!(
        reason.contains("at most 64 MiB") && !reason.contains("SHA-256"),
        "{reason}"
    );
}

#[tokio::test]
async fn names_that_are_taken_get_a_number() {
    let sweep = Desk {
        refusals: [(
            422,
            json!({"detail": "No format is known that looks like this."}),
        )]
        .into(),
        ..Desk::default()
    }
    .start()
    .await;
    fs::create_dir(sweep.path().join("failed")).expect("a folder");
    sweep.put("failed/a.json", "an earlier one");
    sweep.put("a.json", "refused");
    let said = sweep.once().await;
    assert!(said.line("a.json").contains("(as a.json.2)"), "{said:?}");
    assert_eq!(
        sweep.names("failed"),
        ["a.json", "a.json.2", "a.json.2.reason.txt"]
    );
    assert_eq!(sweep.text("failed/a.json"), "an earlier one");
    assert!(
        sweep
            .text("failed/a.json.2.reason.txt")
            .contains("No format is known")
    );
    for text in ["one", "two"] {
        sweep.put("a.json", text);
        assert_eq!(sweep.once().await.code, Some(0));
    }
    assert_eq!(sweep.text("done/a.json"), "one");
    assert_eq!(sweep.text("done/a.json.2"), "two");
}

#[cfg(unix)]
#[tokio::test]
async fn it_goes_on_until_it_is_asked_to_stop() {
    let sweep = Desk::default().start().await;
    sweep.put("a.json", "{}");
    let mut running = sweep.begin(&["--settle", "0", "--every", "1"]);
    for name in ["a.json", "b.json"] {
        sweep.put(name, "{}");
        let moved = sweep.path().join("done").join(name);
        running.until("moved", || moved.exists()).await;
    }
    assert_eq!(running.terminate().await, Some(0));
    let said = running.said();
    assert!(
        said.contains("asked to stop") && said.contains("harmless") && !said.contains("waits"),
        "{said}"
    );
}
