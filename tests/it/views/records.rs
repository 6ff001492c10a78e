//! Clients, reports and refusals to render pages from: one of every kind.

use cutover::{
    domain::{
        assess::{self, Policy, Prospect, ProtocolMask},
        evidence::{Brief, Chapter, Kept, story},
        facts::{
            Bits, Facts, FileVersion, Files, Key, KeyReading, OsVersion, RegData, RegType, RegValue,
        },
        identity::ClientIds,
        lists::ListOrigin,
        time::{DAY, HOUR},
        verdict::{Impact, Standing, Verdict},
    },
    store::{
        called::Former,
        model::{
            ClientDetail, ClientRow, HistoryRow, ListPage, ListedAs, Listing, Memory, RejectRow,
            RestsOn, Suspect,
        },
        twins::Settled,
    },
    views::client::Findings,
};

use super::samples::now;

pub fn mask(codes: &[&str]) -> i64 {
    codes
        .iter()
        .map(|code| 1 << assess::reason(code).expect("a reason").bit)
        .sum()
}

pub fn row(name: &str, os_key: &str, standing: Standing) -> ClientRow {
    ClientRow {
        id: format!(
            "01990000-0000-7000-8000-{:012x}",
            name.bytes().map(u64::from).sum::<u64>()
        ),
        ids: ClientIds {
            sms_guid: Some("2A8B6C1E-0A52-4C61-9B1D-0C9B7E3C1F10".to_owned()),
            resource_id: Some(16_777_345),
            site_code: Some("P01".to_owned()),
            name: Some(name.to_owned()),
            fqdn: Some(format!("{}.corp.example", name.to_lowercase())),
            smbios_guid: Some("4C4C4544-0042-4A10-8031-B7C04F4D3632".to_owned()),
            serial_number: Some("7BJ1M62".to_owned()),
        },
        name: name.to_owned(),
        sort_key: name.to_lowercase(),
        os_key: os_key.to_owned(),
        standing,
        verdict: Some(standing),
        impact: None,
        deciding: None,
        reasons: 0,
        warnings: 0,
        collected_at: Some(now().plus(-26 * HOUR)),
        received_at: Some(now().plus(-25 * HOUR)),
        since: Some(now().plus(-40 * DAY)),
        ruleset: Some("2026.11.1".to_owned()),
        listing: Listing::Expected,
        owner: Some("Workplace Services".to_owned()),
        roles: Vec::new(),
        last_contact: None,
        duplicate: false,
        future: false,
        exception: None,
        rests_on: RestsOn::default(),
    }
}

/// One client of every standing, with every flag somewhere.
pub fn rows() -> Vec<ClientRow> {
    let orphan = ClientRow {
        impact: Some(Impact::Orphan),
        deciding: Some("schannel.tls12_not_enabled".to_owned()),
        reasons: mask(&[
            "schannel.tls12_not_enabled",
            "winhttp.default_without_tls12",
            "winhttp.wow64_default_without_tls12",
            "winhttp.update_not_proven",
            "dotnet.version_too_old",
        ]),
        ..row("PC-0042", "6.1.7601-client", Standing::Blocking)
    };
    let silent = ClientRow {
        verdict: None,
        collected_at: None,
        received_at: None,
        since: None,
        owner: None,
        last_contact: Some("2026-08-02".to_owned()),
        ..row("LAB-07", "unknown", Standing::Silent)
    };
    let stale = ClientRow {
        verdict: Some(Standing::Blocking),
        impact: Some(Impact::Orphan),
        reasons: mask(&["winhttp.default_without_tls12"]),
        collected_at: Some(now().plus(-23 * DAY)),
        ..row("PC-0108", "6.2.9200-client", Standing::Stale)
    };
    let undetermined = ClientRow {
        reasons: mask(&["schannel.not_collected"]),
        duplicate: true,
        ..row("PC-0311", "10.0.19045-client", Standing::Undetermined)
    };
    let conflict = ClientRow {
        verdict: Some(Standing::Ready),
        future: true,
        ..row("SRV-FILE-02", "10.0.17763-server", Standing::Conflict)
    };
    let server = ClientRow {
        roles: vec![
            "management_point".to_owned(),
            "distribution_point".to_owned(),
        ],
        warnings: 2,
        listing: Listing::Unlisted,
        ..row("SRV-MP-01", "10.0.20348-server", Standing::Ready)
    };
    let long = ClientRow {
        owner: Some(
            "Abteilung für Anlagentechnik, Gebäudeautomation und Sonderfahrzeuge (Nord)".to_owned(),
        ),
        reasons: mask(&["restart.pending"]),
        ..row(
            "KASSENSYSTEM-MIT-EINEM-SEHR-LANGEN-NAMEN-OHNE-LUECKEN-IN-FILIALE-4711",
            "10.0.99999-client",
            Standing::RestartPending,
        )
    };
    let hostile = ClientRow {
        listing: Listing::Returned,
        ..row(
            "<script>alert('x')</script>",
            "10.0.26100-client",
            Standing::Ready,
        )
    };
    vec![
        orphan,
        silent,
        stale,
        undetermined,
        conflict,
        long,
        server,
        hostile,
    ]
}

pub fn page(items: Vec<ClientRow>, total: i64, next: Option<&str>) -> ListPage {
    ListPage {
        items,
        next_cursor: next.map(str::to_owned),
        total,
    }
}

fn dword(name: &str, number: u32) -> (String, RegValue) {
    let value = RegValue {
        kind: Some(RegType::Dword),
        data: RegData::Number(number),
    };
    (name.to_owned(), value)
}

/// A Windows 7 that fails nearly everything.
pub fn seven() -> Facts {
    let mut facts = Facts {
        process_bits: Some(64),
        hotfixes: Some(vec![3_140_245]),
        files: Some(Files {
            winhttp: Some(FileVersion([6, 1, 7601, 17514])),
            webio: Some(FileVersion([6, 1, 7601, 24000])),
            ..Files::default()
        }),
        ..Facts::default()
    };
    facts.os.version = Some(OsVersion {
        major: 6,
        minor: 1,
        build: 7601,
    });
    facts.os.product_type = Some(1);
    facts.os.bits = Some(Bits::B64);
    let exists = |values| KeyReading {
        exists: true,
        values,
        ..KeyReading::default()
    };
    facts.registry.insert(
        Key::WinHttpNative,
        exists(vec![dword("DefaultSecureProtocols", 0xA0)]),
    );
    facts
        .registry
        .insert(Key::Tls12Client, KeyReading::default());
    facts
}

/// What the rules say of facts, for a page.
pub struct Known {
    verdict: Verdict,
    masks: Vec<ProtocolMask>,
    prospect: Prospect,
}

pub fn known(facts: &Facts) -> Known {
    let policy = Policy::default();
    Known {
        verdict: assess::assess(facts, &policy),
        masks: assess::protocol_masks(facts),
        prospect: assess::prospect(facts, &policy),
    }
}

impl Known {
    pub fn findings<'f>(&'f self, chapters: &'f [Chapter]) -> Findings<'f> {
        Findings {
            verdict: Some(&self.verdict),
            masks: &self.masks,
            prospect: Some(&self.prospect),
            chapters,
        }
    }
}

/// The history of [`detail`]: a change of the client under new rules, a late report of another source, and the first.
pub fn chapters(detail: &ClientDetail) -> Vec<Chapter> {
    let newest = seven();
    let mut oldest = seven();
    oldest.registry.remove(Key::WinHttpNative);
    oldest.hotfixes = Some((1..12).collect());
    oldest.management_point = Some("<b>PC-0042</b>".to_owned());
    let facts = [newest, seven(), oldest];
    let kept: Vec<Kept<'_>> = detail
        .history
        .iter()
        .zip(&facts)
        .map(|(entry, facts)| {
            let then = Brief {
                standing: entry.verdict,
                impact: entry.impact,
                reasons: entry.reasons,
            };
            Kept {
                facts: Some(facts),
                then,
                ruleset: &entry.ruleset,
                today: Some(Brief {
                    standing: Standing::Blocking,
                    impact: Some(Impact::Orphan),
                    reasons: mask(&["winhttp.default_without_tls12"]),
                }),
                source: ("cutover-collector", &entry.sent_by, &entry.way),
                late: entry.late,
            }
        })
        .collect();
    story(&kept, "2026.11.1", 60)
}

pub fn detail(row: ClientRow) -> ClientDetail {
    let entry = |days: i64, verdict, impact, codes: &[&str], late| HistoryRow {
        entry: format!("{days:048}"),
        seen_at: now().plus(-days * DAY),
        collected_at: now().plus(-days * DAY),
        received_at: now().plus(-days * DAY + HOUR),
        way: "share".to_owned(),
        raw: Vec::new(),
        report_id: Some("0198f3a2-7c11-7d54-9d0e-2f1f3f6f2a10".to_owned()),
        verdict,
        impact,
        reasons: mask(codes),
        ruleset: if days > 20 { "2026.10.2" } else { "2026.11.1" }.to_owned(),
        late,
        aside: false,
        sent_by: "share-sweeper".to_owned(),
    };
    ClientDetail {
        stale_at: None,
        sources: Vec::new(),
        raw: Some(br#"{"schema_version":1,"client":{"name":"PC-0042","ip_addresses":["10.20.30.40"],"roles":[]},"hotfixes":["KB3140245"],"registry":[{"key":"HKLM\\SOFTWARE\\x","exists":true,"values":{"a":{"type":"REG_DWORD","data":2720}}}]}"#.to_vec()),
        history: vec![
            entry(1, Standing::Blocking, Some(Impact::Orphan), &["schannel.tls12_not_enabled"], false),
            entry(9, Standing::Blocking, Some(Impact::Partial), &["winhttp.wow64_tls12_bit_missing"], true),
            entry(41, Standing::Ready, None, &[], false),
        ],
        before: Vec::new(),
        older: Some("000001a0b8c5a4000707070707070707070707070707070707".to_owned()),
        memory: Memory {
            entries: 17,
            first_seen: Some(now().plus(-200 * DAY)),
            first_blocking: Some(now().plus(-40 * DAY)),
            ready_from: Some(now().plus(-41 * DAY)),
            ready_until: Some(now().plus(-40 * DAY)),
        },
        lists: vec![
            ListedAs {
                list: "ad".to_owned(),
                kind: ListOrigin::AdComputers,
                listing: Listing::Decommissioned,
                owner: None,
                last_contact: Some("2026-08-02".to_owned()),
                uploaded_at: now().plus(-2 * DAY),
                uploaded_by: "token dc-export".to_owned(),
            },
            ListedAs {
                list: "default".to_owned(),
                kind: ListOrigin::Devices,
                listing: Listing::Expected,
                owner: Some("Workplace Services".to_owned()),
                last_contact: None,
                uploaded_at: now().plus(-3 * HOUR),
                uploaded_by: "svc-cm".to_owned(),
            },
        ],
        suspects: vec![Suspect {
            row: ClientRow {
                received_at: Some(now().plus(-HOUR)),
                ..self::row("PC-0042-OLD", "6.1.7601-client", Standing::Ready)
            },
            shares: vec!["name".to_owned(), "smbios".to_owned()],
            since: now().plus(-20 * DAY),
        }],
        more_suspects: 2,
        row,
        settled: vec![Settled {
            id: "01990000-0000-7000-8000-0000000000ab".to_owned(),
            name: "PC-0042".to_owned(),
            at: now().plus(-DAY),
            by: "admin".to_owned(),
        }],
        by_name: Some("pc-0042.corp.example".to_owned()),
        former: Former {
            names: vec!["pc-41".to_owned()],
            fqdns: vec!["pc-41.corp.example".to_owned()],
        },
    }
}

pub fn reject() -> RejectRow {
    RejectRow {
        id: "r1".to_owned(),
        received_at: now().plus(-2 * HOUR),
        sent_by: "share-sweeper".to_owned(),
        index: 3,
        errors: vec![
            (
                "/registry/0/values/DefaultSecureProtocols/data".to_owned(),
                "not a number: \"0x8zz\"".to_owned(),
            ),
            (
                "/collected_at".to_owned(),
                "not a time; write it like 2026-11-23T08:15:00Z, with an offset or Z".to_owned(),
            ),
        ],
        excerpt: "{\"schema_version\":1,\"client\":{\"name\":\"<b>PC-0042</b>\"},".to_owned(),
        length: 48_213,
    }
}
