//! Which rows are one device, and what becomes of what they say differently.

use cutover::wire::{
    document::{Data, Document, Key, Product, Value},
    foreign::{Piece, Refused, join::Joined, mapping::Mapping, wide},
};

use super::{read_wide, samples::WIDE};

/// All texts as files of one upload.
pub fn joined(texts: &[&str]) -> (Vec<Piece>, Vec<Refused>) {
    let mut joined = Joined::new(false);
    let (mut pieces, mut refused) = (Vec::new(), Vec::new());
    for text in texts {
        let read = read_wide(text, None);
        refused.extend(read.refused);
        for piece in read.pieces {
            joined.add(piece, &mut |read| {
                refused.push(read.expect_err("only full ones"));
            });
        }
        joined.file(&read.overview);
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
fn what_two_rows_say_differently_is_taken_from_neither() {
    let heading = "Name,OSVersion,DefaultSecureProtocols,TLS12ClientEnabled,Caption0\n";
    let text = format!(
        "{heading}PC-1,10.0.19045,2720,1,\nPC-1,10.0.19045,160,,\nPC-1,6.1.7601,2720,Not Set,x\n"
    );
    let read = read_wide(&text, None);
    assert_eq!(
        read.pieces.len(),
        1,
        "the reader joins rows of one device by itself"
    );
    let piece = &read.pieces[0];
    let document = &piece.document;
    assert_eq!(document.os.version, None);
    assert_eq!(document.os.caption.as_deref(), Some("x"));
    for key in &document.registry {
        assert!(
            key.exists && key.partial && key.values.is_empty(),
            "{key:?}"
        );
    }
    assert_eq!(piece.place, "line 2, line 3, line 4");
    for said in [
        "2720",
        "160",
        "absent",
        "`10.0.19045`",
        "line 2 against line 3",
        "line 4",
    ] {
        assert!(
            piece.notes.iter().any(|note| note.contains(said)),
            "{said}: {:#?}",
            piece.notes
        );
    }
}

fn dword(data: u64) -> Value {
    Value::Typed {
        r#type: "REG_DWORD",
        data: Data::Number(data),
    }
}

fn with(edit: impl FnOnce(&mut Document)) -> Document {
    let mut document = Document::by("x");
    document.client.name = Some("PC-1".to_owned());
    edit(&mut document);
    document
}

/// Documents of one device that agree, contradict each other, and speak of the same things in other words.
fn documents() -> Vec<Document> {
    let key = |key: &str, exists, partial, values: &[(&str, Option<Value>)]| Key {
        key: key.to_owned(),
        exists,
        partial,
        values: values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        ..Key::default()
    };
    let bare = |text: &str| Some(Value::Bare(Data::Text(text.to_owned())));
    let keyed = |keys: Vec<Key>| with(|document| document.registry = keys);
    vec![
        with(|_| {}),
        keyed(vec![key(r"HKLM\K", false, false, &[])]),
        keyed(vec![key(r"hklm\k", true, true, &[("a", None)])]),
        keyed(vec![key(
            r"HKEY_LOCAL_MACHINE\K",
            true,
            true,
            &[("A", bare("1"))],
        )]),
        keyed(vec![key(r"HKLM\K", true, true, &[("A", Some(dword(1)))])]),
        keyed(vec![key(
            r"HKLM\K",
            true,
            true,
            &[("A", bare("0x2")), ("B", None)],
        )]),
        keyed(vec![key(r"HKLM\K", true, false, &[("A", bare("1"))])]),
        keyed(vec![key(r"HKLM\K", true, false, &[("B", bare("1"))])]),
        keyed(vec![key(r"HKLM\L", true, false, &[])]),
        with(|document| {
            document.os.version = Some("10.0.19045".to_owned());
            document.os.architecture = Some("64-bit".to_owned());
            document.collected_at = Some("2026-11-20T08:15:00Z".to_owned());
            document.collector.process_bits = Some(64);
        }),
        with(|document| {
            document.os.version = Some("10.0.19045.3".to_owned());
            document.os.architecture = Some("x64-based PC".to_owned());
            document.collected_at = Some("2026-11-20T08:15:00+01:00".to_owned());
            document.os.last_boot_at = Some("2026-11-20T06:00:00Z".to_owned());
        }),
        with(|document| {
            document.os.version = Some("6.1.7601".to_owned());
            document.os.last_boot_at = Some("2026-11-19T06:00:00Z".to_owned());
            document.hotfixes = Some(vec!["KB2".to_owned(), "KB1".to_owned()]);
        }),
        with(|document| {
            document.hotfixes = Some(vec!["KB3".to_owned()]);
            document.hotfixes_cut = true;
            document.files = Some([("winhttp.dll".to_owned(), "1.2.3.4".to_owned())].into());
        }),
        with(|document| {
            document.hotfixes = Some(vec!["KB1".to_owned()]);
            document.hotfixes_cut = true;
            document.files = Some([("WINHTTP.dll".to_owned(), "1.2.3.5".to_owned())].into());
            document.client.roles = vec!["b".to_owned(), "a".to_owned()];
            document.software = Some(vec![Product::default()]);
        }),
        with(|document| {
            document.hotfixes = Some(vec!["KB4".to_owned()]);
            document.hotfixes_cut = true;
        }),
    ]
}

#[test]
fn joining_gives_the_same_in_every_order() {
    let all = documents();
    let json = |order: &[usize]| {
        let mut joined = with(|_| {});
        for at in order {
            joined.absorb(all[*at].clone());
        }
        String::from_utf8(joined.to_json()).expect("UTF-8")
    };
    for a in 0..all.len() {
        for b in 0..all.len() {
            assert_eq!(json(&[a, b]), json(&[b, a]), "{a} {b}");
            assert_eq!(json(&[a, b]), json(&[a, b, b]), "{a} {b} again");
            for c in 0..all.len() {
                let one = json(&[a, b, c]);
                assert_eq!(one, json(&[c, b, a]), "{a} {b} {c}");
                assert_eq!(one, json(&[b, c, a]), "{a} {b} {c}");
                assert_eq!(
                    one,
                    json(&[a, b, c, a]),
                    "a contradiction stays one: {a} {b} {c}"
                );
            }
        }
    }
}

#[test]
fn two_joined_documents_join_like_their_parts() {
    let all = documents();
    for a in 0..all.len() {
        for b in 0..all.len() {
            for c in 0..all.len() {
                let mut left = all[a].clone();
                left.absorb(all[b].clone());
                left.absorb(all[c].clone());
                let mut right = all[b].clone();
                right.absorb(all[c].clone());
                let mut whole = all[a].clone();
                whole.absorb(right);
                assert_eq!(left.to_json(), whole.to_json(), "{a} {b} {c}");
            }
        }
    }
}

#[test]
fn a_contradicted_value_never_comes_back_and_is_never_absent() {
    let mut document = Document::by("x");
    document.put(r"HKLM\K", "A", Some(dword(1)));
    let mut other = Document::by("x");
    other.put(r"HKLM\K", "A", Some(dword(2)));
    assert_eq!(document.absorb(other).len(), 1);
    let whole = Key {
        key: r"HKLM\K".to_owned(),
        exists: true,
        ..Key::default()
    };
    let gone = Key {
        exists: false,
        ..whole.clone()
    };
    for more in [whole, gone] {
        let mut again = Document::by("x");
        again.registry.push(more);
        document.absorb(again);
        assert!(
            document
                .registry
                .iter()
                .all(|key| key.exists && key.partial),
            "{document:?}"
        );
    }
    document.put(r"HKLM\K", "A", Some(dword(1)));
    document.absorb(Document::by("x"));
    assert!(document.registry.iter().all(|key| key.values.is_empty()));
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
    use std::fmt::Write as _;
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
