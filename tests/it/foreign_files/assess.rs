//! `cutover assess` over files of other programs.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use super::{feed, packed, utf16};
use crate::support::app::TestApp;

const SYSTEM: &str = "\
Host Name:                 PC-7
OS Name:                   Microsoft Windows 7 Professional
OS Version:                6.1.7601 Service Pack 1 Build 7601
System Type:               x64-based PC
Hotfix(s):                 1 Hotfix(s) Installed.
                           [01]: KB3140245
";

const TABLE: &str = "Name,DefaultSecureProtocols_Wow6432Node\nPC-7,0xA0\nPC-8,0xA00\n";

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("a file");
    path.display().to_string()
}

fn age(path: &str, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 86_400);
    let file = File::options().append(true).open(path).expect("the file");
    file.set_modified(then).expect("its time");
}

/// One object a line, and the exit code.
fn judged(app: &TestApp, arguments: &[&str], input: &str) -> (Vec<Value>, Option<i32>) {
    let output = app.command(
        &[&["assess", "--format", "json"], arguments].concat(),
        input,
    );
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    (lines, output.status.code())
}

#[test]
fn files_of_other_programs_are_judged_device_by_device() {
    let app = TestApp::one();
    let directory = tempfile::tempdir().expect("a directory");
    let folder = directory.path();
    let system = write(folder, "PC-7.systeminfo.txt", &utf16(SYSTEM));
    let table = write(folder, "values.csv", TABLE.as_bytes());
    let (lines, code) = judged(&app, &[&system, &table], "");
    assert_eq!((lines.len(), code), (2, Some(0)), "{lines:#?}");
    let seven = &lines[0];
    assert_eq!(seven["file"], json!(system));
    assert_eq!(seven["client"]["name"], "PC-7");
    assert_eq!(
        (&seven["verdict"], &seven["cleared"]),
        (&json!("blocking"), &json!(false)),
        "the table brings the value that decides: {seven:#}"
    );
    let place = seven["place"].as_str().expect("a place");
    assert!(
        place.contains("PC-7.systeminfo.txt") && place.contains("values.csv"),
        "{place}"
    );
    // A part of what can be known never clears anybody.
    assert_eq!(lines[1]["client"]["name"], "PC-8");
    assert_eq!(lines[1]["cleared"], json!(false));
    // The same from an archive.
    let archive = write(
        folder,
        "both.zip",
        &packed(&[
            ("PC-7.txt", &utf16(SYSTEM)),
            ("values.csv", TABLE.as_bytes()),
        ]),
    );
    let (zipped, code) = judged(&app, &[&archive], "");
    assert_eq!(code, Some(0));
    let facts = |line: &Value| {
        let names = ["client", "os", "verdict", "standing", "checks"];
        names.map(|name| line[name].clone())
    };
    assert_eq!(
        zipped.iter().map(facts).collect::<Vec<_>>(),
        lines.iter().map(facts).collect::<Vec<_>>()
    );
    assert_eq!(zipped[0]["file"], json!(format!("{archive}/PC-7.txt")));
    // For people: what the files were taken for stands below.
    let shown = app.command(&["assess", &system, &table], "");
    let text = String::from_utf8(shown.stdout).expect("text");
    assert!(shown.status.success(), "{text}");
    for wanted in [
        "PC-7",
        "Output of systeminfo, UTF-16 (little endian)",
        "Table with a column for each fact (CSV), UTF-8",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
}

#[test]
fn a_file_without_a_time_is_as_old_as_its_last_change() {
    let app = TestApp::one();
    let directory = tempfile::tempdir().expect("a directory");
    let folder = directory.path();
    let system = write(folder, "PC-7.txt", SYSTEM.as_bytes());
    let table = write(folder, "values.csv", TABLE.as_bytes());
    let standing = |files: &[&str]| -> Vec<String> {
        let (lines, code) = judged(&app, files, "");
        assert_eq!(code, Some(0));
        let standing = |line: &Value| line["standing"].as_str().expect("text").to_owned();
        lines.iter().map(standing).collect()
    };
    assert_ne!(standing(&[&system]), ["stale"]);
    age(&system, 400);
    assert_eq!(standing(&[&system]), ["stale"]);
    // Joined with a fresh file it stays old; a device that the old file does not know is not.
    let both = standing(&[&table, &system]);
    assert_eq!(both[0], "stale");
    assert_ne!(both[1], "stale");
    let archive = write(
        folder,
        "old.zip",
        &packed(&[("a/PC-7.txt", SYSTEM.as_bytes())]),
    );
    assert_ne!(standing(&[&archive]), ["stale"]);
    age(&archive, 400);
    assert_eq!(standing(&[&archive]), ["stale"]);
    // What has a time of its own keeps it.
    let dated = write(
        folder,
        "dated.csv",
        b"Name,OSVersion,CollectedAt\nPC-1,10.0.19045,2026-11-20T08:15:00Z\n",
    );
    age(&dated, 400);
    let (lines, _) = judged(&app, &[&dated], "");
    assert_eq!(lines[0]["collected_at"], "2026-11-20T08:15:00Z");
}

#[test]
fn format_and_device_can_be_said_and_what_is_wrong_is_told() {
    let app = TestApp::one();
    let directory = tempfile::tempdir().expect("a directory");
    let folder = directory.path();
    let list = "HotFixID  \nKB3140245  \n";
    // Nothing names the device of standard input.
    let (lines, code) = judged(&app, &["-"], list);
    assert_eq!((lines.len(), code), (1, Some(1)));
    assert_eq!(lines[0]["status"], "rejected");
    let (lines, code) = judged(&app, &["--device", "PC-9", "-"], list);
    assert_eq!(
        (lines[0]["client"]["name"].as_str(), code),
        (Some("PC-9"), Some(0))
    );
    let (lines, _) = judged(
        &app,
        &["--file-format", "hotfix-list", "--device", "PC-9", "-"],
        list,
    );
    assert_eq!(lines[0]["client"]["name"], "PC-9");
    let wrong = app.command(&["assess", "--file-format", "excel", "-"], list);
    assert_eq!(wrong.status.code(), Some(2));
    // A file that would change a machine, one that nobody knows, and a good one.
    let script = write(folder, "PC-1.reg", &feed("reg/script-deletes-key.reg"));
    let odd = write(folder, "odd.txt", b"nothing that anybody knows\n");
    let good = write(folder, "PC-7.txt", SYSTEM.as_bytes());
    let (lines, code) = judged(&app, &[&script, &odd, &good], "");
    assert_eq!((lines.len(), code), (3, Some(1)));
    assert_eq!(
        lines
            .iter()
            .filter(|line| line["status"] == "rejected")
            .count(),
        2
    );
    let output = app.command(&["assess", &script, &odd, &good], "");
    let shown = String::from_utf8(output.stdout).expect("text");
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(
        shown.contains("PC-7") && shown.contains("REJECTED"),
        "{shown}"
    );
    assert!(shown.contains("would change a machine"), "{shown}");
    assert!(
        said.contains("odd.txt: ") && said.contains("2 records"),
        "{said}"
    );
}
