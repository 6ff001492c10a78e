//! Estates to render pages from: nothing yet, a usual one, an all-ready one, and one that is far too big.

use std::collections::BTreeMap;

use cutover::{
    domain::{
        access::Role,
        assess,
        feeds::{Completeness, Feed, SpokenDays, day_of},
        lists::ListOrigin,
        time::{DAY, HOUR, MINUTE, Timestamp},
        verdict::{Impact, Standing},
    },
    store::{
        model::{ListInfo, OsLine, Population, ReasonLine, Summary},
        tops::TopReason,
    },
    views::{Layout, May, Nav, home::Counting},
};

pub fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T08:15:00Z").expect("a time")
}

pub fn layout(nav: Nav) -> Layout {
    Layout {
        sites: cutover::domain::access::Sites::all(),
        version: "0.1.0".to_owned(),
        signed_in: Some("ines.okafor".to_owned()),
        may: May::of(Role::Administrator),
        nav,
        now: now(),
        css_url: "../../static/app.css".to_owned(),
        js_url: "../../static/app.js".to_owned(),
        icon_url: "../../static/favicon.svg".to_owned(),
        address: "https://collector.corp.example:8443".to_owned(),
        signed_http: None,
        notice: None,
        refused: None,
    }
}

pub fn counting() -> Counting {
    Counting {
        freshness_days: 14,
        ruleset: "2026.11.1".to_owned(),
        policy: vec!["Failing .NET checks block the cutover.".to_owned()],
    }
}

pub fn standings(counts: [i64; 7]) -> BTreeMap<Standing, i64> {
    Standing::ALL.into_iter().zip(counts).collect()
}

pub fn list() -> ListInfo {
    ListInfo {
        id: 1,
        name: "default".to_owned(),
        kind: ListOrigin::Devices,
        left_out: 57,
        uploaded_at: now().plus(-3 * HOUR),
        uploaded_by: "svc-cm".to_owned(),
        rows: 8_469,
    }
}

/// A summary with these counts, everybody expected.
pub fn counted(counts: [i64; 7]) -> Summary {
    let total: i64 = counts.iter().sum();
    let [blocking, _, _, _, stale, silent, _] = counts;
    Summary {
        as_of: now().plus(-5 * MINUTE),
        population: Population {
            total,
            expected: total,
            reported: total - silent,
            fresh: total - silent - stale,
            standings: standings(counts),
            lists: vec![list()],
            ..Population::default()
        },
        impacts: BTreeMap::from([(Impact::Orphan, blocking)]),
        by_os: Vec::new(),
        by_site: Vec::new(),
        reasons: Vec::new(),
        to_rejudge: 0,
        excepted: BTreeMap::new(),
        anew: 0,
    }
}

pub fn nothing() -> Summary {
    let mut summary = counted([0; 7]);
    summary.population.lists.clear();
    summary
}

fn os(key: &str, counts: [i64; 7], top: Option<(&str, i64)>) -> OsLine {
    OsLine {
        os_key: key.to_owned(),
        total: counts.iter().sum(),
        standings: standings(counts),
        top_reason: top.map(|(code, n)| TopReason {
            reason: code.to_owned(),
            clients: n,
            of: Standing::Blocking,
        }),
    }
}

/// A part of the usual population: what a filter or the page of an OS version, a site or a role shows.
pub fn selection() -> Summary {
    let mut summary = counted([180, 0, 0, 0, 0, 0, 31]);
    summary.by_os = vec![os(
        "6.1.7601-client",
        [180, 0, 0, 0, 0, 0, 31],
        Some(("schannel.tls12_not_enabled", 131)),
    )];
    summary.by_site = vec![("P01".to_owned(), standings([180, 0, 0, 0, 0, 0, 31]))];
    summary.reasons = usual().reasons[..3].to_vec();
    summary
}

pub fn usual() -> Summary {
    let mut summary = counted([251, 60, 2, 52, 131, 198, 7_730]);
    summary.population.expected = 8_412;
    summary.population.unlisted = 12;
    summary.population.left_out = 57;
    summary.population.decommissioned = 17;
    summary.population.suspected_duplicates = 4;
    summary.population.future_reports = 3;
    summary.impacts = BTreeMap::from([
        (Impact::Orphan, 214),
        (Impact::Partial, 9),
        (Impact::Degraded, 28),
    ]);
    summary.by_os = vec![
        os(
            "6.1.7601-client",
            [141, 22, 0, 18, 40, 61, 118],
            Some(("schannel.tls12_not_enabled", 120)),
        ),
        os(
            "10.0.19045-client",
            [28, 8, 1, 6, 52, 88, 4_310],
            Some(("dotnet.strong_crypto_off", 22)),
        ),
        os(
            "6.2.9200-server",
            [38, 14, 0, 9, 12, 11, 44],
            Some(("winhttp.default_without_tls12", 31)),
        ),
        os(
            "6.0.6002-server",
            [21, 9, 0, 0, 6, 4, 0],
            Some(("os.update_missing", 21)),
        ),
        os(
            "5.1.2600-client",
            [14, 0, 0, 0, 3, 2, 0],
            Some(("os.without_tls12", 14)),
        ),
        os(
            "6.3.9600-server",
            [7, 3, 1, 12, 9, 8, 212],
            Some(("winhttp.tls12_bit_missing", 7)),
        ),
        os(
            "10.0.26100-server",
            [2, 1, 0, 4, 3, 6, 640],
            Some(("dotnet.values_missing", 2)),
        ),
        os("10.0.26100-client", [0, 2, 0, 3, 6, 8, 2_406], None),
        os("unknown", [0, 1, 0, 0, 0, 10, 0], None),
    ];
    summary.by_site = vec![
        (
            "P01".to_owned(),
            standings([180, 40, 1, 30, 90, 120, 4_900]),
        ),
        ("P02".to_owned(), standings([61, 18, 1, 22, 38, 66, 2_700])),
        (String::new(), standings([10, 2, 0, 0, 3, 12, 130])),
    ];
    let why = |reason: &str, blocking, undetermined| ReasonLine {
        reason: reason.to_owned(),
        blocking,
        undetermined,
    };
    summary.reasons = vec![
        why("schannel.tls12_not_enabled", 131, 0),
        why("winhttp.default_without_tls12", 118, 0),
        why("winhttp.update_file_too_old", 66, 0),
        why("dotnet.strong_crypto_off", 28, 0),
        why("os.update_missing", 21, 0),
        why("os.without_tls12", 14, 0),
        why("winhttp.tls12_bit_missing", 9, 0),
        why("winhttp.update_not_proven", 4, 38),
        why("schannel.not_collected", 0, 22),
    ];
    summary.to_rejudge = 140;
    summary
}

/// Two hundred OS versions, sixty sites, numbers of a very large estate.
pub fn huge() -> Summary {
    let mut summary = counted([41_214, 6_000, 12, 9_052, 23_131, 51_198, 1_207_755]);
    summary.impacts = BTreeMap::from([
        (Impact::Orphan, 40_214),
        (Impact::Partial, 900),
        (Impact::Degraded, 100),
    ]);
    summary.by_os = (0..200_i64)
        .map(|n| {
            os(
                &format!(
                    "10.0.{}-{}",
                    10_240 + n * 97,
                    if n % 3 == 0 { "server" } else { "client" }
                ),
                [206, 30, 0, 45, 115, 255, 6_038],
                (n % 2 == 0).then_some(("winhttp.wow64_default_without_tls12", 120)),
            )
        })
        .collect();
    summary.by_site = (0..60)
        .map(|n| {
            (
                format!("P{n:02}"),
                standings([680, 100, 0, 150, 385, 853, 20_129]),
            )
        })
        .collect();
    summary.reasons = assess::REASONS
        .iter()
        .map(|info| ReasonLine {
            reason: info.code.to_owned(),
            blocking: if info.impact.is_some() { 12_345 } else { 0 },
            undetermined: if info.impact.is_some() { 0 } else { 678 },
        })
        .collect();
    summary
}

/// A second list, from Active Directory.
pub fn ad_list() -> ListInfo {
    ListInfo {
        id: 2,
        name: "ad".to_owned(),
        kind: ListOrigin::AdComputers,
        uploaded_at: now().plus(-2 * DAY),
        uploaded_by: "token dc-export".to_owned(),
        rows: 9_120,
        left_out: 311,
    }
}

/// Feeds in every state: stopped, speaking, ended.
pub fn feeds() -> Vec<Feed> {
    let feed = |site: &str, sender: &str, way: &str, days_ago: i64, mask| {
        let last_at = now().plus(-days_ago * DAY);
        Feed {
            site: site.to_owned(),
            sender: sender.to_owned(),
            way: way.to_owned(),
            first_at: now().plus(-120 * DAY),
            last_at,
            reports: 84_120,
            since_yesterday: if days_ago < 2 { 1_402 } else { 0 },
            week: if days_ago < 7 { 8_412 } else { 0 },
            days: SpokenDays {
                last: day_of(last_at),
                mask,
            },
            completeness: None,
        }
    };
    vec![
        feed("P01", "token sccm-export", "report", 9, 0x3FFF),
        Feed {
            completeness: Some(Completeness {
                asked: 5_000,
                answered: 3_100,
                at: now().plus(-9 * DAY),
            }),
            ..feed("P02", "ines <b>okafor</b>", "upload", 30, 0x4081)
        },
        feed("", "token agents", "report", 0, 0x3FFF),
        feed("P03", "token old", "command", 90, 1),
    ]
}
