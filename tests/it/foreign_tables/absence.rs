//! A row that is missing from a plain result of CMPivot says nothing; an empty cell of a joined one says absent.

use std::fmt::Write as _;

use cutover::{
    domain::facts::Key,
    wire::foreign::{cmpivot, join::Joined},
};

use super::{
    collected, read_pivot, read_wide,
    samples::{PIVOT, facts, word},
    source,
};

#[test]
fn a_missing_row_is_not_collected_whatever_else_the_device_answered() {
    let client = Key::Tls12Client;
    let status = "Query completed on 3 of 3 clients (0 clients offline and 0 failure)";
    let old = PIVOT[1].1.split_once('\n').expect("lines").1;
    let rest = PIVOT[2].1.split_once('\n').expect("lines").1;
    let mut joined = Joined::new();
    for text in [format!("{status}\n{old}"), format!("{status}\n{rest}")] {
        let read = read_pivot(&text, None);
        for piece in read.pieces {
            joined.add(piece, &mut |_| panic!("held"));
        }
        joined.file();
    }
    let mut done = Vec::new();
    joined.finish(&mut |read| done.push(read.expect("a device")));
    assert_eq!(done.len(), 3);
    for (device, enabled, by_default) in [
        ("PIV-01", "1", "0"),
        ("PIV-02", "not collected", "0"),
        ("PIV-03", "not collected", "not collected"),
    ] {
        let piece = done
            .iter()
            .find(|piece| piece.document.client.name.as_deref() == Some(device));
        let facts = facts(&piece.expect("there").document);
        assert_eq!(word(&facts, client, "Enabled"), enabled, "{device}");
        assert_eq!(
            word(&facts, client, "DisabledByDefault"),
            by_default,
            "{device}"
        );
    }
    let error = collected(|sink| {
        let text = "Device,Property,Value\nPC-1,x,1\n";
        cmpivot::read(&source(text), None, None, sink)
    });
    let error = error.expect_err("no key");
    assert!(error.0.contains("Say which query"), "{error}");
}

#[test]
fn an_empty_cell_of_a_joined_query_is_absent_where_the_device_answered() {
    let text = "Device,Caption,Version,Asked_WinHttpNative,Asked_WinHttpWow64,Asked_Tls12ClientEnabled,Asked_NetRelease\n\
        PC-1,Windows,10.0.19045,,2720,,528372\n\
        PC-2,,,,,,528372\n";
    let read = read_wide(text, None);
    let [one, two] = &read.pieces[..] else {
        panic!("{read:#?}");
    };
    let (one, two) = (facts(&one.document), facts(&two.document));
    assert_eq!(
        word(&one, Key::WinHttpNative, "DefaultSecureProtocols"),
        "absent"
    );
    assert_eq!(
        word(&one, Key::WinHttpWow64, "DefaultSecureProtocols"),
        "2720"
    );
    assert_eq!(word(&one, Key::Tls12Client, "Enabled"), "absent");
    assert_eq!(
        word(&one, Key::Tls12Client, "DisabledByDefault"),
        "not collected"
    );
    assert_eq!(word(&one, Key::NdpV4Full, "Release"), "528372");
    assert_eq!(
        word(&two, Key::WinHttpNative, "DefaultSecureProtocols"),
        "not collected"
    );
    // Headings of other people promise nothing.
    let other = read_wide(&text.replace("Asked_", ""), None);
    let facts = facts(&other.pieces[0].document);
    assert_eq!(
        word(&facts, Key::WinHttpNative, "DefaultSecureProtocols"),
        "not collected"
    );
}

#[test]
fn a_cell_that_is_missing_is_not_an_empty_one() {
    let heading = "Device,Caption,Version,Asked_WinHttpNative,Asked_NetRelease\n";
    for (rows, good, cut) in [
        (
            "PC-1,Windows,10.0.19045\nPC-2,Windows,10.0.19045,,528372\n",
            1,
            1,
        ),
        ("PC-1,Windows,10.0.19045,\n", 0, 1),
        (
            "PC-2,Windows,10.0.19045,,528372\nPC-1,Windows,10.0.19045,",
            1,
            1,
        ),
        // The last cell may have been on its way.
        (
            "PC-2,Windows,10.0.19045,,528372\nPC-1,Windows,10.0.19045,,",
            1,
            1,
        ),
        ("PC-1,Windows,10.0.19045,,528372", 1, 0),
        ("PC-1,Windows,10.0.19045,,\n", 1, 0),
    ] {
        let read = read_wide(&format!("{heading}{rows}"), None);
        assert_eq!(
            (read.pieces.len(), read.refused.len()),
            (good, cut),
            "{rows}"
        );
    }
}

#[test]
fn what_cmpivot_said_of_its_run_is_kept_with_a_joined_table_too() {
    for (line, asked, answered) in [
        (
            "Query completed on 303 of 400 clients (97 clients offline and 0 failure)",
            Some(400),
            Some(303),
        ),
        (
            "Query completed on 3,100 of 5,000 clients (1,900 clients offline and 0 failure)",
            Some(5_000),
            Some(3_100),
        ),
        (
            "Query completed on 3.100 of 5.000 clients",
            Some(5_000),
            Some(3_100),
        ),
        ("#TYPE Selected", None, None),
    ] {
        let text = format!(
            "{line}\nDevice,Caption,Version,Asked_NetRelease\nPC-1,Windows,10.0.19045,528372\n"
        );
        let read = read_wide(&text, None);
        assert_eq!(read.pieces.len(), 1, "{line}");
        assert_eq!(
            (read.overview.asked, read.overview.answered),
            (asked, answered),
            "{line}"
        );
    }
}

#[test]
fn the_queries_of_the_kit_are_joined_and_their_columns_are_read() {
    for query in cutover::views::feeding::CMPIVOT
        .iter()
        .filter(|query| query.text.contains("Asked_"))
    {
        assert!(
            query.text.matches("join kind=leftouter").count() <= 5,
            "{}",
            query.title
        );
        let columns: Vec<&str> = query
            .text
            .match_indices("Asked_")
            .filter_map(|(at, _)| query.text[at..].split(' ').next())
            .collect();
        let text = format!(
            "Device,Caption,Version,{}\nPC-1,Windows,10.0.19045{}\n",
            columns.join(","),
            ",".repeat(columns.len())
        );
        let read = read_wide(&text, None);
        let values: usize = read.pieces[0]
            .document
            .registry
            .iter()
            .map(|key| key.values.len())
            .sum();
        assert_eq!(values, columns.len(), "{text}");
    }
}

#[test]
fn a_device_with_too_many_rows_is_cut_and_said() {
    let key = r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa";
    let mut registry = "Device,Key,Property,Value\n".to_owned();
    for row in 0..300 {
        writeln!(registry, "PC-1,{key},v{row},1").expect("a string takes all");
    }
    let (mut joined, mut refused) = (Joined::new(), 0);
    for piece in read_pivot(&registry, None).pieces {
        joined.add(piece, &mut |_| refused += 1);
    }
    joined.file();
    joined.finish(&mut |read| assert!(read.is_ok()));
    assert_eq!(refused, 44);
}
