//! Which rows are one device.

use std::fmt::Write as _;

use cutover::wire::foreign::{Piece, Refused, join::Joined, mapping::Mapping, wide};

use super::{read_pivot, read_wide, samples::WIDE};

/// All texts as files of one upload.
pub fn joined(texts: &[&str]) -> (Vec<Piece>, Vec<Refused>) {
    let mut joined = Joined::new();
    let (mut pieces, mut refused) = (Vec::new(), Vec::new());
    for text in texts {
        let read = read_wide(text, None);
        refused.extend(read.refused);
        for piece in read.pieces {
            joined.add(piece, &mut |read| {
                refused.push(read.expect_err("only full ones"));
            });
        }
        joined.file();
    }
    joined.finish(&mut |read| match read {
        Ok(piece) => pieces.push(piece),
        Err(other) => refused.push(other),
    });
    (pieces, refused)
}

const A: &str = "11111111-2222-3333-4444-5555555555AA";
const B: &str = "11111111-2222-3333-4444-5555555555BB";

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn rows_belong_together_by_the_strongest_id_they_share() {
    for (texts, devices, refused) in [
        (
            vec![
                "Name,OSVersion\nPC-1,10.0.19045\n",
                "Device,HasKB3140245\npc-1,1\n",
            ],
            1,
            0,
        ),
        (
            vec!["Name,OSVersion\nPC-1,10.0.19045\nPC-1,10.0.19045\nPC-2,10.0.19045\n"],
            2,
            0,
        ),
        (
            vec![
                "Name,GUID,OSVersion\nPC-1,{A},10.0.19045\n",
                "Name,HasKB3140245\nPC-1,1\n",
            ],
            1,
            0,
        ),
        (
            vec![
                "Name,GUID,OSVersion\nPC-1,GUID:{A},10.0.19045\n",
                "GUID,HasKB3140245\n{a},1\n",
            ],
            1,
            0,
        ),
        // One name, two GUIDs: two devices, and a bare name means neither.
        (
            vec!["Name,GUID,OSVersion\nPC-1,{A},10.0.19045\nPC-1,{B},6.1.7601\n"],
            2,
            0,
        ),
        (
            vec![
                "Name,GUID,OSVersion\nPC-1,{A},10.0.19045\nPC-1,{B},6.1.7601\n",
                "Name,HasKB3140245\nPC-1,1\n",
            ],
            2,
            1,
        ),
        (
            vec!["Name,ResourceID,OSVersion\nPC-1,5,10.0.19045\nPC-1,6,6.1.7601\n"],
            2,
            0,
        ),
        // One GUID, two names: a copied machine, or a renamed one. Nobody knows which row means whom.
        (
            vec!["Name,GUID,OSVersion\nPC-1,{A},10.0.19045\nPC-2,{A},6.1.7601\n"],
            0,
            2,
        ),
        (
            vec!["Name,Domain,OSVersion\nPC-1,NORTH,10.0.19045\nPC-1,SOUTH,10.0.19045\n"],
            0,
            2,
        ),
        (
            vec!["Name,Domain,OSVersion\nPC-1,NORTH,10.0.19045\nPC-1,north.example,10.0.19045\n"],
            1,
            0,
        ),
        (
            vec!["FQDN,OSVersion\npc-1.a.example,10.0.19045\npc-1.b.example,10.0.19045\n"],
            2,
            0,
        ),
        // A resource id alone finds nobody, but leads to the row that names the device.
        (
            vec![
                "ResourceID,Name0,OSVersion\n5,PC-1,10.0.19045\n",
                "ResourceID,HotFixID0\n5,KB3140245\n5,KB4019276\n",
            ],
            1,
            0,
        ),
        (vec!["ResourceID,HotFixID0\n5,KB3140245\n"], 0, 1),
        (
            vec![
                "GUID,Name,OSVersion\n00000000-0000-0000-0000-000000000000,PC-1,6.1.7601\n00000000-0000-0000-0000-000000000000,PC-2,6.1.7601\n",
            ],
            2,
            0,
        ),
    ] {
        let texts: Vec<String> = texts
            .iter()
            .map(|text| {
                text.replace("{A}", A)
                    .replace("{B}", B)
                    .replace("{a}", &A.to_lowercase())
            })
            .collect();
        let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let found = joined(&texts);
        assert_eq!(
            (found.0.len(), found.1.len()),
            (devices, refused),
            "{texts:?}\n{found:#?}"
        );
        texts.reverse();
        let again = joined(&texts);
        assert_eq!(
            (again.0.len(), again.1.len()),
            (devices, refused),
            "reversed {texts:?}"
        );
    }
}

#[test]
fn a_table_with_one_row_a_device_need_not_be_held() {
    for (headings, expected) in [
        (&["Name", "OSVersion"][..], false),
        (&["ResourceID", "SiteCode", "OSVersion"], false),
        (&["ResourceID", "OSVersion"], true),
        (&["Name", "HotFixID0"], true),
        (&["Device", "Property", "Value"], true),
    ] {
        assert_eq!(
            wide::needs_joining(&Mapping::guess(headings)),
            expected,
            "{headings:?}"
        );
    }
}

#[test]
fn the_updates_by_row_find_their_devices() {
    let (pieces, refused) = joined(&[WIDE[3].1, WIDE[0].1]);
    let seven = pieces
        .iter()
        .find(|piece| piece.document.client.resource_id == Some(16_777_302));
    let seven = &seven.expect("joined").document;
    assert_eq!(seven.client.name.as_deref(), Some("NTH-0002"));
    assert_eq!(
        seven.hotfixes.as_deref(),
        Some(&["KB3140245".to_owned(), "KB4019276".to_owned()][..])
    );
    assert!(seven.hotfixes_cut);
    let lost = refused
        .iter()
        .filter(|refused| refused.detail.contains("names a device"));
    assert_eq!(lost.count(), 1, "{refused:#?}");
}

#[test]
fn a_device_has_no_room_for_everything() {
    let mut text = String::from("Name,Updates\n");
    for number in 0..1_500 {
        writeln!(text, "PC-1,KB{}", 5_000_000 + number).expect("a string takes all");
    }
    text.push_str("PC-2,KB5000001\n");
    let (pieces, refused) = joined(&[&text]);
    assert_eq!(pieces.len(), 2);
    assert_eq!(
        pieces[0].document.hotfixes.as_ref().map(Vec::len),
        Some(1_000)
    );
    assert_eq!(refused.len(), 500);
}

#[test]
fn a_device_that_contradicts_itself_without_end_stays_cheap() {
    let mut text = String::from("Device,Key,Property,Value\n");
    for row in 0..40_000 {
        writeln!(text, "PC-1,HKLM\\K{},V{},{row}", row % 5, (row / 2) % 3_000)
            .expect("a string takes all");
    }
    let mut joined = Joined::new();
    let mut refused = 0;
    for piece in read_pivot(&text, None).pieces {
        joined.add(piece, &mut |_| refused += 1);
    }
    let mut pieces = Vec::new();
    joined.finish(&mut |read| pieces.push(read.expect("a device")));
    assert_eq!(pieces.len(), 1);
    assert!(refused > 30_000, "{refused}");
    assert!(pieces[0].notes.len() <= 51);
}
