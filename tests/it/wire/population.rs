//! Device lists: the columns people really export, and what is wrong with them.

use std::fmt::Write as _;

use cutover::{
    domain::facts::OsVersion,
    wire::{
        PopulationList,
        population::{parse_csv, parse_json},
        to_utf8,
    },
};

fn csv(text: &str) -> PopulationList {
    parse_csv(text.as_bytes()).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"))
}

#[test]
fn a_query_of_the_sites_views_is_understood() {
    let list = csv(
        "ResourceID,Netbios_Name0,SMS_Unique_Identifier0,SMS_Assigned_Sites0,Resource_Names0,Operating_System_Name_and0,Build01,LastHWScan,Obsolete0,Decommissioned0,SMBIOS_GUID0,SerialNumber0,Resource_Domain_OR_Workgr0,Client0\r\n\
         16777345,PC-0042,GUID:2a8b6c1e-0a52-4c61-9b1d-0c9b7e3c1f10,p01,\"PC-0042.corp.example, pc-0042.old\",Microsoft Windows NT Workstation 10.0,10.0.19045,2026-11-01 10:00:00.000,0,NULL,NULL,X1,CORP,1\r\n",
    );
    insta::assert_debug_snapshot!(list);
}

#[test]
fn separators_and_preambles_are_told() {
    for (text, delimiter) in [
        ("Name,Site Code\nPC-1,P01\n", ','),
        ("Name;Site Code\nPC-1;P01\n", ';'),
        ("Name\tSite Code\nPC-1\tP01\n", '\t'),
        (
            "\"Name\";\"Site, Code, x, SiteCode\";Site\n\"PC-1\";;P01\n",
            ';',
        ),
        (
            "#TYPE Selected.System.Data.DataRow\r\n\"Name\",\"SiteCode\"\r\n\"PC-1\",\"P01\"\r\n",
            ',',
        ),
        ("sep=;\nDevice Name;SITE_CODE\nPC-1;P01\n", ';'),
        ("\n\nname,site\n\nPC-1,P01\n,\n", ','),
        ("Name\nPC-1", ','),
        ("Name,Site,\r\nPC-1,P01,,,\r\n", ','),
    ] {
        let list = csv(text);
        assert_eq!(list.delimiter, Some(delimiter), "{text}");
        assert_eq!(list.rows.len(), 1, "{text}");
        assert_eq!(list.rejected_count, 0, "{text}");
        assert_eq!(list.rows[0].ids.name.as_deref(), Some("PC-1"), "{text}");
        let line = 1 + text[..text.find("PC-1").expect("it is there")]
            .matches('\n')
            .count() as u64;
        assert_eq!(list.rows[0].line, line, "{text}");
    }
}

#[test]
fn utf16_lists_are_read() {
    let units = std::iter::once(0xFEFF).chain("Name\tOwner\r\nPC-1\tJörg\r\n".encode_utf16());
    let body: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
    let list = parse_csv(&to_utf8(&body).expect("with its mark")).expect("a list");
    assert_eq!(list.rows[0].owner.as_deref(), Some("Jörg"));
}

#[test]
fn yes_and_no_in_several_languages() {
    for (text, expected) in [
        ("1", Some(true)),
        ("TRUE", Some(true)),
        ("Yes", Some(true)),
        ("Wahr", Some(true)),
        ("vrai", Some(true)),
        ("0", Some(false)),
        ("false", Some(false)),
        ("NO", Some(false)),
        ("Falsch", Some(false)),
        ("", Some(false)),
        ("NULL", Some(false)),
        ("maybe", None),
        ("2", None),
    ] {
        let list = csv(&format!("Name,Is Obsolete\nPC-1,{text}\n"));
        assert_eq!(
            list.rows.first().map(|row| row.obsolete),
            expected,
            "{text}"
        );
        assert_eq!(
            list.rejected.len(),
            usize::from(expected.is_none()),
            "{text}"
        );
    }
}

#[test]
fn os_versions_are_read_where_they_can_be() {
    let version = |build| {
        Some(OsVersion {
            major: 10,
            minor: 0,
            build,
        })
    };
    for (columns, cells, expected) in [
        ("Build01", "10.0.19045", version(19045)),
        ("operatingSystemVersion0", "10.0 (19045)", version(19045)),
        ("Version0,BuildNumber0", "10.0,19045", version(19045)),
        ("OSVersion", "eleven", None),
        ("OSVersion", "", None),
    ] {
        let list = csv(&format!("Name,{columns}\nPC-1,{cells}\n"));
        assert_eq!(list.rows[0].os_version, expected, "{columns} {cells}");
    }
}

#[test]
fn bad_rows_are_named_and_the_others_taken() {
    let long = "x".repeat(300);
    let text = format!(
        "Name,ResourceID,SiteCode,Obsolete\nPC-1,5,P01,0\n,6,,0\n,7,P01,\n{long},8,P01,0\nPC\u{1},9,P01,0\nPC-5,ten,P01,0\nPC-6,11,P01,perhaps\nPC,7,8,P01,0\n\"PC\n7\",12,P01\nPC-8\n"
    );
    let mut text = text.into_bytes();
    text.extend_from_slice(b"J\xF6rg,13,P01,0\n");
    let list = parse_csv(&text).expect("a list");
    insta::assert_debug_snapshot!((
        list.rejected,
        list.rejected_count,
        list.rows.iter().map(|row| row.line).collect::<Vec<_>>()
    ));
}

#[test]
fn the_same_client_twice_is_one_client() {
    let list = csv(
        "Name,SMS_GUID,Obsolete0,Owner,Roles\nPC-1,GUID:AA,1,,\nPC-1,{aa},0,Ann,SMS Distribution Point|SMS Site Server\nPC-1,BB,1,,\nPC-2,,0,,\npc-2,,0,,\n",
    );
    let rows: Vec<_> = list
        .rows
        .iter()
        .map(|row| {
            (
                row.line,
                row.obsolete,
                row.owner.as_deref(),
                row.roles.len(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (2, false, Some("Ann"), 2),
            (4, true, None, 0),
            (5, false, None, 0)
        ]
    );
    let twice: Vec<_> = list
        .duplicates
        .iter()
        .map(|row| (row.line, row.first))
        .collect();
    assert_eq!((twice, list.duplicate_count), (vec![(3, 2), (6, 5)], 2));
    assert_eq!(list.rows[0].roles, ["distribution_point", "site_server"]);
}

#[test]
fn lists_without_an_id_are_refused_with_what_was_seen() {
    let mut page = String::new();
    for text in [
        "",
        "#TYPE x",
        "OS,Owner\nWindows,Ann\n",
        "ResourceID;Caption0\n5;x\n",
        "PC-1\nPC-2\n",
    ] {
        writeln!(
            page,
            "{text:?}\n    {:?}",
            parse_csv(text.as_bytes()).expect_err(text)
        )
        .expect("a string takes all");
    }
    for text in [
        "",
        "5",
        "[5]",
        "[{\"name\": \"a\"}, {\"name\":]",
        "[{\"os\": 1}]",
        "[{\"name\": \"a\"}] x",
        "[{\"name\": \"\u{0}\"}]",
    ] {
        writeln!(
            page,
            "{text:?}\n    {:?}",
            parse_json(text.as_bytes()).expect_err(text)
        )
        .expect("a string takes all");
    }
    insta::assert_snapshot!(page);
}

#[test]
fn json_lists_take_the_contracts_ids_and_the_views_names() {
    let list = parse_json(
        br#"[
        {"sms_guid": "GUID:aa", "resource_id": 5, "site_code": "p01", "name": "PC-1", "fqdn": "PC-1.corp.example.", "roles": ["SMS Site Server"], "obsolete": false},
        {"Name0": "PC-2", "ResourceID": "6", "Obsolete0": 1, "Unknown": {"deep": []}, "Owner": null},
        {"name": "PC-3", "name": "PC-4"},
        {"name": {"x": 1}},
        {},
        null,
        {"sms_guid": "AA"}
    ]"#,
    )
    .expect("a list");
    insta::assert_debug_snapshot!(list);
    assert_eq!(
        parse_json(br#"{"name": "PC-1"}"#)
            .expect("one client")
            .rows
            .len(),
        1
    );
    assert_eq!(parse_json(b"[]").expect("an empty list").rows.len(), 0);
}

#[test]
fn refused_rows_are_counted_beyond_those_listed() {
    let list = csv(&format!("Name,ResourceID\n{}", "PC,x\n".repeat(1_500)));
    assert_eq!((list.rejected.len(), list.rejected_count), (1_000, 1_500));
}
