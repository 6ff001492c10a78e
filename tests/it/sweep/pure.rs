//! Choosing, settling, remembering and showing: no file, no clock, no server.

use std::{
    ffi::{OsStr, OsString},
    time::{Duration, SystemTime},
};

use cutover::cli::sweep::{
    choose::{Oldest, is_wanted},
    memory::Memory,
    names::{harmless, shown, with_behind},
    parcel::collected_at,
    settling::{Found, Judged, Look, Settling},
};
use cutover::domain::time::Timestamp;
use proptest::prelude::*;

fn look(size: u64, written: u64) -> Look {
    Look {
        size,
        modified: SystemTime::UNIX_EPOCH + Duration::from_secs(written),
    }
}

fn found(name: &str, size: u64, written: u64) -> Found {
    Found {
        name: name.into(),
        look: look(size, written),
    }
}

fn names(files: &[Found]) -> Vec<String> {
    files
        .iter()
        .map(|file| file.name.to_string_lossy().into_owned())
        .collect()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn hidden_and_unfinished_files_are_left_alone() {
    for name in [
        "PC-1.json",
        "tmp",
        "part",
        "a.tmpx",
        "part.json",
        "a.tmp.json",
        "done.json",
        "ü",
        "x.",
    ] {
        assert!(is_wanted(OsStr::new(name)), "{name}");
    }
    for name in [
        ".",
        "..",
        ".hidden",
        ".tmp",
        "a.tmp",
        "a.TMP",
        "a.json.part",
        "a.PaRt",
        "ü.part",
    ] {
        assert!(!is_wanted(OsStr::new(name)), "{name}");
    }
}

/// One look: when it began and ended, what was seen, and which of them settled.
type Step = (
    u64,
    u64,
    &'static [(&'static str, u64, u64)],
    &'static [&'static str],
);

#[test]
fn a_file_settles_when_two_looks_far_enough_apart_saw_the_same() {
    let cases: &[(&str, u64, &[Step])] = &[
        ("never at first sight", 0, &[(9, 9, &[("a", 1, 1)], &[])]),
        (
            "without a wait the second look will do",
            0,
            &[(1, 1, &[("a", 1, 1)], &[]), (1, 1, &[("a", 1, 1)], &["a"])],
        ),
        (
            "not before the time",
            5,
            &[
                (0, 0, &[("a", 1, 1)], &[]),
                (4, 4, &[("a", 1, 1)], &[]),
                (5, 5, &[("a", 1, 1)], &["a"]),
            ],
        ),
        (
            "a long look counts from its end",
            5,
            &[
                (0, 3, &[("a", 1, 1)], &[]),
                (7, 7, &[("a", 1, 1)], &[]),
                (8, 8, &[("a", 1, 1)], &["a"]),
            ],
        ),
        (
            "growing begins anew",
            5,
            &[
                (0, 0, &[("a", 1, 1)], &[]),
                (5, 5, &[("a", 2, 1)], &[]),
                (9, 9, &[("a", 2, 1)], &[]),
                (10, 10, &[("a", 2, 1)], &["a"]),
            ],
        ),
        (
            "so does writing without growing, also to an earlier time",
            5,
            &[
                (0, 0, &[("a", 1, 9)], &[]),
                (5, 5, &[("a", 1, 8)], &[]),
                (10, 10, &[("a", 1, 8)], &["a"]),
            ],
        ),
        (
            "so does going and coming back",
            5,
            &[
                (0, 0, &[("a", 1, 1)], &[]),
                (5, 5, &[], &[]),
                (10, 10, &[("a", 1, 1)], &[]),
            ],
        ),
        (
            "each file for itself",
            5,
            &[
                (0, 0, &[("a", 1, 1), ("b", 1, 1)], &[]),
                (6, 6, &[("a", 1, 1), ("b", 2, 1), ("c", 1, 1)], &["a"]),
            ],
        ),
    ];
    for (what, wait, steps) in cases {
        let mut settling = Settling::new(seconds(*wait));
        for (began, ended, files, settled) in *steps {
            let files: Vec<Found> = files.iter().map(|(n, s, w)| found(n, *s, *w)).collect();
            let all = files.len();
            let judged: Judged = settling.judge(seconds(*began), seconds(*ended), files);
            assert_eq!(names(&judged.settled), *settled, "{what}, at {began}");
            assert_eq!(judged.settled.len() + judged.moving.len(), all, "{what}");
        }
    }
}

#[test]
fn the_oldest_go_first_and_those_with_trouble_last() {
    let mut oldest = Oldest::new(3);
    for (name, written, behind) in [
        ("new", 50, 0),
        ("trouble", 1, 2),
        ("b", 20, 0),
        ("a", 20, 0),
        ("less trouble", 1, 1),
    ] {
        oldest.offer(found(name, 1, written), behind);
    }
    let (offered, files) = oldest.into_order();
    assert_eq!(offered, 5, "what is beyond the limit is still counted");
    assert_eq!(names(&files), ["a", "b", "new"]);
    let mut oldest = Oldest::new(3);
    oldest.offer(found("trouble", 1, 1), 2);
    oldest.offer(found("new", 1, 50), 0);
    assert_eq!(names(&oldest.into_order().1), ["new", "trouble"]);
}

#[test]
fn what_could_not_be_moved_is_not_sent_again_and_other_content_is() {
    let name = OsStr::new("a");
    let (first, touched) = (look(1, 1), look(1, 2));
    let mut memory = Memory::default();
    memory.begin();
    assert_eq!(memory.meet(name, &first), Some(0));
    memory.end();
    memory.put_behind(name);
    memory.set_aside(name, first, [1; 32]);
    memory.begin();
    assert_eq!(memory.meet(name, &first), None, "left alone");
    memory.end();
    memory.begin();
    assert_eq!(
        memory.meet(name, &touched),
        Some(1),
        "perhaps something else, and behind the others"
    );
    memory.end();
    assert!(memory.was_sent(name, &[1; 32]), "only touched");
    assert!(!memory.was_sent(name, &[2; 32]), "another report");
    assert!(!memory.was_sent(OsStr::new("b"), &[1; 32]));
    // Gone and back: nothing is remembered.
    memory.begin();
    memory.end();
    memory.begin();
    assert_eq!(memory.meet(name, &first), Some(0));
}

#[test]
fn the_same_is_not_said_twice() {
    let name = OsStr::new("a");
    let mut memory = Memory::default();
    assert!(memory.is_news(name, "it waits"));
    assert!(!memory.is_news(name, "it waits"));
    assert!(memory.is_news(name, "it waits for something else"));
    memory.forget(name);
    assert!(memory.is_news(name, "it waits"));
}

#[test]
fn the_time_of_writing_is_told_and_never_lies_ahead() {
    let now = Timestamp(1_000_000);
    for (millis, told, ahead) in [
        (999_999_i64, 999_999, false),
        (1_000_000, 1_000_000, false),
        (1_000_001, 1_000_000, true),
        (253_402_300_800_000, 1_000_000, true),
        // Before 1970 is very old, however much before.
        (-5_000, 0, false),
    ] {
        let far = Duration::from_millis(millis.unsigned_abs());
        let modified = if millis < 0 {
            SystemTime::UNIX_EPOCH - far
        } else {
            SystemTime::UNIX_EPOCH + far
        };
        let at = collected_at(&Look { size: 1, modified }, now);
        assert_eq!(at, (Timestamp(told), ahead), "{millis}");
    }
}

#[test]
fn names_are_shown_without_harm() {
    for (name, text) in [
        ("PC-1.json", "PC-1.json"),
        ("Büro 7.json", "Büro 7.json"),
        ("報告.json", "報告.json"),
        ("a\nfailed\tb", "a\\nfailed\\tb"),
        ("\u{1b}[2Jx", "\\u{1b}[2Jx"),
        ("a\u{202e}nosj.exe", "a\\u{202e}nosj.exe"),
        ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
        ("a\u{2028}b\u{a0}c", "a\\u{2028}b\\u{a0}c"),
        ("a\\nb", "a\\\\nb"),
        ("", ""),
    ] {
        assert_eq!(shown(OsStr::new(name)), text);
    }
    let long = shown(OsStr::new(&"x".repeat(255)));
    assert_eq!(long.chars().count(), 121);
    assert!(long.ends_with('…'));
    assert_eq!(
        harmless("  HKLM\\SOFTWARE\r\nx\u{202e} ", 100),
        "HKLM\\SOFTWARE\\r\\nx\\u{202e}"
    );
    assert_eq!(harmless("abcdef", 3), "abc…");
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_shown_as_bytes() {
    use std::os::unix::ffi::OsStrExt as _;
    assert_eq!(
        shown(OsStr::from_bytes(b"a\xff\xc3.json")),
        "a\\xff\\xc3.json"
    );
}

#[test]
fn a_number_behind_a_long_name_costs_its_end() {
    assert_eq!(
        with_behind(OsStr::new("a.json"), ".2"),
        OsString::from("a.json.2")
    );
    let long = with_behind(OsStr::new(&"ü".repeat(127)), ".2");
    assert_eq!(long.len(), 254 - 2 + 2);
    let longer = with_behind(OsStr::new(&"x".repeat(255)), ".reason.txt.10000");
    assert_eq!(longer.len(), 255);
    assert!(longer.to_string_lossy().ends_with("x.reason.txt.10000"));
}

proptest! {
    #[test]
    fn any_name_is_one_harmless_line(text in "\\PC*|.{0,300}", behind in "[.a-z0-9]{0,20}") {
        for said in [shown(OsStr::new(&text)), harmless(&text, 200)] {
            let harmful = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            prop_assert!(!said.chars().any(harmful), "{:?}", said);
        }
        prop_assert!(with_behind(OsStr::new(&text), &behind).len() <= 255);
    }

    #[test]
    fn what_changes_never_settles(sizes in proptest::collection::vec(0_u64..3, 1..20), wait in 0_u64..4) {
        let mut settling = Settling::new(seconds(wait));
        let mut since: Option<(u64, u64)> = None;
        for (at, size) in (0_u64..).zip(sizes) {
            let judged = settling.judge(seconds(at), seconds(at), vec![found("a", size, 1)]);
            let same = since.filter(|(seen, _)| *seen == size);
            let expected = same.is_some_and(|(_, first)| at - first >= wait);
            prop_assert_eq!(!judged.settled.is_empty(), expected);
            since = same.or(Some((size, at)));
        }
    }
}
