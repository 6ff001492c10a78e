//! What a person says with a file: the query, the columns, the device.

use cutover::wire::foreign::{
    Format,
    any_file::Options,
    mapping::{Assigned, Mapping},
    meaning::Meaning,
};

use super::{Read, read, read_text};

const KEY: &str = r"Registry('hklm:\SOFTWARE\WOW6432Node\Microsoft\.NETFramework\v4.0.30319')";
const VALUES: &str = "Device,Property,Value\nPC-1,SchUseStrongCrypto,1\n";
const WITH_KEYS: &str = "Device,Key,Property,Value\nPC-1,HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\.NETFramework\\v2.0.50727,SchUseStrongCrypto,1\n";
const SYSTEM: &str = "Device,Version\nPC-1,10.0.19045\nPC-2,10.0.19045\n";

fn with_key(files: &[(&str, &str)]) -> Read {
    let options = Options {
        key: Some(KEY.to_owned()),
        one_run: true,
        ..Options::default()
    };
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    read(&files, &options)
}

fn values(read: &Read) -> usize {
    let documents = read.documents().concat();
    documents.matches("SchUseStrongCrypto").count()
}

#[test]
fn a_query_that_was_said_is_of_one_file_or_of_none() {
    assert_eq!(read_text("a.csv", VALUES).readings.len(), 0);
    assert_eq!(values(&with_key(&[("a.csv", VALUES)])), 1);
    let both = with_key(&[("a.csv", VALUES), ("b.csv", SYSTEM)]);
    assert_eq!(values(&both), 1);
    assert!(
        both.documents().concat().contains("\"exists\":false"),
        "asked of both, and of one it has no row"
    );
    // Of which of two it is nobody knows: none is put under a key that it may not be of.
    let two = with_key(&[("a.csv", VALUES), ("b.csv", VALUES), ("c.csv", SYSTEM)]);
    assert_eq!(values(&two), 0, "{two:#?}");
    assert_eq!(two.refused.len(), 2);
    assert!(two.refused[0].1.detail.contains("Say of each file"));
    // Rows that name their keys are read all the same, but show nothing absent.
    let keyed = with_key(&[("a.csv", WITH_KEYS), ("b.csv", VALUES), ("c.csv", SYSTEM)]);
    assert_eq!((values(&keyed), keyed.refused.len()), (1, 1));
    assert!(!keyed.documents().concat().contains("\"exists\":false"));
    // A file that says its own query keeps it.
    let told = format!("{}\n{VALUES}", KEY.replace("v4.0.30319", "v2.0.50727"));
    let own = with_key(&[("a.csv", &told), ("b.csv", VALUES)]);
    let documents = own.documents().concat();
    assert!(documents.contains("v2.0.50727") && documents.contains("v4.0.30319"));
    assert_eq!((values(&own), own.refused.len()), (2, 0));
}

fn mapping(columns: &[(&str, Meaning)]) -> Mapping {
    Mapping {
        columns: columns
            .iter()
            .map(|(heading, meaning)| Assigned {
                heading: (*heading).to_owned(),
                meaning: meaning.clone(),
                note: None,
            })
            .collect(),
        explicit_views: false,
        ..Mapping::default()
    }
}

#[test]
fn a_mapping_makes_a_table_of_what_nobody_would_recognise() {
    let text = "Maschine;Stand;Inhaber\nPC-1;10.0.19045;x\n";
    let unknown = read_text("table.csv", text);
    assert_eq!(unknown.readings.len(), 0);
    let options = Options {
        mapping: Some(mapping(&[
            ("maschine", Meaning::Name),
            ("Stand", Meaning::OsVersion),
        ])),
        ..Options::default()
    };
    let known = read(&[("table.csv", text.as_bytes())], &options);
    assert_eq!(known.readings.len(), 1);
    let told = known.told[0].as_ref().expect("readable");
    assert_eq!(told.format, Format::Table);
    assert_eq!(told.mapping, options.mapping);
    // Of several tables only the one that has these columns is read by it.
    let other = "Name,HasKB3140245\nPC-1,1\n";
    let files: [(&str, &[u8]); 2] = [
        ("table.csv", text.as_bytes()),
        ("other.csv", other.as_bytes()),
    ];
    let both = read(&files, &options);
    assert_eq!(
        (both.readings.len(), both.refused.len()),
        (1, 0),
        "{both:#?}"
    );
    assert!(both.documents()[0].contains("KB3140245"));
    let told = both.told[1].as_ref().expect("readable");
    assert!(told.notes.iter().any(|note| note.contains("`maschine`")));
}

#[test]
fn a_table_that_says_too_little_tells_its_columns() {
    let read = read_text("table.csv", "Owner,OSVersion\nx,10.0.19045\n");
    let (_, why) = read.told[0].as_ref().expect_err("no device");
    assert!(
        why.0.contains("which device") && why.0.contains("`Owner`, `OSVersion`"),
        "{why}"
    );
}

#[test]
fn a_format_that_was_said_is_believed() {
    let text = "Name,OSVersion\nPC-1,10.0.19045\n";
    let said = |format| {
        let options = Options {
            format: Some(format),
            ..Options::default()
        };
        read(&[("table.csv", text.as_bytes())], &options)
    };
    assert_eq!(said(Format::Table).readings.len(), 1);
    for format in Format::ALL {
        if format != Format::Table && format != Format::CmPivot {
            let read = said(format);
            assert!(read.readings.is_empty(), "{format:?}");
            assert!(!read.refused.is_empty(), "{format:?}: nothing is lost");
        }
    }
}

#[test]
fn a_device_is_said_for_files_that_name_none() {
    let text = "HotFixID  \nKB3140245  \n";
    for (name, device, expected) in [
        ("list.txt", Some("PC-9"), Some("PC-9")),
        ("folder/PC-8.txt", None, Some("PC-8")),
        (r"C:\folder\PC-8.txt", None, Some("PC-8")),
        // Standard input has no name.
        ("-", None, None),
        ("-", Some("PC-9"), Some("PC-9")),
    ] {
        let options = Options {
            device: device.map(str::to_owned),
            ..Options::default()
        };
        let read = read(&[(name, text.as_bytes())], &options);
        let named = read
            .readings
            .first()
            .map(|reading| reading.report().ids.name);
        assert_eq!(named.flatten().as_deref(), expected, "{name}");
        assert_eq!(
            read.refused.len(),
            usize::from(expected.is_none()),
            "{name}"
        );
    }
}
