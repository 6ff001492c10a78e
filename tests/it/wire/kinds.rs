//! What a list of expected clients was made from, told by its content.

use cutover::{
    domain::lists::{ListOrigin, list_name},
    wire::{
        PopulationList,
        population::{parse_csv, parse_json},
        population_names::{is_names, parse_names},
    },
};
use proptest::prelude::*;

const AD: &[u8] = include_bytes!("../../feeds/lists/ad-computers.csv");
const NAMES: &[u8] = include_bytes!("../../feeds/lists/names.txt");

#[test]
fn computers_of_active_directory_are_known_by_their_columns() {
    let list = parse_csv(AD).expect("a list");
    assert_eq!(list.kind, ListOrigin::AdComputers);
    insta::assert_debug_snapshot!(list);
}

#[test]
fn names_one_a_line_are_a_list() {
    assert!(is_names(NAMES));
    let list = parse_names(NAMES).expect("a list");
    insta::assert_debug_snapshot!(list);
}

#[test]
fn only_a_disabled_account_of_active_directory_is_decommissioned() {
    let gone = |list: &PopulationList| -> Vec<bool> {
        list.rows.iter().map(|row| row.decommissioned).collect()
    };
    for (text, kind, expected) in [
        (
            "Name,Enabled,ObjectGUID\nA,False,x\nB,True,y\nC,,z\n",
            ListOrigin::AdComputers,
            vec![true, false, false],
        ),
        (
            "Name,Enabled,DistinguishedName\nA,Falsch,x\n",
            ListOrigin::AdComputers,
            vec![true],
        ),
        (
            "Name,Enabled,Decommissioned,ObjectGUID\nA,True,1,x\n",
            ListOrigin::AdComputers,
            vec![true],
        ),
        // Nobody knows what it means elsewhere, so it hides nobody.
        ("Name,Enabled\nA,False\n", ListOrigin::Devices, vec![false]),
        (
            "Name,ResourceID,SiteCode,Distinguished_Name0,Enabled\nA,1,P01,x,False\n",
            ListOrigin::Devices,
            vec![false],
        ),
        (
            "Name,SMS_GUID,ObjectGUID,Enabled\nA,GUID:1,x,perhaps\n",
            ListOrigin::Devices,
            vec![false],
        ),
    ] {
        let list = parse_csv(text.as_bytes()).expect(text);
        assert_eq!((list.kind, gone(&list)), (kind, expected), "{text}");
        assert_eq!(list.rejected_count, 0, "{text}");
        let used = list.recognised.iter().any(|heading| heading == "Enabled");
        assert_eq!(used, kind == ListOrigin::AdComputers, "{text}");
        assert_ne!(
            list.ignored.iter().any(|heading| heading == "Enabled"),
            used,
            "{text}"
        );
    }
    let list = parse_csv(b"Name,Enabled,ObjectGUID\nA,perhaps,x\n").expect("a list");
    assert_eq!(
        (list.rows.len(), list.rejected_count),
        (0, 1),
        "neither yes nor no"
    );
    let json = br#"[{"Name":"A","Enabled":false,"ObjectGUID":[1,2],"DistinguishedName":"CN=A"},{"Name":"B","Enabled":true,"DistinguishedName":"CN=B"}]"#;
    let list = parse_json(json).expect("a list");
    assert_eq!(
        (list.kind, gone(&list)),
        (ListOrigin::AdComputers, vec![true, false])
    );
}

#[test]
fn a_heading_a_table_and_other_texts_are_no_plain_names() {
    for (text, expected) in [
        ("PC-1\nPC-2\n", true),
        ("PC-1", true),
        ("\r\n\r\npc-1.corp.example\r\n", true),
        ("Name\nPC-1\n", false),
        ("DNSHostName\nPC-1\n", false),
        ("\"PC-1\"\n", false),
        ("PC-1,PC-2\n", false),
        ("PC-1;\n", false),
        ("PC 1\n", false),
        ("10.1.2.3\n", false),
        ("[\n", false),
        ("{}\n", false),
        ("<xml>\n", false),
        ("---\n", false),
        ("", false),
        ("\u{0}\n", false),
    ] {
        assert_eq!(is_names(text.as_bytes()), expected, "{text:?}");
    }
    assert!(parse_names(b"\n\n").is_err());
}

#[test]
fn names_of_lists_have_one_spelling() {
    for (given, name) in [
        (" AD ", Some("ad")),
        ("Büro 2", Some("büro 2")),
        ("a.b_c-d", Some("a.b_c-d")),
    ] {
        assert_eq!(list_name(given).ok().as_deref(), name);
    }
    for given in ["", "  ", "a/b", "a\nb", "<b>", &"x".repeat(65)] {
        assert!(list_name(given).is_err(), "{given:?}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_is_a_list_or_a_refusal(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0..1_200_usize, byte: u8) {
        for start in [AD, NAMES, &bytes[..]] {
            let mut text = start.to_vec();
            if let Some(place) = text.get_mut(at) {
                *place = byte;
            }
            is_names(&text);
            for list in [parse_names(&text), parse_csv(&text)].into_iter().flatten() {
                prop_assert!(list.rows.iter().all(|row| row.ids.identifies()));
            }
        }
    }
}
