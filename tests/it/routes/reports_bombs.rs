//! `POST /api/v1/reports`: bodies that are too large, wrongly compressed, or made to exhaust the server.

use reqwest::header;

use crate::support::{answer::Answer, app::TestApp, report::Report};

/// The server under test may take this much memory at its highest, MiB.
const MOST_MEMORY: u64 = 300;
const GIB: usize = 1 << 30;

/// A zstd frame of one GiB of blanks in 32 KB: a window of 8 MiB and 8,192 blocks of one repeated byte.
fn zstd_bomb(window: u8) -> Vec<u8> {
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, window];
    let block = 128 * 1024_u32;
    let blocks = GIB / block as usize;
    for n in 1..=blocks {
        let header = block << 3 | 1 << 1 | u32::from(n == blocks);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

/// A gzip member of one GiB of blanks in 1 MB: one compressed MiB, repeated.
fn gzip_bomb() -> Vec<u8> {
    let mut compressor = flate2::Compress::new(flate2::Compression::best(), false);
    let mut piece = Vec::with_capacity(1 << 20);
    compressor
        .compress_vec(
            &vec![b' '; 1 << 20],
            &mut piece,
            flate2::FlushCompress::Full,
        )
        .expect("compressed");
    let mut member = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
    for _ in 0..GIB >> 20 {
        member.extend_from_slice(&piece);
    }
    member
}

async fn send(app: &TestApp, encoding: &str, body: Vec<u8>) -> Answer {
    Answer::to(app.reports(body).header(header::CONTENT_ENCODING, encoding)).await
}

async fn still_works(app: &TestApp) {
    app.report("AFTERWARDS")
        .send()
        .await
        .ok("the server goes on");
    if let Some(peak) = app.peak_memory() {
        assert!(peak < MOST_MEMORY, "the server took {peak} MiB");
    }
}

#[tokio::test]
async fn bombs_stop_at_the_limit_and_not_at_the_end_of_memory() {
    let app = TestApp::one();
    let zstd = zstd_bomb(13 << 3);
    assert!(zstd.len() < 40_000);
    let problem = send(&app, "zstd", zstd).await.problem(413);
    assert!(
        problem["detail"].as_str().expect("text").contains("64 MiB"),
        "{problem}"
    );
    let gzip = gzip_bomb();
    assert!(gzip.len() < 4 << 20, "{}", gzip.len());
    send(&app, "gzip", gzip).await.problem(413);
    // Several small members are one stream.
    let members = zstd_bomb(13 << 3).repeat(4);
    send(&app, "zstd", members).await.problem(413);
    still_works(&app).await;
}

#[tokio::test]
async fn many_bombs_at_once_are_refused_or_told_to_come_back() {
    let app = TestApp::one();
    let bombs = (0..12).map(|_| send(&app, "zstd", zstd_bomb(13 << 3)));
    for answer in futures::future::join_all(bombs).await {
        match answer.status {
            413 => drop(answer.problem(413)),
            503 => {
                assert_eq!(answer.header("retry-after"), "2");
                answer.problem(503);
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    still_works(&app).await;
}

#[tokio::test]
async fn a_window_larger_than_ours_is_not_given() {
    let app = TestApp::one();
    send(&app, "zstd", zstd_bomb(17 << 3)).await.problem(400);
    still_works(&app).await;
}

#[tokio::test]
async fn a_plain_body_over_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let app = TestApp::one();
    let limit = 64 << 20;
    let answer = app.send(vec![b' '; limit + 1]).await;
    answer.problem(413);
    // All of it blank: read to its end, then refused for what it says.
    app.send(vec![b' '; limit]).await.problem(400);
    still_works(&app).await;
}

#[tokio::test]
async fn one_report_has_a_mebibyte() {
    for app in TestApp::each().await {
        let padded = |report: Report<'_>, length: usize| {
            let line = report.line();
            format!(
                "{},\"padding\":\"{}\"}}",
                &line[..line.len() - 1],
                "x".repeat(length - line.len() - 13)
            )
        };
        let most = padded(app.report("PC-1"), 1 << 20);
        assert_eq!(most.len(), 1 << 20);
        app.send(most).await.ok("exactly a mebibyte");
        let more = padded(app.report("PC-2"), (1 << 20) + 1);
        let problem = app.send(more.clone()).await.problem(413);
        insta::assert_snapshot!("a_large_report", crate::support::answer::hidden(problem));
        // In a batch it is that record's problem alone.
        let lines = format!("{more}\n{}", app.report("PC-3").line());
        let answer = app.send(lines).await.ok("a batch").json();
        assert_eq!(
            (&answer["stored"], &answer["rejected"]),
            (&1.into(), &1.into()),
            "{answer}"
        );
        let rejects = app.json("/api/v1/rejects").await;
        assert_eq!(
            rejects["items"][0]["length"],
            (1 << 20) + 1,
            "its length is kept, not all of it"
        );
    }
}

#[tokio::test]
async fn more_records_than_a_request_may_have_are_refused_before_any_is_kept() {
    let app = TestApp::one();
    let mut lines = app.report("PC-1").line();
    lines.push_str(&"\n{}".repeat(20_001));
    let problem = app.send(lines).await.problem(400);
    assert!(
        problem["detail"].as_str().expect("text").contains("20000"),
        "{problem}"
    );
    let array = format!("[{}{{}}]", "{},".repeat(20_000));
    app.send(array).await.problem(400);
    assert_eq!(app.json("/api/v1/summary").await["population"]["total"], 0);
    assert_eq!(
        app.json("/api/v1/rejects").await["items"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
}

#[tokio::test]
async fn broken_and_foreign_compression_is_named() {
    let app = TestApp::one();
    let line = app.report("PC-1").line();
    let zstd = zstd::encode_all(line.as_bytes(), 1).expect("zstd");
    for (what, encoding, body) in [
        ("plain text", "gzip", line.clone().into_bytes()),
        ("plain text", "zstd", line.clone().into_bytes()),
        ("a cut stream", "zstd", zstd[..zstd.len() - 9].to_vec()),
        ("a cut header", "gzip", vec![0x1F, 0x8B, 8]),
        ("nothing", "gzip", Vec::new()),
    ] {
        let problem = send(&app, encoding, body).await.problem(400);
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains(encoding) || detail.contains("empty")),
            "{what} as {encoding}: {problem}"
        );
    }
    for encoding in [
        "br",
        "deflate",
        "gzip, gzip",
        "zstd, gzip",
        "compress",
        "snappy",
    ] {
        let problem = send(&app, encoding, zstd.clone()).await.problem(415);
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("gzip or zstd"))
        );
    }
    let twice = app
        .reports(zstd)
        .header(header::CONTENT_ENCODING, "zstd")
        .header(header::CONTENT_ENCODING, "zstd");
    Answer::to(twice).await.problem(415);
    for kind in [
        "text/html",
        "application/xml",
        "multipart/form-data; boundary=x",
        "text/csv",
        "image/png",
    ] {
        let only = app
            .request(reqwest::Method::POST, "/api/v1/reports")
            .bearer_auth(app.token("ingest"))
            .header(header::CONTENT_TYPE, kind)
            .body(line.clone());
        Answer::to(only).await.problem(415);
    }
    still_works(&app).await;
}
