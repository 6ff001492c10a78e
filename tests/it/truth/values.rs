//! Values as other programs show them, and whose view they are of.

use cutover::domain::verdict::{Outcome, Standing};

use super::{outcome, standing};
use crate::foreign_files::read_text;

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
