//! Whose file it is.

use super::read;

const EXPORT: &str = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp]\n\"DefaultSecureProtocols\"=dword:00000aa0\n\n";

#[test]
fn the_name_of_a_file_names_a_computer_or_is_refused_with_the_remedy() {
    for (file, name, fqdn) in [
        ("PC-0042.reg", Some("PC-0042"), None),
        ("pc-0042.REG", Some("pc-0042"), None),
        ("PC-0042_software.reg", Some("PC-0042"), None),
        ("PC-0042_HKLM_SYSTEM.reg", Some("PC-0042"), None),
        ("PC-0042.winhttp.reg", Some("PC-0042"), None),
        ("PC-0042.wow6432node.winhttp.reg", Some("PC-0042"), None),
        ("PC-0042.kitchen.reg", Some("PC-0042"), None),
        ("PC-0042 software.reg", Some("PC-0042"), None),
        ("PC-0042 (1).reg", Some("PC-0042"), None),
        ("PC-0042.reg.txt", Some("PC-0042"), None),
        ("WS_0042.reg", Some("WS_0042"), None),
        (
            "pc-0042.corp.example.reg",
            Some("pc-0042"),
            Some("pc-0042.corp.example"),
        ),
        (
            "pc-0042.corp.example.software.reg",
            Some("pc-0042"),
            Some("pc-0042.corp.example"),
        ),
        (
            "pc-0042.corp.example_software.reg",
            Some("pc-0042"),
            Some("pc-0042.corp.example"),
        ),
        ("software.reg", None, None),
        ("export.reg", None, None),
        ("tls12.reg", None, None),
        ("enable-tls12.reg", None, None),
        ("TLS12_Client.reg", None, None),
        ("12345.reg", None, None),
        (".reg", None, None),
        ("my export of Monday.reg", None, None),
        ("-x.reg", None, None),
        ("ü\u{1F600}.reg", None, None),
    ] {
        match (read(file, EXPORT, None), name) {
            (Ok((piece, _)), Some(_)) => {
                assert_eq!(piece.document.client.name.as_deref(), name, "{file}");
                assert_eq!(piece.document.client.fqdn.as_deref(), fqdn, "{file}");
            }
            (Err(unreadable), None) => {
                assert!(
                    unreadable.contains("Rename the file"),
                    "{file}: {unreadable}"
                );
            }
            (other, _) => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn the_registry_beats_what_was_said_and_what_was_said_beats_the_file_name() {
    let feed = |name: &str| {
        let path = format!("{}/tests/feeds/reg/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the feed is there")
    };
    let identity = feed("identity.reg");
    for (file, device, contradiction) in [
        ("export.reg", None, false),
        ("PC-0042.reg", None, false),
        ("PC-0001.reg", None, true),
        ("export.reg", Some("pc-0042"), false),
        ("export.reg", Some("pc-0042.corp.example"), false),
        ("PC-0042.reg", Some("PC-0001"), true),
    ] {
        let (piece, _) = read(file, &identity, device).expect("it can be read");
        assert_eq!(
            piece.document.client.name.as_deref(),
            Some("PC-0042"),
            "{file} {device:?}"
        );
        assert_eq!(
            piece.document.client.fqdn.as_deref(),
            Some("pc-0042.corp.example"),
            "{file} {device:?}"
        );
        let said = piece
            .notes
            .iter()
            .any(|note| note.contains("It is taken for PC-0042"));
        assert_eq!(said, contradiction, "{file} {device:?}: {:?}", piece.notes);
    }
    let (piece, _) = read("PC-1.reg", EXPORT, Some("PC-2.corp.example")).expect("it can be read");
    assert_eq!(piece.document.client.name.as_deref(), Some("PC-2"));
    assert_eq!(
        piece.document.client.fqdn.as_deref(),
        Some("PC-2.corp.example")
    );
    let unreadable = read("PC-1.reg", EXPORT, Some("the one in the hall")).expect_err("no name");
    assert!(
        unreadable.contains("cannot be the name of a computer"),
        "{unreadable}"
    );
}
