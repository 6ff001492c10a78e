//! Rows, cells and lines: what is cut where, and what is passed over.

use std::fmt::Write as _;

use cutover::wire::foreign::table::{MAX_COLUMNS, MAX_ROW, Table};

fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
    let table = Table::open(text).expect("a table");
    let width = table.heading().len();
    table
        .map(|row| {
            let row = row.expect("a good row");
            let cells = (0..width).map(|at| row.cell(at).to_owned()).collect();
            (row.line, cells)
        })
        .collect()
}

#[test]
fn preambles_separators_and_quirks() {
    for (text, line) in [
        ("a,b\n1,2\n", 2),
        ("a;b\r\n1;2\r\n", 2),
        ("a\tb\r\r\n1\t2\r\r\n", 2),
        ("\u{FEFF}a,b\n1,2", 2),
        ("sep=|\na|b\n1|2\n", 3),
        ("\"sep=;\"\r\na;b\r\n1;2\r\n", 3),
        ("#TYPE Deserialized.Thing\n\n\"a\",\"b\"\n\"1\",\"2\"\n", 4),
        (
            "Query completed on 3 of 5 clients (2 clients offline and 0 failure)\na,b\n1,2\n",
            3,
        ),
        (
            "Registry('hklm:\\\\SOFTWARE') | order by Device\na,b\n1,2\n",
            3,
        ),
        ("a,b\n-,--\n1,2\n(1 row affected)\n", 3),
        ("a , b \n\n , \n 1 , \"2\" \n", 4),
        ("a,b\n=\"1\",\"=\"\"2\"\"\"\n", 2),
        ("a,b,\n1,2,,,\n", 2),
    ] {
        let found = rows(text);
        assert_eq!(found.len(), 1, "{text:?}");
        assert_eq!(found[0].0, line, "{text:?}");
        assert_eq!(found[0].1[..2], ["1", "2"], "{text:?}");
    }
    let found = rows("a,b\n\"x\r\ny\",\"say \"\"no\"\", twice\"\n1\n'-1,'x\n");
    assert_eq!(found[0].1, ["x\r\ny", "say \"no\", twice"]);
    assert_eq!(found[1], (4, vec!["1".to_owned(), String::new()]));
    assert_eq!(found[2].1, ["-1", "'x"]);
}

#[test]
fn what_is_no_table_is_said() {
    for (text, word) in [
        (String::new(), "empty"),
        ("\n\n#TYPE x\n".to_owned(), "empty"),
        (",".repeat(MAX_COLUMNS), "empty"),
        (vec!["x"; MAX_COLUMNS + 1].join(","), "columns"),
        ("x".repeat(600), "longer"),
        (format!("\"{}", "x\n".repeat(MAX_ROW)), "longer"),
    ] {
        let found = Table::open(&text);
        match found {
            Err(error) => assert!(error.0.contains(word), "{error}"),
            Ok(table) => assert!(word == "empty" && table.heading().iter().all(String::is_empty)),
        }
    }
}

#[test]
fn a_broken_row_costs_only_itself() {
    let mut table = Table::open("a,b\n1,2,3\n4,5\n").expect("a table");
    let refused = table.next().expect("a row").expect_err("three cells");
    assert_eq!(refused.place, "line 2");
    assert_eq!(table.next().expect("a row").expect("good").line, 3);

    let long = format!("a,b\n1,\"{}\n2,3\n", "x,\n".repeat(MAX_ROW / 2));
    let mut table = Table::open(&long).expect("a table");
    let mut refused = 0;
    let mut last = None;
    for row in &mut table {
        match row {
            Ok(row) => last = Some((row.line, row.cell(0).to_owned())),
            Err(row) => {
                assert!(row.raw.len() <= 64 * 1024);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 1);
    let line = 1 + 1 + (MAX_ROW as u64 / 2) + 1;
    assert_eq!(last, Some((line, "2".to_owned())));

    let open = Table::open("a,b\n1,2\n3,\"4\n5,6\n").expect("a table");
    let found: Vec<_> = open.collect();
    assert_eq!(found.len(), 2);
    let refused = found[1].as_ref().expect_err("an open quotation mark");
    assert_eq!(refused.place, "lines 3 to 4");
    assert!(refused.detail.contains("never closed"));
}

#[test]
fn a_large_table_passes_row_by_row() {
    let mut text = String::from("Name,OSVersion,DefaultSecureProtocols\n");
    for row in 0..100_000 {
        writeln!(text, "PC-{row},10.0.19045,0xA00").expect("a string takes all");
    }
    assert_eq!(Table::open(&text).expect("a table").count(), 100_000);
    let read = super::read_wide(&text, None);
    assert_eq!(read.pieces.len(), 100_000);
    assert_eq!(read.pieces[99_999].place, "line 100001");
}
