//! Several files about the same devices.

use cutover::{
    domain::facts::Registry,
    wire::foreign::any_file::{File, Options, Row, read as read_rows},
};

use super::{Read, feed, feeds, read};

const SYSTEM: &str = "\
Host Name:                 PC-7
OS Name:                   Microsoft Windows 7 Professional
OS Version:                6.1.7601 Service Pack 1 Build 7601
System Type:               x64-based PC
Hotfix(s):                 1 Hotfix(s) Installed.
                           [01]: KB3140245
";

const TABLE: &str = "Name,DefaultSecureProtocols_Wow6432Node\nPC-7,0xA00\nPC-8,0xA00\n";

fn of<'r>(read: &'r Read, name: &str) -> &'r super::Reading {
    let name = format!("\"name\":\"{name}\"");
    let mut found = read
        .readings
        .iter()
        .filter(|reading| String::from_utf8_lossy(&reading.document).contains(&name));
    let first = found.next().expect("a reading");
    assert!(found.next().is_none(), "one device is one reading");
    first
}

#[test]
fn what_several_files_say_of_a_device_is_one_reading() {
    let files: [(&str, &[u8]); 2] = [
        ("PC-7.systeminfo.txt", SYSTEM.as_bytes()),
        ("values.csv", TABLE.as_bytes()),
    ];
    let read = read(&files, &Options::default());
    assert_eq!((read.readings.len(), read.refused.len()), (2, 0));
    let seven = of(&read, "PC-7");
    assert_eq!(seven.file, "PC-7.systeminfo.txt");
    assert_eq!(seven.also, ["values.csv"]);
    assert_eq!(
        seven.place,
        "lines 1 to 6 of PC-7.systeminfo.txt, line 2 of values.csv"
    );
    let report = seven.report();
    assert_eq!(report.facts.os.version.map(|os| os.build), Some(7_601));
    assert_ne!(report.facts.registry, Registry::default());
    let eight = of(&read, "PC-8");
    assert_eq!((eight.file.as_str(), eight.also.len()), ("values.csv", 0));
}

fn same(one: &Read, other: &Read) {
    let (one, other) = (one.documents(), other.documents());
    for document in &one {
        assert!(
            other.contains(document),
            "only in one order: {document}\n{:#?}",
            other
                .iter()
                .filter(|d| !one.contains(d))
                .collect::<Vec<_>>()
        );
    }
    assert_eq!(one.len(), other.len());
}

#[test]
fn the_order_of_files_never_matters() {
    let everything = feeds();
    let mut files: Vec<(&str, &[u8])> = everything
        .iter()
        .map(|(_, name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    for one_run in [false, true] {
        let options = Options {
            one_run,
            ..Options::default()
        };
        let usual = read(&files, &options);
        for reading in &usual.readings {
            let _ = reading.report();
        }
        files.reverse();
        let reversed = read(&files, &options);
        same(&usual, &reversed);
        assert_eq!(usual.refused.len(), reversed.refused.len());
        let middle = files.len() / 2;
        files.rotate_left(middle);
        same(&usual, &read(&files, &options));
    }
}

#[test]
fn what_one_query_has_no_row_for_another_one_does_not_prove_absent() {
    let query = "Query completed on 2 of 2 clients (0 clients offline and 0 failure)\n";
    let system = format!("{query}Device,Version\nPC-1,10.0.19045\nPC-2,10.0.19045\n");
    let registry = format!(
        "{query}Registry('hklm:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client')\nDevice,Property,Value\nPC-1,Enabled,0\n"
    );
    let files: [(&str, &[u8]); 2] = [
        ("system.csv", system.as_bytes()),
        ("registry.csv", registry.as_bytes()),
    ];
    for one_run in [false, true] {
        let options = Options {
            one_run,
            ..Options::default()
        };
        let both = read(&files, &options);
        let document = String::from_utf8_lossy(&of(&both, "PC-2").document).into_owned();
        assert!(!document.contains("exists"), "{document}");
        let told = both.told[0].as_ref().expect("readable");
        assert_eq!((told.asked, told.answered), (Some(2), Some(2)));
        let notes = &both.told[1].as_ref().expect("readable").notes;
        assert!(
            notes.iter().any(|note| note.contains("not absent")),
            "{notes:#?}"
        );
    }
}

#[test]
fn a_lone_table_passes_row_by_row_until_somebody_stops() {
    let mut text = "Name,OSVersion\n".to_owned();
    for number in 0..1_000 {
        text += &format!("PC-{number},10.0.19045\n");
    }
    let names = |most: usize| {
        let file = File {
            name: "table.csv",
            bytes: text.as_bytes(),
        };
        let mut names = Vec::new();
        let told = read_rows(&[file, file], &Options::default(), &mut |row| {
            if let Row::Reading { client, .. } = row {
                names.push(client.name.unwrap_or_default());
            }
            names.len() < most
        });
        (names, told.len())
    };
    let (all, told) = names(usize::MAX);
    assert_eq!((all.len(), told), (1_000, 2));
    let (some, _) = names(3);
    assert_eq!(some, ["PC-0", "PC-1", "PC-2"]);
    // Alone, it is stopped while it is read, and in the order of its rows.
    let mut rows = 0;
    let file = File {
        name: "table.csv",
        bytes: text.as_bytes(),
    };
    read_rows(&[file], &Options::default(), &mut |_| {
        rows += 1;
        rows < 5
    });
    assert_eq!(rows, 5);
}

#[test]
fn whole_reports_are_never_joined_with_parts() {
    let report = feed("kit/compact-windows-11.json");
    let scripts = feed("csv/scripts.csv");
    let files: [(&str, &[u8]); 3] = [
        ("report.json", &report),
        ("scripts.csv", &scripts),
        ("PC-7.txt", SYSTEM.as_bytes()),
    ];
    let read = read(&files, &Options::default());
    let own: Vec<bool> = read.readings.iter().map(|reading| reading.own).collect();
    assert_eq!(own.iter().filter(|own| **own).count(), 1);
    let whole = read.readings.first().expect("the report");
    assert_eq!(whole.document, report.trim_ascii());
    assert!(!whole.needs_time);
    for reading in &read.readings {
        assert!(reading.also.is_empty());
        assert_eq!(reading.needs_time, reading.file == "PC-7.txt");
    }
}

#[test]
fn a_whole_export_keeps_what_counts_when_it_is_joined() {
    let mut export = "Windows Registry Editor Version 5.00\r\n".to_owned();
    let schannel =
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL";
    export += &format!("\r\n[{schannel}]\r\n\r\n[{schannel}\\Ciphers]\r\n");
    for number in 100..300 {
        export +=
            &format!("\r\n[{schannel}\\Ciphers\\C{number}]\r\n\"Enabled\"=dword:00000000\r\n");
    }
    export += &format!("\r\n[{schannel}\\Protocols]\r\n\r\n[{schannel}\\Protocols\\TLS 1.2]\r\n");
    export += &format!(
        "\r\n[{schannel}\\Protocols\\TLS 1.2\\Client]\r\n\"Enabled\"=dword:00000000\r\n\r\n"
    );
    let export: (&str, &[u8]) = ("PC-7.reg", export.as_bytes());
    let keys = |read: &Read| {
        let document = String::from_utf8_lossy(&of(read, "PC-7").document).into_owned();
        assert!(document.contains(r"TLS 1.2\\Client"), "{document}");
        document.matches("\"key\"").count()
    };
    let alone = read(&[export], &Options::default());
    assert!(keys(&alone) > 200, "alone, it is kept for people as it is");
    let files = [export, ("PC-7.txt", SYSTEM.as_bytes())];
    let both = read(&files, &Options::default());
    assert!(both.refused.is_empty(), "{both:#?}");
    assert!(keys(&both) < 50);
    let notes = &of(&both, "PC-7").notes;
    assert!(
        notes.iter().any(|note| note.contains("no rule reads")),
        "{notes:?}"
    );
}
