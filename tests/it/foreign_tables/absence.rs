//! When a row that is missing from a result of CMPivot says that the value is not there, and when it says nothing.

use std::fmt::Write as _;

use cutover::{
    domain::facts::Key,
    wire::foreign::{cmpivot, join::Joined},
};

use super::{
    collected, read_pivot,
    samples::{PIVOT, facts, word},
    source,
};

#[test]
fn a_result_that_may_be_cut_proves_no_absence() {
    let status = "Query completed on 9 of 9 clients (0 clients offline and 0 failure)";
    let query = r"Registry('hklm:\\SYSTEM\\CurrentControlSet\\Control\\Lsa')";
    for (rows, query, status, covered) in [
        (10, query.to_owned(), status, 1),
        (20_000, query.to_owned(), status, 0),
        (20_001, query.to_owned(), status, 0),
        (10, format!("{query} | where Property == 'x'"), status, 0),
        (10, format!("{query} | take 5"), status, 0),
        (10, query.replace("Lsa", "Lsa\\\\*"), status, 0),
        (
            10,
            r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa".to_owned(),
            status,
            0,
        ),
        (10, format!("{query} | order by Device"), status, 1),
        (
            10,
            query.to_owned(),
            "Query completed on 3 of 5 clients (2 clients offline and 1 failure)",
            0,
        ),
        (10, query.to_owned(), "", 1),
    ] {
        let mut text = format!("{status}\nDevice,Key,Property,Value\n");
        for row in 0..rows {
            writeln!(
                text,
                "PC-{row},HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa,x,1"
            )
            .expect("a string takes all");
        }
        let read = read_pivot(&text, Some(&query));
        assert_eq!(
            read.overview.covered.len(),
            covered,
            "{rows} rows, {query}, {status}: {:?}",
            read.overview.notes
        );
    }
    let old = "Device,Property,Value\nPC-1,x,1\n";
    let error =
        collected(|sink| cmpivot::read(&source(old), None, None, sink)).expect_err("no key");
    assert!(error.0.contains("Say the key"), "{error}");
}

#[test]
fn a_query_and_its_witness_show_what_is_absent() {
    let client = Key::Tls12Client;
    let status = |answered: u32, asked: u32, failed: u32| {
        let offline = asked - answered;
        format!(
            "Query completed on {answered} of {asked} clients ({offline} clients offline and {failed} failure)"
        )
    };
    for (query, system, one_run, expected) in [
        (status(3, 3, 0), status(3, 3, 0), false, "absent"),
        (status(3, 3, 0), status(3, 5, 0), false, "not collected"),
        (status(3, 3, 0), String::new(), false, "not collected"),
        (status(3, 5, 0), status(3, 5, 0), false, "not collected"),
        (status(3, 5, 0), status(3, 5, 0), true, "absent"),
        (status(2, 5, 0), status(3, 5, 0), true, "not collected"),
        (status(3, 5, 1), status(3, 5, 0), true, "not collected"),
        (String::new(), String::new(), false, "not collected"),
        (String::new(), String::new(), true, "absent"),
    ] {
        let mut joined = Joined::new(one_run);
        let old = PIVOT[1].1.split_once('\n').expect("lines").1;
        let mut done = Vec::new();
        let rest = PIVOT[2].1.split_once('\n').expect("lines").1;
        for text in [format!("{query}\n{old}"), format!("{system}\n{rest}")] {
            let read = read_pivot(&text, None);
            for piece in read.pieces {
                joined.add(piece, &mut |_| panic!("held"));
            }
            joined.file(&read.overview);
        }
        joined.finish(&mut |read| done.push(read.expect("a device")));
        assert_eq!(done.len(), 3);
        for (device, enabled, by_default) in [
            ("PIV-01", "1", "0"),
            ("PIV-02", expected, "0"),
            ("PIV-03", expected, expected),
        ] {
            let piece = done
                .iter()
                .find(|piece| piece.document.client.name.as_deref() == Some(device));
            let facts = facts(&piece.expect("there").document);
            assert_eq!(
                word(&facts, client, "Enabled"),
                enabled,
                "{device} {query} {system} {one_run}"
            );
            assert_eq!(
                word(&facts, client, "DisabledByDefault"),
                by_default,
                "{device} {query} {system} {one_run}"
            );
        }
    }
}

#[test]
fn a_device_that_only_one_query_reached_puts_the_other_in_doubt() {
    let status = "Query completed on 1 of 1 clients (0 clients offline and 0 failure)";
    let key = r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa";
    for (device, absent) in [("PC-1", true), ("PC-2", false)] {
        let registry = format!("{status}\nDevice,Key,Property,Value\n{device},{key},other,1\n");
        let system = format!("{status}\nDevice,Version,ProductType\nPC-1,10.0.19045,1\n");
        let mut joined = Joined::new(false);
        let query = format!("Registry('{key}')");
        for read in [
            read_pivot(&registry, Some(&query)),
            read_pivot(&system, None),
        ] {
            for piece in read.pieces {
                joined.add(piece, &mut |_| panic!("held"));
            }
            joined.file(&read.overview);
        }
        let mut pieces = Vec::new();
        let notes = joined.finish(&mut |read| pieces.push(read.expect("a device")));
        let first = pieces
            .iter()
            .find(|piece| piece.document.client.name.as_deref() == Some("PC-1"));
        let facts = facts(&first.expect("there").document);
        let told = word(&facts, Key::Lsa, "FIPSAlgorithmPolicy");
        assert_eq!(told == "absent", absent, "{told} {notes:?}");
    }
}

#[test]
fn nothing_is_concluded_about_a_device_with_too_many_rows() {
    let status = "Query completed on 2 of 2 clients (0 clients offline and 0 failure)";
    let key = r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa";
    let mut registry = format!("{status}\nDevice,Key,Property,Value\nPC-2,{key},other,1\n");
    for row in 0..300 {
        writeln!(registry, "PC-1,{key},v{row},1").expect("a string takes all");
    }
    let system =
        format!("{status}\nDevice,Version,ProductType\nPC-1,10.0.19045,1\nPC-2,10.0.19045,1\n");
    let query = format!("Registry('{key}')");
    let (mut joined, mut refused) = (Joined::new(false), 0);
    for read in [
        read_pivot(&registry, Some(&query)),
        read_pivot(&system, None),
    ] {
        for piece in read.pieces {
            joined.add(piece, &mut |_| refused += 1);
        }
        joined.file(&read.overview);
    }
    let mut told = Vec::new();
    joined.finish(&mut |read| {
        let facts = facts(&read.expect("a device").document);
        told.push(word(&facts, Key::Lsa, "FIPSAlgorithmPolicy"));
    });
    assert_eq!(told, ["absent", "not collected"]);
    assert_eq!(refused, 44);
}
