//! Reports that say a part of what can be known of a machine, what becomes of them in a database, and what should.

use std::collections::BTreeMap;

use cutover::{
    domain::{
        assess::{assess_jointly, os_identity, reason_mask},
        evidence::{Source, Trust},
        facts::Facts,
        time::{DAY, Timestamp},
        verdict::Impact,
    },
    ingest::{self, Judge, Result1},
    store::{
        Store,
        incoming::{Kept, Sender, Way},
    },
    wire::report_v1,
};
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqlSafeStr as _, SqliteConnection};

use crate::support::stores::run;

/// How long a report holds in these tests.
pub const LASTS: i64 = 14 * DAY;

/// Numbers that look like chance and are the same in every run.
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).expect("small") % bound
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

/// A report on its way: its bytes, and who sends it.
#[derive(Clone, Debug)]
pub struct Letter {
    pub client: usize,
    pub body: Vec<u8>,
    pub sender: Sender,
}

/// What is read of a machine in one go, such as its updates. `bad` is what blocks.
pub const PARTS: [&str; 8] = [
    "system", "winhttp", "schannel", "dotnet", "updates", "files", "suites", "roles",
];

/// Puts a part into a report. Variant 0 is good, 1 blocks, 2 is odd.
fn put(report: &mut Map<String, Value>, part: &str, variant: usize) {
    let mut keys: Vec<Value> = Vec::new();
    match part {
        "system" => {
            let version = ["10.0.19045", "6.1.7601", "10.0.17763"][variant];
            report.insert("os".to_owned(), json!({
                "version": version, "product_type": 1, "architecture": "64-bit", "last_boot_at": "2026-01-01T00:00:00Z",
            }));
        }
        "winhttp" => {
            for path in [
                r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp",
                r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp",
            ] {
                keys.push(match variant {
                    0 => json!({"key": path, "exists": true, "values": {"DefaultSecureProtocols": {"type": "REG_DWORD", "data": 0xA00}}}),
                    1 => json!({"key": path, "partial": true, "values": {"DefaultSecureProtocols": {"type": "REG_DWORD", "data": 0xA0}}}),
                    _ => json!({"key": path, "exists": false}),
                });
            }
        }
        "schannel" => {
            let path = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client";
            keys.push(match variant {
                0 => json!({"key": path, "exists": true, "values": {
                    "Enabled": {"type": "REG_DWORD", "data": 1}, "DisabledByDefault": {"type": "REG_DWORD", "data": 0}}}),
                1 => json!({"key": path, "partial": true, "values": {"Enabled": {"type": "REG_DWORD", "data": 0}}}),
                _ => json!({"key": path, "exists": false}),
            });
        }
        "dotnet" => {
            for path in [
                r"HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319",
                r"HKLM\SOFTWARE\Wow6432Node\Microsoft\.NETFramework\v4.0.30319",
            ] {
                let (default, strong) = [(1, 1), (0, 0), (1, 0)][variant];
                keys.push(json!({"key": path, "exists": true, "values": {
                    "SystemDefaultTlsVersions": {"type": "REG_DWORD", "data": default},
                    "SchUseStrongCrypto": {"type": "REG_DWORD", "data": strong}}}));
            }
            let release = [528_049, 379_893, 528_049][variant];
            keys.push(json!({"key": r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full", "exists": true,
                "values": {"Release": {"type": "REG_DWORD", "data": release}}}));
        }
        "updates" => {
            let list = [
                json!(["KB3140245", "KB5000001"]),
                json!([]),
                json!(["KB5000002"]),
            ][variant]
                .clone();
            report.insert("hotfixes".to_owned(), list);
            report.insert("hotfixes_cut".to_owned(), json!(variant == 2));
        }
        "files" => {
            let version = ["6.1.7601.24000", "6.1.7601.17514", "6.3.9600.1"][variant];
            report.insert(
                "files".to_owned(),
                json!({
                "System32\\winhttp.dll": version, "System32\\webio.dll": version}),
            );
        }
        "suites" => {
            let suite = [
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_RSA_WITH_RC4_128_SHA",
                "nonsense",
            ][variant];
            report.insert("cipher_suites".to_owned(), json!([suite]));
        }
        _ => {
            let roles = [json!([]), json!(["management_point"]), json!(["console"])];
            report["client"]["roles"] = roles[variant].clone();
        }
    }
    if !keys.is_empty() {
        let registry = report.entry("registry").or_insert_with(|| json!([]));
        registry.as_array_mut().expect("a list").extend(keys);
    }
}

/// A report about that client with these parts, collected then. `bits`: the width of the collector, `None`: not said.
pub fn letter(
    client: usize,
    at: Timestamp,
    parts: &[(&str, usize)],
    bits: Option<u32>,
    sender: &Sender,
) -> Letter {
    let mut report = Map::new();
    report.insert("schema_version".to_owned(), json!(1));
    report.insert("collected_at".to_owned(), json!(at.to_string()));
    report.insert("partial".to_owned(), json!(true));
    report.insert("collector".to_owned(), json!({"process_bits": bits}));
    report.insert("client".to_owned(), json!({
        "sms_guid": format!("GUID:{client:08X}-0000-4000-8000-000000000000"), "name": format!("PC-{client}"),
        "site_code": "P01",
    }));
    for (part, variant) in parts {
        put(&mut report, part, *variant);
    }
    Letter {
        client,
        body: serde_json::to_vec(&Value::Object(report)).expect("JSON"),
        sender: sender.clone(),
    }
}

/// Everything that can be known, good unless said otherwise in `bad`.
pub fn whole(client: usize, at: Timestamp, bad: &[(&str, usize)], sender: &Sender) -> Letter {
    let parts: Vec<(&str, usize)> = PARTS
        .iter()
        .map(|part| {
            let variant = bad.iter().find(|(name, _)| name == part);
            (*part, variant.map_or(0, |(_, variant)| *variant))
        })
        .collect();
    letter(client, at, &parts, Some(64), sender)
}

pub fn claimed() -> Sender {
    Sender::claimed("a token")
}

pub fn vouched() -> Sender {
    Sender::vouched("a person", Way::Upload)
}

/// A report by chance, up to twenty days before `now`.
pub fn by_chance(dice: &mut Dice, client: usize, now: Timestamp) -> Letter {
    let sender = if dice.below(2) == 0 {
        claimed()
    } else {
        vouched()
    };
    // Few times, so that some are the same; a third is too old.
    let days = i64::try_from(dice.below(21)).expect("small");
    let at = now.plus(-days * DAY - 60_000);
    let bits = [Some(64), Some(64), Some(64), Some(32), None][dice.below(5)];
    let bad = 1 + dice.below(4);
    let mut parts = Vec::new();
    let all = dice.below(3) == 0;
    for part in PARTS {
        if all || dice.below(3) == 0 {
            let variant = if dice.below(8) < bad {
                1 + dice.below(2)
            } else {
                0
            };
            parts.push((part, variant));
        }
    }
    letter(client, at, &parts, bits, &sender)
}

/// Sends reports, each sender's in bodies of their own, and answers what became of each.
pub async fn send(store: &Store, judge: &Judge, letters: &[Letter], now: Timestamp) -> Vec<Kept> {
    let mut kept = Vec::new();
    for group in letters.chunk_by(|a, b| a.sender == b.sender) {
        let body = group
            .iter()
            .map(|letter| String::from_utf8_lossy(&letter.body).into_owned())
            .collect::<Vec<_>>()
            .join("\n");
        let outcome = ingest::take(store, judge, body.into_bytes(), now, &group[0].sender)
            .await
            .expect("taken");
        for result in outcome.results {
            match result {
                Result1::Kept { kept: one, .. } => kept.push(one),
                Result1::Rejected(errors) => panic!("{errors:?}"),
            }
        }
    }
    kept
}

/// What a client comes to: everything that must not depend on an order. One line a client, by name.
pub type State = BTreeMap<String, String>;

fn line(parts: &[(&str, String)]) -> String {
    parts
        .iter()
        .map(|(name, value)| format!("{name}={value} "))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The state in which these reports should leave a database, by the domain alone.
pub fn expected(letters: &[Letter], judge: &Judge, now: Timestamp) -> State {
    struct One {
        seen_at: Timestamp,
        hash: [u8; 16],
        trust: Trust,
        facts: Facts,
    }
    let mut clients: BTreeMap<usize, Vec<One>> = BTreeMap::new();
    for letter in letters {
        let parsed = report_v1::parse_with_hash(&letter.body).expect("readable");
        let seen_at = parsed.report.collected_at.min(now);
        let known = clients.entry(letter.client).or_default();
        let same =
            |one: &&mut One| one.hash == parsed.content_hash && one.trust == letter.sender.trust;
        if let Some(one) = known.iter_mut().find(same) {
            one.seen_at = one.seen_at.max(seen_at);
            continue;
        }
        known.push(One {
            seen_at,
            hash: parsed.content_hash,
            trust: letter.sender.trust,
            facts: parsed.report.facts,
        });
    }
    let mut state = State::new();
    for (client, said) in clients {
        let sources: Vec<Source<'_>> = said
            .iter()
            .map(|one| Source {
                rank: (one.seen_at, one.hash),
                trust: one.trust,
                facts: &one.facts,
            })
            .collect();
        let joint = assess_jointly(&sources, &judge.policy, now.plus(-LASTS));
        let verdict = &joint.verdict;
        let newest_of = |counts: &dyn Fn(usize) -> bool| {
            (0..said.len())
                .filter(|at| counts(*at))
                .max_by_key(|at| (sources[*at].rank, said[*at].trust))
        };
        let newest = newest_of(&|at| joint.live[at])
            .or_else(|| newest_of(&|_| true))
            .expect("one");
        let decides = |at: usize| !joint.combined.decides[at].is_empty();
        let oldest = (0..said.len())
            .filter(|at| decides(*at))
            .map(|at| said[at].seen_at)
            .min();
        let stale_at = oldest.unwrap_or(said[newest].seen_at).plus(LASTS);
        let standing = if stale_at <= now {
            "stale"
        } else {
            verdict.standing.code()
        };
        let live = joint.live.iter().filter(|live| **live).count();
        let name = format!("PC-{client}");
        state.insert(
            name.clone(),
            line(&[
                ("standing", standing.to_owned()),
                ("verdict", verdict.standing.code().to_owned()),
                (
                    "impact",
                    verdict
                        .impact
                        .map(Impact::code)
                        .unwrap_or_default()
                        .to_owned(),
                ),
                ("deciding", verdict.deciding.unwrap_or_default().to_owned()),
                ("reasons", reason_mask(verdict).to_string()),
                ("warnings", verdict.warnings.to_string()),
                ("os", os_identity(&joint.combined.facts.os).key),
                ("roles", joint.combined.facts.roles.join("+")),
                ("seen", said[newest].seen_at.0.to_string()),
                ("hash", hex(&said[newest].hash)),
                ("stale", stale_at.0.to_string()),
                ("sources", live.max(1).to_string()),
                ("ruleset", judge.ruleset.to_string()),
            ]),
        );
        if live > 1 {
            for (at, one) in said.iter().enumerate().filter(|(at, _)| joint.live[*at]) {
                let key = format!("{name} {} {}", hex(&one.hash), one.trust.level());
                state.insert(key, sources[at].rank.0.0.to_string());
            }
        }
    }
    state
}

const CLIENTS: &str = "SELECT name, 'standing=' || standing || ' verdict=' || COALESCE(verdict, '') || ' impact='
 || COALESCE(impact, '') || ' deciding=' || COALESCE(deciding, '') || ' reasons=' || CAST(reasons AS TEXT)
 || ' warnings=' || CAST(warnings AS TEXT) || ' os=' || os_key || ' roles=' || REPLACE(TRIM(roles, ','), ',', '+')
 || ' seen=' || CAST(COALESCE(seen_at, -1) AS TEXT) || ' hash=' || LOWER(HEX(COALESCE(content_hash, '')))
 || ' stale=' || CAST(COALESCE(stale_at, -1) AS TEXT) || ' sources=' || CAST(sources AS TEXT)
 || ' ruleset=' || ruleset || ' ' FROM clients";
const SOURCES: &str =
    "SELECT c.name || ' ' || LOWER(HEX(e.content_hash)) || ' ' || CAST(e.trust AS TEXT),
 CAST(e.seen_at AS TEXT) FROM evidence e JOIN clients c ON c.id = e.client_id";

/// Runs a statement that answers two texts a row, on either engine.
pub async fn pairs(url: &str, text: &str) -> Vec<(String, String)> {
    if url.starts_with("sqlite:") {
        let mut conn = SqliteConnection::connect(url).await.expect("connect");
        sqlx::query_as(AssertSqlSafe(text).into_sql_str())
            .fetch_all(&mut conn)
            .await
    } else {
        let text = text
            .replace(
                "HEX(COALESCE(content_hash, ''))",
                "ENCODE(COALESCE(content_hash, ''), 'hex')",
            )
            .replace("HEX(e.content_hash)", "ENCODE(e.content_hash, 'hex')");
        let mut conn = PgConnection::connect(url).await.expect("connect");
        sqlx::query_as(AssertSqlSafe(text).into_sql_str())
            .fetch_all(&mut conn)
            .await
    }
    .expect("an answer")
}

/// Tokens of which another number of clients is counted than has a report in force that they sent.
const MISCOUNTED: &str = "SELECT token, CAST(SUM(n) AS TEXT) FROM (
    SELECT detail AS token, n FROM counts WHERE kind = 'token'
    UNION ALL SELECT sent_token, -1 FROM clients WHERE sent_token <> ''
) AS both_ways GROUP BY token HAVING SUM(n) <> 0";

/// The state in which a database is; the counts by token have to agree with it.
pub async fn found(url: &str) -> State {
    assert_eq!(pairs(url, MISCOUNTED).await, []);
    let mut state: State = pairs(url, CLIENTS).await.into_iter().collect();
    state.extend(pairs(url, SOURCES).await);
    state
}

/// Empties a database, without a new one.
pub async fn empty(url: &str) {
    let text: String = [
        "clients",
        "history",
        "echoes",
        "quarantines",
        "members",
        "evidence",
        "identities",
        "suspects",
        "counts",
    ]
    .iter()
    .map(|table| format!("DELETE FROM {table};"))
    .collect();
    run(url, &text).await;
}

/// How one client stands, with the notes on it; time has passed until `now`.
pub async fn standing(store: &Store, client: usize, now: Timestamp) -> &'static str {
    store.sweep(now).await.expect("swept");
    let page = store
        .list(&cutover::store::model::Filter::default(), None, 1_000, now)
        .await
        .expect("a list");
    let name = format!("PC-{client}");
    let row = page
        .items
        .iter()
        .find(|row| row.name == name)
        .expect("listed");
    row.standing.code()
}
