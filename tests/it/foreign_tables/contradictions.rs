//! What becomes of what two sources say differently of one device.

use cutover::wire::document::{Data, Document, Key, Product, Value};

use super::read_wide;

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
