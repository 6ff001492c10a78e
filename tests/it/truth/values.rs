//! Values as other programs show them, and whose view they are of.

use cutover::{
    domain::verdict::{Outcome, Standing},
    wire::foreign::{any_file::Options, mapping::Mapping},
};

use super::{outcome, standing};
use crate::foreign_files::{feed, read, read_text};

const CLIENT: &str =
    r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client";

#[test]
fn enabled_shown_as_minus_one_is_on() {
    for shown in ["-1", "4294967295", "0xFFFFFFFF"] {
        let long = format!(
            "Device,Key,Property,Value\nPC-1,{CLIENT},Enabled,{shown}\nPC-1,{CLIENT},DisabledByDefault,0\n"
        );
        let wide =
            format!("Name,Tls12ClientEnabled0,Tls12ClientDisabledByDefault0\nPC-1,{shown},0\n");
        for text in [long, wide] {
            let read = read_text("values.csv", &text);
            let facts = read.readings[0].report().facts;
            assert_eq!(
                outcome(&facts, "schannel.tls12_client"),
                Outcome::Pass,
                "{text}"
            );
        }
    }
    // Elsewhere it may be a script's sign for absent, and absent is bad on old systems.
    let text = "Name,DefaultSecureProtocols_Wow6432Node,OSVersion,Architecture,ProductType\nPC-1,-1,6.1.7601,64-bit,1\n";
    let facts = read_text("values.csv", text).readings[0].report().facts;
    assert_eq!(
        outcome(&facts, "winhttp.default_secure_protocols.wow64"),
        Outcome::Unknown
    );
}

/// The columns of the kit's inventory class, with the values of one client.
fn inventory(key: &str, winhttp: &str) -> String {
    format!(
        "ResourceID,Name0,Caption0,Version0,BuildNumber0,ProductType0,SystemType0,LastHWScan,KeyName0,WinHttpNative0,WinHttpWow640,Tls12ClientEnabled0,Tls12ClientDisabledByDefault0,NetRelease0,NetV4NativeSystemDefaultTlsVersions0,NetV4Wow64SystemDefaultTlsVersions0,NetV4NativeSchUseStrongCrypto0,NetV4Wow64SchUseStrongCrypto0\n\
         16777220,PC-1,Microsoft Windows 11 Enterprise,10.0.22631,22631,1,x64-based PC,2026-11-24 03:12:01.000,{key},{winhttp},{winhttp},1,0,533320,1,1,1,1\n"
    )
}

#[test]
fn columns_of_the_kits_inventory_class_prove_their_views() {
    for (text, expected) in [
        (inventory("cutover", "2560"), Standing::Ready),
        // Nobody says that the rows are of the class.
        (inventory("", "2560"), Standing::Undetermined),
        // Empty: not there, or not readable.
        (inventory("cutover", ""), Standing::Undetermined),
        (inventory("cutover", "128"), Standing::Blocking),
    ] {
        let read = read_text("inventory.csv", &text);
        let report = read.readings[0].report();
        assert_eq!(standing(&report.facts), expected, "{text}");
    }
}

const WINHTTP: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp";
const RELEASE: &str = r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full";

#[test]
fn a_promise_is_about_values_whatever_else_is_in_the_upload() {
    let system =
        "Device,Caption,Version,ProductType,OSArchitecture\nPC-1,Windows,10.0.19045,1,64-bit\n";
    let winhttp =
        format!("Device,Key,Property,Value\nPC-1,{WINHTTP},DefaultSecureProtocols,2720\n");
    let release = format!("Device,Key,Property,Value\nPC-1,{RELEASE},Release,378389\n");
    for mapped in [system, &winhttp] {
        // The promise stands beside the columns of one table, which the others do not have.
        let mut mapping = Mapping::guess(mapped.lines().next().unwrap_or_default().split(','));
        mapping.explicit_views = true;
        let options = Options {
            mapping: Some(mapping),
            ..Options::default()
        };
        let mut files: Vec<(&str, &[u8])> = vec![
            ("system.csv", system.as_bytes()),
            ("winhttp.csv", winhttp.as_bytes()),
            ("release.csv", release.as_bytes()),
        ];
        for _ in 0..files.len() {
            files.rotate_left(1);
            let read = read(&files, &options);
            assert_eq!(
                (read.readings.len(), read.refused.len()),
                (1, 0),
                "{read:#?}"
            );
            let facts = read.readings[0].report().facts;
            assert!(facts.explicit_views);
            assert_eq!(
                outcome(&facts, "winhttp.default_secure_protocols.native"),
                Outcome::Pass
            );
            assert_eq!(outcome(&facts, "dotnet.version"), Outcome::Fail);
        }
    }
}

#[test]
fn values_read_in_different_ways_are_kept_apart_and_none_is_lost() {
    let proven = inventory("cutover", "2560");
    let row = format!("Device,Key,Property,Value\nPC-1,{WINHTTP},DefaultSecureProtocols,128\n");
    for files in [
        [proven.as_bytes(), row.as_bytes()],
        [row.as_bytes(), proven.as_bytes()],
    ] {
        let read = read(
            &[("a.csv", files[0]), ("b.csv", files[1])],
            &Options::default(),
        );
        assert_eq!(read.readings.len(), 2, "{read:#?}");
        let (sure, unsure) = (
            read.readings[0].report().facts,
            read.readings[1].report().facts,
        );
        assert_eq!(standing(&sure), Standing::Ready);
        assert!(!unsure.explicit_views && unsure.process_bits.is_none());
    }
}

#[test]
fn a_word_on_64_bit_programs_counts_where_the_file_says_nothing_and_nowhere_else() {
    let vouched = Options {
        read_by_64_bit: true,
        ..Options::default()
    };
    let system =
        "Device,Caption,Version,ProductType,OSArchitecture\nPC-1,Windows,10.0.19045,1,64-bit\n";
    let winhttp =
        format!("Device,Key,Property,Value\nPC-1,{WINHTTP},DefaultSecureProtocols,2720\n");
    let joined = "Device,Caption,Version,ProductType,OSArchitecture,Asked_WinHttpNative\nPC-1,Windows,10.0.19045,1,64-bit,2720\n";
    for files in [
        &[("a.csv", system.as_bytes()), ("b.csv", winhttp.as_bytes())][..],
        &[("a.csv", joined.as_bytes())],
    ] {
        for (options, expected) in [
            (&Options::default(), Outcome::Unknown),
            (&vouched, Outcome::Pass),
        ] {
            let read = read(files, options);
            assert_eq!(read.readings.len(), 1, "{read:#?}");
            let facts = read.readings[0].report().facts;
            let native = outcome(&facts, "winhttp.default_secure_protocols.native");
            assert_eq!(native, expected, "{read:#?}");
            let told = read.told[0].as_ref().expect("read");
            let mapping = told.mapping.as_ref().expect("a table");
            assert!(!mapping.explicit_views, "the columns promise nothing");
        }
    }
    // What says itself how it was read stays as it is, to the byte.
    let kit = String::from_utf8(feed("reg/kit-windows-10.txt")).expect("text");
    let kit_32 = kit.replace(
        "PROCESSOR_ARCHITECTURE=AMD64",
        "PROCESSOR_ARCHITECTURE=x86\nPROCESSOR_ARCHITEW6432=AMD64",
    );
    let kit_32 = kit_32.replace("; views reg", "; views none");
    let own = r#"{"schema_version":1,"collected_at":"2026-11-23T08:15:00Z","client":{"name":"PC-1"},"os":{"version":"10.0.19045","product_type":1,"architecture":"64-bit"},"registry":[{"key":"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp","exists":true,"values":{"DefaultSecureProtocols":2720}}]}"#;
    let own_32 = own.replace(
        r#""client""#,
        r#""collector":{"name":"x","version":"1","process_bits":32},"client""#,
    );
    for (name, bytes) in [
        ("PC-0042.txt", kit_32.into_bytes()),
        ("PC-1.reg", feed("reg/software-both-views.reg")),
        ("own.json", own.as_bytes().to_vec()),
        ("own-32.json", own_32.into_bytes()),
        ("inventory.csv", inventory("cutover", "2560").into_bytes()),
    ] {
        let plain = read(&[(name, &bytes)], &Options::default());
        assert_eq!(
            (plain.readings.len(), plain.refused.len()),
            (1, 0),
            "{name}: {plain:#?}"
        );
        let said = read(&[(name, &bytes)], &vouched);
        assert_eq!(said.documents(), plain.documents(), "{name}");
        if name.contains("0042") || name.contains("32") {
            let facts = said.readings[0].report().facts;
            assert_eq!(facts.process_bits, Some(32), "{name}");
            assert_eq!(
                outcome(&facts, "winhttp.default_secure_protocols.native"),
                Outcome::Unknown,
                "{name}"
            );
        }
    }
}

#[test]
fn a_key_that_is_not_of_the_kits_class_is_said() {
    for (key, said) in [
        ("cutover", false),
        ("Cutover", false),
        ("", false),
        ("other", true),
    ] {
        let read = read_text("inventory.csv", &inventory(key, "2560"));
        let notes = read.told[0].as_ref().expect("read").notes.join(" ");
        assert!(!notes.contains("not read: `KeyName0`"), "{notes}");
        assert_eq!(notes.contains("`KeyName` is `other`"), said, "{notes}");
        assert_eq!(
            notes.contains("only where it is `cutover`"),
            said,
            "{notes}"
        );
    }
}
