//! The workbook: real types, a frozen head, filters; nothing in it is altered or run.

use std::io::{Cursor, Read as _};

use serde_json::json;

use crate::support::app::TestApp;

/// A part of a workbook.
fn part(book: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(book)).expect("an archive");
    let mut text = String::new();
    archive
        .by_name(name)
        .expect("a part")
        .read_to_string(&mut text)
        .expect("text");
    text
}

#[tokio::test]
async fn a_workbook_has_real_types() {
    for app in TestApp::each().await {
        app.report("PC-1")
            .set("/client/serial_number", json!("0012345"))
            .set("/client/resource_id", json!(16_777_219))
            .stored()
            .await;
        app.report("PC-2")
            .set("/client/serial_number", json!("=1+1"))
            .stored()
            .await;
        let fields = "name,serial_number,resource_id,collected_at,suspected_duplicate";
        let path = format!("/api/v1/clients?format=xlsx&fields={fields}");
        let answer = app.get(&path).await.ok("a workbook");
        assert_eq!(answer.header("x-total-count"), "2");
        let sheet = part(&answer.body, "xl/worksheets/sheet1.xml");
        for (what, wanted) in [
            ("digits stay text", "<is><t>0012345</t></is>"),
            (
                "what looks like a formula is text, and unaltered",
                "<is><t>=1+1</t></is>",
            ),
            ("a number is one", "<v>16777219</v>"),
            (
                "the head stays",
                "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>",
            ),
            ("there are filters", "<autoFilter ref=\"A1:E3\"/>"),
            ("a flag is one", "t=\"b\""),
        ] {
            assert!(sheet.contains(wanted), "{what}: {sheet}");
        }
        assert!(!sheet.contains("<f>"), "no formula: {sheet}");
        // A day in this century is a number beyond 40,000 with a format of its own.
        let (_, row) = sheet.split_once("<c r=\"D2\"").expect("a cell");
        let (cell, _) = row.split_once("</c>").expect("its end");
        let (_, value) = cell.split_once("<v>").expect("a number");
        let day: f64 = value.trim_end_matches("</v>").parse().expect("a number");
        assert!(cell.contains(" s=\"") && day > 40_000.0, "{cell}");
        assert!(part(&answer.body, "xl/styles.xml").contains("yyyy-mm-dd hh:mm:ss"));
    }
}
