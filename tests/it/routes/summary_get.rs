//! `GET /api/v1/summary`: the numbers, and that each of them is exactly the list behind it.

use serde_json::{Value, json};

use crate::support::{answer::hidden, app::TestApp, report::HOUR};

const STANDINGS: [&str; 7] = [
    "silent",
    "stale",
    "blocking",
    "undetermined",
    "conflict",
    "restart_pending",
    "ready",
];

/// A small fleet of many kinds.
pub async fn fleet(app: &TestApp) {
    let mut lines = Vec::new();
    for n in 0..6 {
        lines.push(
            app.report(&format!("WIN7-{n}"))
                .windows7_untouched()
                .at_site("P01")
                .line(),
        );
        lines.push(app.report(&format!("WIN10-{n}")).at_site("P02").line());
    }
    lines.push(app.report("OLD-1").collected(-20 * 24 * HOUR).line());
    lines.push(
        app.report("OLD-2")
            .windows7_untouched()
            .collected(-20 * 24 * HOUR)
            .line(),
    );
    lines.push(app.report("BLANK-1").without_registry().line());
    lines.push(
        app.report("FUTURE-1")
            .set("/collected_at", json!("2099-01-01T00:00:00Z"))
            .line(),
    );
    lines.push(
        app.report("SERVER-1")
            .set("/client/roles", json!(["management_point"]))
            .line(),
    );
    // A rebuilt machine: another client id under the same hardware.
    lines.push(
        app.report("WIN7-1")
            .set(
                "/client/sms_guid",
                json!("GUID:FFFFFFFF-0000-4000-8000-00000000BEEF"),
            )
            .set("/client/resource_id", json!(4_000_000_001_i64))
            .line(),
    );
    let answer = app.send(lines.join("\n")).await.ok("a fleet").json();
    assert_eq!(answer["rejected"], 0, "{answer}");
    let list = "Name,Operating System,Obsolete\nWIN10-0,,0\nWIN10-1,,0\nWIN7-0,,0\nQUIET-1,Microsoft Windows NT Workstation 6.1,0\nQUIET-2,,0\nGONE-1,,1\n";
    app.put_agreed("", list).await.ok("a list");
}

async fn total(app: &TestApp, path: &str) -> i64 {
    let list = app.json(&format!("{path}&limit=1000")).await;
    let items = list["items"].as_array().expect("items").len();
    let total = list["total"].as_i64().expect("a total");
    assert_eq!(
        i64::try_from(items),
        Ok(total),
        "total and rows of {path} on {}",
        app.engine
    );
    assert_eq!(list["next_cursor"], Value::Null, "{path}");
    total
}

#[tokio::test]
async fn every_number_is_the_length_of_its_list() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let summary = app.json("/api/v1/summary").await;
        let population = &summary["population"];
        let engine = app.engine;
        let mut sum = 0;
        for standing in STANDINGS {
            let n = population["standings"][standing]
                .as_i64()
                .expect("a number");
            assert_eq!(summary["standings"][standing].as_i64(), Some(n));
            assert_eq!(
                total(&app, &format!("/api/v1/clients?standing={standing}")).await,
                n,
                "{standing} on {engine}"
            );
            sum += n;
        }
        assert_eq!(
            population["total"].as_i64(),
            Some(sum),
            "the standings add up"
        );
        assert_eq!(total(&app, "/api/v1/clients?").await, sum);
        let number = |name: &str| population[name].as_i64().expect("a number");
        assert_eq!(number("expected") + number("unlisted"), sum);
        assert_eq!(
            number("reported"),
            sum - population["standings"]["silent"]
                .as_i64()
                .expect("a number")
        );
        for (filter, name) in [
            ("unlisted=1", "unlisted"),
            ("left_out=1", "left_out"),
            ("duplicates=1", "suspected_duplicates"),
            ("future=1", "future_reports"),
        ] {
            assert_eq!(
                total(&app, &format!("/api/v1/clients?{filter}")).await,
                number(name),
                "{name} on {engine}"
            );
            assert!(number(name) > 0, "the fleet has some: {name}");
        }
        let mut over_all = 0;
        for line in summary["by_os"].as_array().expect("lines") {
            let os = line["os"]["key"].as_str().expect("a key");
            let mut of_os = 0;
            for standing in STANDINGS {
                let n = line["standings"][standing].as_i64().expect("a number");
                let path = format!("/api/v1/clients?os={os}&standing={standing}");
                assert_eq!(total(&app, &path).await, n, "{os} × {standing} on {engine}");
                of_os += n;
            }
            assert_eq!(line["total"].as_i64(), Some(of_os));
            assert_eq!(
                total(&app, &format!("/api/v1/clients?os={os}")).await,
                of_os
            );
            if let Some(reason) = line["top_reason"]["reason"].as_str() {
                let of = line["top_reason"]["standing"].as_str().expect("a standing");
                let path = format!("/api/v1/clients?os={os}&reason={reason}&standing={of}");
                assert_eq!(
                    line["top_reason"]["clients"].as_i64(),
                    Some(total(&app, &path).await),
                    "{os} {reason}"
                );
            }
            over_all += of_os;
        }
        assert_eq!(over_all, sum);
    }
}

#[tokio::test]
async fn sites_impacts_reasons_and_combinations_are_their_lists_too() {
    for app in TestApp::each().await {
        fleet(&app).await;
        let summary = app.json("/api/v1/summary").await;
        for line in summary["by_site"].as_array().expect("lines") {
            let site = line["site_code"].as_str().expect("a code");
            let site = if site.is_empty() { "none" } else { site };
            for standing in STANDINGS {
                let path = format!("/api/v1/clients?site={site}&standing={standing}");
                assert_eq!(
                    line["standings"][standing].as_i64(),
                    Some(total(&app, &path).await),
                    "{path}"
                );
            }
        }
        let mut impacts = 0;
        for (impact, n) in summary["impacts"].as_object().expect("impacts") {
            let path = format!("/api/v1/blockers?impact={impact}");
            assert_eq!(n.as_i64(), Some(total(&app, &path).await), "{path}");
            impacts += n.as_i64().expect("a number");
        }
        assert_eq!(
            Some(impacts),
            summary["standings"]["blocking"].as_i64(),
            "every blocker has an impact"
        );
        let reasons = summary["reasons"].as_array().expect("reasons");
        assert!(!reasons.is_empty());
        for line in reasons {
            let reason = line["reason"].as_str().expect("a code");
            for standing in ["blocking", "undetermined"] {
                let path = format!("/api/v1/clients?reason={reason}&standing={standing}");
                assert_eq!(
                    line[standing].as_i64(),
                    Some(total(&app, &path).await),
                    "{path}"
                );
            }
        }
        // Two and three filters at once: the same as filtering the whole list by hand.
        let all = app.json("/api/v1/clients?limit=1000").await;
        let rows = all["items"].as_array().expect("items");
        for (query, keep) in [
            (
                "site=P01&standing=blocking",
                (|row| row["site_code"] == "P01" && row["standing"] == "blocking")
                    as fn(&Value) -> bool,
            ),
            ("q=win7&standing=blocking,ready", |row| {
                row["name"]
                    .as_str()
                    .is_some_and(|name| name.starts_with("WIN7"))
                    && (row["standing"] == "blocking" || row["standing"] == "ready")
            }),
            ("role=management_p%25nt", |_| false),
            ("role=managementxpoint", |_| false),
            ("role=management_point", |row| {
                row["roles"]
                    .as_array()
                    .is_some_and(|roles| !roles.is_empty())
            }),
            ("duplicates=1&standing=blocking", |row| {
                row["suspected_duplicate"] == true && row["standing"] == "blocking"
            }),
            ("future=1&site=P01", |row| {
                row["future_report"] == true && row["site_code"] == "P01"
            }),
            ("duplicates=1&future=1", |row| {
                row["suspected_duplicate"] == true && row["future_report"] == true
            }),
            ("impact=orphan&site=P01&duplicates=1", |row| {
                row["impact"] == "orphan"
                    && row["site_code"] == "P01"
                    && row["suspected_duplicate"] == true
            }),
        ] {
            let expected = rows.iter().filter(|row| keep(row)).count();
            let found = total(&app, &format!("/api/v1/clients?{query}")).await;
            assert_eq!(
                i64::try_from(expected),
                Ok(found),
                "{query} on {}",
                app.engine
            );
        }
    }
}

#[tokio::test]
async fn its_words_stay_as_they_are() {
    for app in TestApp::each().await {
        insta::assert_snapshot!(
            "summary_of_nobody",
            hidden(app.json("/api/v1/summary").await)
        );
        fleet(&app).await;
        insta::assert_snapshot!(
            "summary_of_a_fleet",
            hidden(app.json("/api/v1/summary").await)
        );
    }
}
