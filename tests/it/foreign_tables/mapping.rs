//! What headings are taken for, and which combinations make sense.

use cutover::wire::foreign::{
    mapping::{Assigned, Mapping},
    meaning::Meaning,
};

const CLIENT: &str =
    r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client";
const WINHTTP: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp";
const WINHTTP_WOW: &str =
    r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp";
const NET: &str = r"HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319";
const NET_WOW: &str = r"HKLM\SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v4.0.30319";
const NET2: &str = r"HKLM\SOFTWARE\Microsoft\.NETFramework\v2.0.50727";

fn guess(headings: &[&str]) -> Vec<String> {
    let mapping = Mapping::guess(headings);
    mapping
        .columns
        .iter()
        .map(|column| column.meaning.code())
        .collect()
}

#[test]
fn headings_by_the_names_people_give_them() {
    let registry = |key: &str, value: &str| format!("registry:{key}!{value}");
    let dsp = "DefaultSecureProtocols";
    let strong = "SchUseStrongCrypto";
    for (heading, code) in [
        ("DefaultSecureProtocols", registry(WINHTTP, dsp)),
        ("DefaultSecureProtocols0", registry(WINHTTP, dsp)),
        (
            "WinHttp.DefaultSecureProtocols (64-bit)",
            registry(WINHTTP, dsp),
        ),
        (
            "DefaultSecureProtocols_Wow6432Node",
            registry(WINHTTP_WOW, dsp),
        ),
        (
            "DefaultSecureProtocols_Wow6432Node0",
            registry(WINHTTP_WOW, dsp),
        ),
        ("DefaultSecureProtocols32", registry(WINHTTP_WOW, dsp)),
        ("TLS12_Client_Enabled", registry(CLIENT, "Enabled")),
        (
            "TLS 1.2 Client DisabledByDefault",
            registry(CLIENT, "DisabledByDefault"),
        ),
        (
            "SCHANNEL\\TLS 1.2\\Client\\Enabled",
            registry(CLIENT, "Enabled"),
        ),
        ("TLS12ClientEnabled0", registry(CLIENT, "Enabled")),
        ("SchUseStrongCrypto_v4_64", registry(NET, strong)),
        ("SchUseStrongCrypto v4", registry(NET, strong)),
        (
            "NET_v4_SchUseStrongCrypto_Wow6432Node",
            registry(NET_WOW, strong),
        ),
        (
            "SystemDefaultTlsVersions_v2.0.50727",
            registry(NET2, "SystemDefaultTlsVersions"),
        ),
        (
            "NetRelease",
            registry(
                r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full",
                "Release",
            ),
        ),
        (&format!("{CLIENT}\\Enabled"), registry(CLIENT, "Enabled")),
        (
            &format!(
                "{}!Enabled",
                CLIENT.replace("HKLM", "HKEY_LOCAL_MACHINE").to_lowercase()
            ),
            registry(CLIENT, "Enabled"),
        ),
        (
            r"hklm:\software\vendor\setting",
            r"registry:HKLM\software\vendor!setting".to_owned(),
        ),
        (CLIENT, "ignored".to_owned()),
        ("TLS12_Enabled", "ignored".to_owned()),
        ("DTLS12 Client Enabled", "ignored".to_owned()),
        ("SchUseStrongCrypto", "ignored".to_owned()),
        ("DefaultSecureProtocols_32_or_64", "ignored".to_owned()),
        ("SecureProtocols", "ignored".to_owned()),
        ("HasKB3140245", "kb:3140245".to_owned()),
        ("KB3140245 installed", "kb:3140245".to_owned()),
        ("HotFixID0", "kb.list".to_owned()),
        ("winhttp.dll", "file:winhttp.dll".to_owned()),
        ("WebioDllVersion", "file:webio.dll".to_owned()),
        ("LastHWScan", "time.collected".to_owned()),
        ("LastBootUpTime0", "time.last_boot".to_owned()),
        ("Client_Version0", "client.version".to_owned()),
        ("SystemType0", "os.architecture".to_owned()),
        ("Operating_System_Name_and0", "os.discovered".to_owned()),
        ("Build01", "os.version".to_owned()),
        ("SMBIOS_GUID0", "device.smbios_guid".to_owned()),
        ("SMS_Unique_Identifier0", "device.sms_guid".to_owned()),
        ("ScriptOutput", "script.output".to_owned()),
        ("Version0", "ignored".to_owned()),
        ("Value", "ignored".to_owned()),
        ("Obsolete0", "ignored".to_owned()),
        ("", "ignored".to_owned()),
        ("Ünïcode \u{202E}", "ignored".to_owned()),
    ] {
        assert_eq!(guess(&[heading]), [code], "{heading}");
    }
}

#[test]
fn no_meaning_is_given_twice() {
    for (headings, codes) in [
        (
            vec!["Name0", "Netbios_Name0"],
            vec!["ignored", "device.name"],
        ),
        (vec!["Name", "Name"], vec!["ignored", "ignored"]),
        (
            vec![
                "Device",
                "DefaultSecureProtocols",
                "DefaultSecureProtocols0",
            ],
            vec!["device.name", "ignored", "ignored"],
        ),
        (
            vec!["OSArchitecture0", "SystemType0"],
            vec!["ignored", "ignored"],
        ),
        (
            vec!["Caption0", "Version0", "BuildNumber0"],
            vec!["os.caption", "os.version", "os.build"],
        ),
        (vec!["DisplayName0", "Version0"], vec!["ignored", "ignored"]),
        (vec!["BuildNumber0"], vec!["ignored"]),
        (vec!["HotFixID", "Caption"], vec!["kb.list", "ignored"]),
        (
            vec!["Device", "Key", "Property", "Value"],
            vec!["device.name", "long.key", "long.property", "long.value"],
        ),
        (
            vec!["DeviceName", "ScriptOutput", "OSVersion"],
            vec!["device.name", "script.output", "ignored"],
        ),
    ] {
        assert_eq!(guess(&headings), codes, "{headings:?}");
        let mapping = Mapping::guess(&headings);
        let silent = mapping
            .columns
            .iter()
            .filter(|column| column.meaning == Meaning::Ignored && column.note.is_none());
        let unknown = usize::from(headings.contains(&"DisplayName0"));
        assert_eq!(silent.count(), unknown, "{mapping:#?}");
    }
}

#[test]
fn codes_and_titles_stay() {
    let choices = Meaning::choices();
    insta::assert_snapshot!(
        choices
            .iter()
            .map(|meaning| format!("{}\n    {}\n", meaning.code(), meaning.title()))
            .collect::<String>()
    );
    for meaning in choices {
        assert_eq!(meaning.code().parse(), Ok(meaning.clone()), "{meaning}");
    }
    for wrong in [
        "",
        "os",
        "registry:",
        "registry:HKLM\\X",
        "registry:HKCU\\X!Y",
        "registry:HKLM\\X!",
        "kb:",
        "kb:12",
        "kb:01234567",
        "kb:31402450000000",
        "file:",
        "file:..\\x.dll",
        "long",
        "nonsense:1",
    ] {
        assert!(wrong.parse::<Meaning>().is_err(), "{wrong}");
    }
}

#[test]
fn a_mapping_is_kept_as_json() {
    let mapping = Mapping::guess(["Name", "DefaultSecureProtocols", "TLS12_Enabled"]);
    let text = serde_json::to_string(&mapping).expect("JSON");
    assert!(text.contains(r"WinHttp!DefaultSecureProtocols"), "{text}");
    assert_eq!(
        serde_json::from_str::<Mapping>(&text).expect("read again"),
        mapping
    );
    let wrong = text.replace("device.name", "device.nickname");
    assert!(serde_json::from_str::<Mapping>(&wrong).is_err());
}

#[test]
fn combinations_without_sense_are_said() {
    for (columns, word) in [
        (&[("A", "os.version")][..], "which device"),
        (&[("A", "device.name")], "beside its name"),
        (
            &[("A", "device.name"), ("B", "long.value")],
            "one for its content",
        ),
        (
            &[
                ("A", "device.name"),
                ("B", "long.value"),
                ("C", "long.property"),
                ("D", r"registry:HKLM\X!Y"),
            ],
            "not both",
        ),
        (
            &[
                ("A", "device.name"),
                ("B", "script.output"),
                ("C", "os.version"),
            ],
            "whole report",
        ),
        (
            &[("A", "device.name"), ("B", "os.build")],
            "without a version",
        ),
        (
            &[
                ("A", "device.name"),
                ("B", "os.version"),
                ("C", "os.version"),
            ],
            "both mean",
        ),
        (
            &[
                ("A", "device.name"),
                ("B", r"registry:HKLM\X!Y"),
                ("C", r"registry:HKLM\X!y"),
            ],
            "both mean",
        ),
        (&[("A", "device.name"), ("a", "os.version")], "are called"),
        (&[("A", "device.name"), ("B", "os.version")], ""),
    ] {
        let mapping = Mapping {
            columns: columns
                .iter()
                .map(|(heading, code)| Assigned {
                    heading: (*heading).to_owned(),
                    meaning: code.parse().expect("a code"),
                    note: None,
                })
                .collect(),
            explicit_views: false,
            ..Mapping::default()
        };
        match mapping.check() {
            Ok(()) => assert!(word.is_empty(), "{word}"),
            Err(wrong) => assert!(
                !word.is_empty() && wrong.join(" ").contains(word),
                "{wrong:?}"
            ),
        }
    }
    let odd = Meaning::Registry {
        key: "HKLM\\a!b".to_owned(),
        value: "c".to_owned(),
    };
    let mut mapping = Mapping::guess(["Name"]);
    mapping.columns.push(Assigned {
        heading: "B".to_owned(),
        meaning: odd,
        note: None,
    });
    assert!(mapping.check().is_err());
}
