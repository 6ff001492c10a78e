//! What logs say, file by file.

use std::{collections::BTreeMap, fs, path::Path};

use cutover::{
    domain::time::Timestamp,
    wire::observed::{Delivery, Filing, LONGEST_LINE, Settings, Told},
};
use proptest::prelude::*;

fn settings() -> Settings {
    Settings {
        system: Some("mp01".to_owned()),
        proxies: vec!["10.1.0.0/16".parse().expect("a network")],
        latest: Timestamp::parse("2026-11-26T00:00:00Z").expect("a time"),
        span: None,
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds/observed");
    fs::read(folder.join(name)).expect(name)
}

fn read_by(settings: Settings, pieces: &[&[u8]]) -> Result<(Vec<Delivery>, Told), String> {
    let mut filing = Filing::new("a.log", &"0".repeat(64), None, settings);
    let mut all = Vec::new();
    for piece in pieces {
        all.extend(filing.feed(piece)?);
    }
    all.extend(filing.end()?);
    Ok((all, filing.told()))
}

/// System, address, machine, way, protocol and count, a line each.
fn lines(deliveries: &[Delivery]) -> Vec<String> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for delivery in deliveries {
        let system = delivery.system.clone().unwrap_or_default();
        for seen in &delivery.observations {
            let machine = seen.machine.as_deref().unwrap_or("-");
            let via = seen.via.as_deref().unwrap_or_default();
            let line = format!(
                "{system} {} {machine} {via} {}",
                seen.address, seen.protocol
            );
            *sums.entry(line).or_default() += seen.count;
        }
    }
    sums.into_iter()
        .map(|(line, count)| format!("{line} {count}"))
        .collect()
}

#[test]
fn headings_that_change_in_mid_file_count_from_their_line_on() {
    let (deliveries, told) = read_by(settings(), &[&fixture("fields_change.log")]).expect("a log");
    assert_eq!(
        lines(&deliveries),
        [
            "mp01 10.20.0.11 - direct tls1.2 2",
            "mp01 10.20.0.11 - direct tls1.3 1",
            "mp01 10.20.0.12 - direct tls1.0 1",
            "mp01 10.20.0.12 - direct tls1.1 1",
            "mp01 10.20.0.14 - direct ssl3 1",
            "mp01 2001:db8::17 - direct tls1.2 1",
        ]
    );
    assert_eq!(
        (told.lines, told.told, told.plain, told.unrecorded),
        (9, 7, 1, 1)
    );
    let hours: Vec<(&str, i64, i64)> = deliveries
        .iter()
        .flat_map(|delivery| &delivery.coverage)
        .map(|hour| (hour.hour.as_str(), hour.lines, hour.told))
        .collect();
    // The part without a protocol covers nothing.
    assert_eq!(
        hours,
        [
            ("2026-11-20T00:00:00Z", 2, 2),
            ("2026-11-20T01:00:00Z", 3, 2),
            ("2026-11-20T02:00:00Z", 3, 3),
        ]
    );
}

#[test]
fn values_are_hexadecimal_and_what_is_not_known_is_never_taken_for_anything() {
    let (deliveries, told) = read_by(settings(), &[&fixture("values.log")]).expect("a log");
    let found: Vec<String> = lines(&deliveries)
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            format!("{} {}", words[1], words[4])
        })
        .collect();
    for (host, wanted) in [
        "ssl3", "ssl3", "tls1.0", "tls1.0", "tls1.1", "tls1.1", "tls1.2", "tls1.2", "tls1.3",
        "tls1.3", "unknown", "unknown", "unknown", "tls1.2", "unknown",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(
            found.contains(&format!("10.20.1.{host} {wanted}")),
            "{host} {wanted}: {found:?}"
        );
    }
    assert!(
        found.contains(&"10.20.1.16 unknown".to_owned()),
        "{found:?}"
    );
    assert_eq!((told.plain, told.unknown, told.odd), (1, 5, 5));
}

#[test]
fn only_named_proxies_are_believed_and_machine_accounts_are_names() {
    let (deliveries, _) = read_by(settings(), &[&fixture("forwarded.log")]).expect("a log");
    assert_eq!(
        lines(&deliveries),
        [
            "mp01 10.1.0.1 - hidden tls1.2 2",
            "mp01 172.16.0.1 - unnamed_proxy tls1.0 1",
            "mp01 172.16.0.2 - direct tls1.2 1",
            "mp01 172.16.0.2 ws0042 direct tls1.2 1",
            "mp01 192.0.2.7 - proxy tls1.0 1",
            "mp01 192.0.2.7 - proxy tls1.2 1",
            "mp01 2001:db8::5 - proxy tls1.0 1",
        ]
    );
}

#[test]
fn what_cannot_be_read_is_counted_and_a_cut_end_is_never_read() {
    let (deliveries, told) = read_by(settings(), &[&fixture("broken.log")]).expect("a log");
    assert_eq!(lines(&deliveries), ["mp01 10.20.2.2 - direct tls1.2 1"]);
    let expected = Told {
        lines: 9,
        told: 1,
        headless: 1,
        undated: 3,
        future: 1,
        unreadable: 2,
        cut: 1,
        ..Told::default()
    };
    assert_eq!(told, expected);
}

#[test]
fn without_a_date_the_heading_says_the_day_and_lines_say_their_system() {
    let settings = Settings {
        system: None,
        ..settings()
    };
    let (deliveries, _) = read_by(settings, &[&fixture("dated_by_heading.log")]).expect("a log");
    let seen: Vec<(&str, &str)> = deliveries
        .iter()
        .flat_map(|delivery| &delivery.observations)
        .map(|seen| (seen.protocol.as_str(), seen.first_at.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("tls1.0", "2026-11-21T00:01:00Z"),
            ("tls1.2", "2026-11-20T23:59:00Z"),
        ]
    );
    assert_eq!(deliveries[0].system.as_deref(), Some("mp02"));
}

#[test]
fn failed_connections_name_no_protocol() {
    let (deliveries, told) = read_by(settings(), &[&fixture("httperr1.log")]).expect("a log");
    assert_eq!(lines(&deliveries), ["mp01 10.20.4.1 - direct failed 1"]);
    assert_eq!((told.failed, told.idle, told.told), (1, 1, 0));
    assert!(
        deliveries
            .iter()
            .all(|delivery| delivery.coverage.is_empty())
    );
}

#[test]
fn tables_are_read_by_their_headings() {
    let (deliveries, told) = read_by(settings(), &[&fixture("balancer.csv")]).expect("a table");
    assert_eq!(
        lines(&deliveries),
        [
            "mp01 10.20.5.1 - direct tls1.0 12",
            "mp01 10.20.5.2 - direct tls1.2 3",
            "mp01 10.20.5.3 - direct unknown 1",
        ]
    );
    assert_eq!(told.undated, 1);
    let (deliveries, told) = read_by(settings(), &[&fixture("leases.csv")]).expect("a table");
    let who: Vec<(&str, Option<&str>)> = deliveries[0]
        .leases
        .iter()
        .map(|seen| (seen.address.as_str(), seen.name.as_deref()))
        .collect();
    assert_eq!(
        who,
        [
            ("10.20.0.12", Some("WS0012.corp.example")),
            ("10.20.0.11", Some("WS0011")),
            ("2001:db8::17", Some("WS0011")),
        ]
    );
    assert_eq!((told.leases, told.unreadable), (3, 1));
    for (table, word) in [
        ("a,b\n", "neither"),
        ("address,name\n", "--from and --until"),
        ("address,version\n", "last seen"),
        ("address,colour\n", "neither a column"),
    ] {
        let refused = read_by(settings(), &[table.as_bytes()]).expect_err(table);
        assert!(refused.contains(word), "{table}: {refused}");
    }
}

#[test]
fn a_line_without_end_is_passed_over_in_constant_memory() {
    let long = vec![b'x'; LONGEST_LINE * 3];
    let mut filing = Filing::new("a.log", &"0".repeat(64), None, settings());
    filing
        .feed(b"#Fields: date time c-ip crypt-protocol\n2026-11-20 05:00:00 10.0.0.1 ")
        .expect("a heading");
    filing.feed(&long).expect("a line");
    filing
        .feed(b"\n2026-11-20 05:00:00 10.0.0.2 40\n")
        .expect("a line");
    let rest = filing.end().expect("the end");
    assert_eq!(lines(&rest), ["mp01 10.0.0.2 - direct tls1.0 1"]);
    assert_eq!(filing.too_long(), 1);
}

#[test]
fn much_comes_in_portions_that_end_once() {
    let mut text = "#Fields: date time c-ip s-computername crypt-protocol\n".to_owned();
    for n in 0..120_000_u32 {
        let [_, b, c, d] = n.to_be_bytes();
        text.push_str(&format!(
            "2026-11-20 05:00:00 10.{b}.{c}.{d} MP0{} 400\n",
            n % 2
        ));
    }
    let settings = Settings {
        system: None,
        ..settings()
    };
    let (deliveries, _) = read_by(settings, &[text.as_bytes()]).expect("a log");
    for system in ["mp00", "mp01"] {
        let of = deliveries.iter();
        let of: Vec<&Delivery> = of
            .filter(|delivery| delivery.system.as_deref() == Some(system))
            .collect();
        let rows: usize = of.iter().map(|delivery| delivery.observations.len()).sum();
        assert_eq!(rows, 60_000);
        assert!(
            of.iter()
                .all(|delivery| delivery.observations.len() <= 10_000)
        );
        let marks: Vec<(i64, bool)> = of
            .iter()
            .filter_map(|delivery| delivery.file.as_ref())
            .map(|file| (file.portion, file.last))
            .collect();
        let wanted: Vec<(i64, bool)> = (0..marks.len())
            .map(|n| (i64::try_from(n).expect("small"), n + 1 == marks.len()))
            .collect();
        assert_eq!(marks, wanted);
    }
}

fn log_line() -> impl Strategy<Value = String> {
    let protocol = prop::sample::select(vec!["40", "100", "400", "1000", "-", "7", "10"]);
    (0_u8..3, 0_u8..24, 1_u8..6, protocol).prop_map(|(day, hour, host, protocol)| {
        format!("2026-11-2{day} {hour:02}:00:00 10.0.0.{host} {protocol}\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000), cut in 0_usize..2_000) {
        let _ = read_by(settings(), &[&bytes]);
        for name in ["fields_change.log", "forwarded.log", "balancer.csv", "leases.csv", "httperr1.log"] {
            let mut mutated = fixture(name);
            let at = cut.min(mutated.len());
            let end = (at + bytes.len() / 40).min(mutated.len());
            mutated.splice(at..end, bytes.iter().copied().take(40));
            let _ = read_by(settings(), &[&mutated]);
        }
        let _ = Delivery::read(&bytes);
    }

    #[test]
    fn order_of_lines_and_splitting_never_matter(
        rows in prop::collection::vec(log_line(), 1..40).prop_shuffle(),
        place in 0_usize..40,
        piece in 1_usize..50,
    ) {
        let heading = "#Fields: date time c-ip crypt-protocol\n";
        let whole = format!("{heading}{}", rows.concat());
        let (once, _) = read_by(settings(), &[whole.as_bytes()]).expect("a log");
        let mut sorted = rows.clone();
        sorted.sort();
        let sorted = format!("{heading}{}", sorted.concat());
        let pieces: Vec<&[u8]> = sorted.as_bytes().chunks(piece).collect();
        let (again, _) = read_by(settings(), &pieces).expect("a log");
        prop_assert_eq!(&once, &again);
        let (one, two) = rows.split_at(place.min(rows.len()));
        let mut both = Vec::new();
        for part in [one, two] {
            let text = format!("{heading}{}", part.concat());
            both.extend(read_by(settings(), &[text.as_bytes()]).expect("a log").0);
        }
        prop_assert_eq!(lines(&once), lines(&both));
    }
}

/// Whoever sent a table with times of another form has to be told where, and what would be read.
#[test]
fn the_first_time_that_cannot_be_read_is_told_with_its_line() {
    let notes = |text: &[u8]| {
        let mut filing = Filing::new("a.csv", &"0".repeat(64), None, settings());
        // In pieces, as files come.
        for piece in text.chunks(7) {
            filing.feed(piece).expect("a piece");
        }
        filing.end().expect("the end");
        filing.notes().join(" ")
    };
    let long = "x".repeat(LONGEST_LINE + 1);
    let leases = format!(
        "address,name,from,until\n10.0.0.1,A,2026-11-20,2026-11-21\n{long}\n\n10.0.0.2,B,20.11.2026 8:15,2026-11-21\n10.0.0.3,C,soon,later\n"
    );
    let said = notes(leases.as_bytes());
    assert!(
        said.contains("2 lines without a date and time that can be read."),
        "{said}"
    );
    assert!(
        said.contains("is in line 5, where \"20.11.2026 8:15\" stands"),
        "{said}"
    );
    assert!(said.contains("2026-11-23T08:15:00Z"), "{said}");
    let balancer = b"address,version,last seen\n10.0.0.1,TLSv1,\n";
    let said = notes(balancer);
    assert!(
        said.contains("is in line 2, where nothing stands"),
        "{said}"
    );
    let w3c = b"#Fields: date time c-ip crypt-protocol\n23/11/2026 8:15 10.0.0.1 40\n";
    let said = notes(w3c);
    assert!(
        said.contains("line 2, where \"23/11/2026 8:15\" stands; what is read are days such as"),
        "{said}"
    );
    assert!(!notes(b"address,name,from,until\n").contains("cannot be read"));
    // What stands there is nobody's to make a line of.
    let hostile = "address,name,from,until\n10.0.0.2,B,\u{1b}[31m".to_owned() + &"9".repeat(500);
    let said = notes(format!("{hostile},x\n").as_bytes());
    assert!(!said.contains('\u{1b}') && said.len() < 600, "{said}");
}
