//! `POST /api/v1/reports`: every encoding, compression and type that senders use.

use std::io::Write as _;

use reqwest::{Method, header};
use serde_json::json;

use super::reports_post::counts;
use crate::support::{answer::Answer, app::TestApp, report::utf16};

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("compressed");
    encoder.finish().expect("compressed")
}

#[tokio::test]
async fn every_encoding_that_windows_writes_is_read() {
    for app in TestApp::each().await {
        let bodies: Vec<(&str, Option<&str>, Vec<u8>)> = vec![
            (
                "UTF-8 with BOM",
                None,
                format!("\u{FEFF}{}", app.report("BOM").line()).into_bytes(),
            ),
            ("UTF-16LE", None, utf16(&app.report("LE").pretty(), false)),
            ("UTF-16BE", None, utf16(&app.report("BE").pretty(), true)),
            (
                "gzip",
                Some("gzip"),
                gzip(app.report("GZ").line().as_bytes()),
            ),
            (
                "x-gzip",
                Some("X-GZIP"),
                gzip(app.report("XGZ").line().as_bytes()),
            ),
            (
                "gzip of UTF-16",
                Some("gzip"),
                gzip(&utf16(&app.report("GZ16").pretty(), false)),
            ),
            (
                "zstd",
                Some("zstd"),
                zstd::encode_all(app.report("ZS").line().as_bytes(), 1).expect("zstd"),
            ),
            (
                "identity",
                Some("identity"),
                app.report("ID").line().into_bytes(),
            ),
        ];
        let many = bodies.len();
        for (what, encoding, body) in bodies {
            let mut request = app.reports(body);
            if let Some(encoding) = encoding {
                request = request.header(header::CONTENT_ENCODING, encoding);
            }
            let answer = Answer::to(request).await.ok(what);
            assert_eq!(
                counts(&answer),
                (1, 0, 0),
                "{what} on {}: {}",
                app.engine,
                answer.text()
            );
            assert_eq!(answer.json()["results"][0]["standing"], "ready", "{what}");
        }
        // UTF-16 lines.
        let lines = format!(
            "{}\r\n{}\r\n",
            app.report("L1").line(),
            app.report("L2").line()
        );
        let answer = app.send(utf16(&lines, false)).await.ok("UTF-16 lines");
        assert_eq!(counts(&answer), (2, 0, 0));
        let total = app.json("/api/v1/summary").await["population"]["total"].clone();
        assert_eq!(
            total.as_u64(),
            u64::try_from(many).ok().map(|many| many + 2)
        );
    }
}

#[tokio::test]
async fn every_type_that_senders_claim_for_json_is_taken() {
    let app = TestApp::one();
    for kind in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/x-ndjson",
        "application/ndjson",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "text/plain",
        "text/json",
    ] {
        let request = app
            .request(Method::POST, "/api/v1/reports")
            .bearer_auth(app.token("ingest"))
            .header(header::CONTENT_TYPE, kind)
            .body(app.report(kind).line());
        Answer::to(request).await.ok(kind);
    }
    let untyped = app
        .request(Method::POST, "/api/v1/reports")
        .bearer_auth(app.token("ingest"))
        .body(app.report("untyped").line());
    Answer::to(untyped).await.ok("no type");
}

#[tokio::test]
async fn powershell_unwraps_lists_and_signs_numbers_and_is_understood() {
    for app in TestApp::each().await {
        // ConvertTo-Json makes one element of a list of one, and a signed number of 0xFFFFFFFF.
        let report = app
            .report("PS-1")
            .windows7_untouched()
            .set("/hotfixes", json!("KB3140245"))
            .set(
                "/cipher_suites",
                json!("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
            )
            .set(
                "/registry/3/values",
                json!({"DefaultSecureProtocols": {"type": "REG_DWORD", "data": -1}}),
            );
        let answer = app.send(report.pretty()).await.ok("a PowerShell report");
        assert_eq!(counts(&answer), (1, 0, 0), "{}", answer.text());
        let id = answer.json()["results"][0]["client_id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        let check = client["checks"]
            .as_array()
            .expect("checks")
            .iter()
            .find(|check| check["id"] == "winhttp.default_secure_protocols.native")
            .expect("the check");
        // All bits set includes the one for TLS 1.2, so this value does not fail.
        assert_ne!(check["outcome"], "fail", "{check}");
        let update = client["checks"].to_string();
        assert!(!update.contains("hotfixes were not collected"), "{update}");
    }
}
