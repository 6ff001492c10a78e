//! Whatever comes, nothing panics and nothing is lost.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cutover::wire::foreign::any_file::{Options, with_time};
use proptest::prelude::*;

use super::{TIME, feeds, packed, read};

static FEEDS: LazyLock<Vec<(String, String, Vec<u8>)>> = LazyLock::new(feeds);

fn options() -> impl Strategy<Value = Options> {
    let format = prop::option::weighted(
        0.2,
        prop::sample::select(&cutover::wire::foreign::Format::ALL[..]),
    );
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (format, flags).prop_map(|(format, (device, key, one_run, read_by_64_bit))| Options {
        format,
        mapping: None,
        device: device.then(|| "PC-1".to_owned()),
        key: key.then(|| r"HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319".to_owned()),
        queries: BTreeMap::new(),
        dates: None,
        one_run,
        read_by_64_bit,
    })
}

/// A feed with some bytes changed, a part repeated, and its end cut off.
fn mutated() -> impl Strategy<Value = (String, Vec<u8>)> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let cut = prop::option::of(any::<prop::sample::Index>());
    let again = prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>()));
    (any::<prop::sample::Index>(), changes, cut, again).prop_map(|(which, changes, cut, again)| {
        let (_, name, bytes) = &FEEDS[which.index(FEEDS.len())];
        let mut bytes = bytes.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some((from, to)) = again {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            bytes.extend(part);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        (name.clone(), bytes)
    })
}

fn check(files: &[(&str, &[u8])], options: &Options) {
    let result = read(files, options);
    assert!(!result.told.is_empty());
    let lost = result.told.iter().filter(|told| told.is_err()).count();
    assert!(
        lost <= result.refused.len(),
        "a file is lost without a word"
    );
    for reading in &result.readings {
        if !reading.own {
            let _ = reading.report();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
        name in "[a-z]{0,3}\\.(csv|reg|json|txt|zip)",
        options in options(),
    ) {
        check(&[(&name, &bytes)], &options);
    }

    #[test]
    fn changed_feeds_never_panic(
        one in mutated(),
        two in mutated(),
        options in options(),
        zipped in any::<bool>(),
    ) {
        let files: [(&str, &[u8]); 2] = [(&one.0, &one.1), (&two.0, &two.1)];
        check(&files[..1], &options);
        if zipped && one.0 != two.0 {
            check(&[("files.zip", &packed(&files))], &options);
        } else {
            check(&files, &options);
        }
    }

    #[test]
    fn a_time_is_put_into_anything(text in ".{0,60}", tail in ".{0,20}") {
        let document = format!("{{{text}\"collected_at\":{tail}");
        let _ = with_time(document.as_bytes(), TIME);
        let _ = with_time(text.as_bytes(), TIME);
        let _ = with_time(br#"{"a":1}"#, &text);
    }
}
