//! What is left of clients when reports are set aside: the other reports, and what the lists say.

use std::collections::{BTreeMap, HashMap};

use super::{
    ESTATE,
    db::Conn,
    error::{Error, Result},
    identify::{self, ClientId},
    incoming::{Sender, StoredReport, Way},
    model::Listing,
    quarantine_model::Span,
    rebuilding::KeptAt,
    rows::Rows,
};
use crate::domain::{evidence::Trust, identity::ClientIds, time::Timestamp, verdict::Standing};

const CLIENTS: &str = "WITH v (client_id) AS ({rows})
SELECT c.id, c.name, c.sms_guid, c.resource_id, c.site, c.fqdn, c.smbios_guid, c.serial_number, c.roles, c.os_key,
       c.standing, c.collected_at, c.received_at, c.report_id, c.content_hash, c.trust, c.sent_token,
       c.sent_from,
       c.sources = 1 AND c.seen_at IS NOT NULL AND c.seen_at > c.evidence_at AS running
FROM v CROSS JOIN clients c WHERE c.estate = $1 AND c.id = v.client_id";
const HISTORY: &str = "WITH v (client_id) AS ({rows})
SELECT h.client_id, h.content_hash, h.seen_at, h.collected_at, h.received_at, h.report_id, h.trust, h.sent_by, h.way,
       h.sent_token, h.sent_from, h.dictionary, h.raw
FROM v CROSS JOIN history h WHERE h.estate = $1 AND h.client_id = v.client_id";
const ECHOES: &str = "WITH v (client_id) AS ({rows})
SELECT e.client_id, e.content_hash, e.collected_at, e.received_at, e.report_id, e.trust, e.sent_by, e.way,
       e.sent_token, e.sent_from, e.first_seen_at, e.first_received_at
FROM v CROSS JOIN echoes e WHERE e.estate = $1 AND e.client_id = v.client_id";
const MEMBERS: &str = "WITH v (client_id) AS ({rows})
SELECT m.client_id, m.list_id, m.listing, m.name, m.sms_guid, m.resource_id, m.site, m.fqdn, m.smbios_guid,
       m.serial_number, m.roles, m.os_key
FROM v CROSS JOIN members m WHERE m.estate = $1 AND m.client_id = v.client_id";

#[derive(sqlx::FromRow)]
struct ClientRow {
    id: Vec<u8>,
    name: String,
    sms_guid: Option<String>,
    resource_id: Option<i64>,
    site: String,
    fqdn: Option<String>,
    smbios_guid: Option<String>,
    serial_number: Option<String>,
    roles: String,
    os_key: String,
    standing: String,
    collected_at: Option<i64>,
    received_at: Option<i64>,
    report_id: Option<String>,
    content_hash: Option<Vec<u8>>,
    trust: i64,
    sent_token: String,
    sent_from: String,
    running: bool,
}

#[derive(sqlx::FromRow)]
struct HistoryRow {
    client_id: Vec<u8>,
    content_hash: Vec<u8>,
    seen_at: i64,
    collected_at: i64,
    received_at: i64,
    report_id: Option<String>,
    trust: i64,
    sent_by: String,
    way: String,
    sent_token: String,
    sent_from: String,
    dictionary: i64,
    raw: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct EchoRow {
    client_id: Vec<u8>,
    content_hash: Vec<u8>,
    collected_at: i64,
    received_at: i64,
    report_id: Option<String>,
    trust: i64,
    sent_by: String,
    way: String,
    sent_token: String,
    sent_from: String,
    first_seen_at: i64,
    first_received_at: i64,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    client_id: Vec<u8>,
    list_id: i64,
    listing: String,
    name: Option<String>,
    sms_guid: Option<String>,
    resource_id: Option<i64>,
    site: Option<String>,
    fqdn: Option<String>,
    smbios_guid: Option<String>,
    serial_number: Option<String>,
    roles: Option<String>,
    os_key: Option<String>,
}

/// A client as it stands in the database.
pub(super) struct Current {
    pub(super) ids: ClientIds,
    pub(super) name: String,
    pub(super) roles: String,
    pub(super) os_key: String,
    pub(super) standing: Standing,
}

/// What all lists together say of a client.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    wanted: bool,
    gone: bool,
    list_id: i64,
    /// `None`: nobody knows any more.
    pub(super) ids: Option<ClientIds>,
    pub(super) roles: Option<String>,
    pub(super) os_key: Option<String>,
}

impl Listed {
    /// What it is listed as, when its newest report was seen then.
    pub(super) fn listing(&self, seen_at: Option<Timestamp>) -> Listing {
        if self.wanted {
            Listing::Expected
        } else if seen_at.is_some_and(|seen_at| seen_at.0 >= self.list_id) {
            Listing::Returned
        } else if self.gone {
            Listing::Decommissioned
        } else {
            Listing::Obsolete
        }
    }
}

/// A client without the reports that are set aside.
pub(super) struct Remains {
    pub(super) id: ClientId,
    pub(super) current: Option<Current>,
    pub(super) listed: Option<Listed>,
    /// In the order of their time.
    pub(super) reports: Vec<StoredReport>,
    pub(super) kept_at: KeptAt,
}

/// Reads what is left of these clients when everything in these spans is set aside. One answer a client, in order.
pub(super) async fn of(conn: &mut Conn, ids: &[ClientId], aside: &[Span]) -> Result<Vec<Remains>> {
    let rows = Rows::default().bytes(ids.iter().map(|id| Some(identify::bytes(*id))));
    let clients: Vec<ClientRow> = conn.many(CLIENTS, &[ESTATE], &rows).await?;
    let history: Vec<HistoryRow> = conn.many(HISTORY, &[ESTATE], &rows).await?;
    let echoes: Vec<EchoRow> = conn.many(ECHOES, &[ESTATE], &rows).await?;
    let members: Vec<MemberRow> = conn.many(MEMBERS, &[ESTATE], &rows).await?;
    let mut known: HashMap<Vec<u8>, Gathered> = ids
        .iter()
        .map(|id| (identify::bytes(*id), Gathered::default()))
        .collect();
    for row in history {
        if let Some(one) = known.get_mut(&row.client_id) {
            one.kept(row, aside)?;
        }
    }
    for row in echoes {
        if let Some(one) = known.get_mut(&row.client_id) {
            one.echo(row, aside)?;
        }
    }
    for row in clients {
        if let Some(one) = known.get_mut(&row.id) {
            one.client(row, aside)?;
        }
    }
    for row in members {
        if let Some(one) = known.get_mut(&row.client_id) {
            one.member(row);
        }
    }
    Ok(ids
        .iter()
        .filter_map(|id| Some(known.remove(&id.as_bytes()[..])?.finished(*id)))
        .collect())
}

/// A client, while its rows are put together.
#[derive(Default)]
struct Gathered {
    current: Option<Current>,
    listed: Option<Listed>,
    /// By time, facts and trust, so that a report that stands in two places counts once.
    reports: BTreeMap<(i64, [u8; 16], i64, String), StoredReport>,
    kept_at: KeptAt,
    /// The bytes of each set of facts.
    bytes: HashMap<[u8; 16], (i64, Vec<u8>)>,
}

impl Gathered {
    fn kept(&mut self, row: HistoryRow, aside: &[Span]) -> Result<()> {
        let hash = hash(&row.content_hash, "history")?;
        let set_aside = is_set_aside(aside, &row.sent_token, row.received_at);
        let places = self.kept_at.entry(hash).or_default();
        if set_aside {
            places.push(row.seen_at);
        } else {
            // Best told by what counts.
            places.insert(0, row.seen_at);
        }
        self.bytes
            .entry(hash)
            .or_insert_with(|| (row.dictionary, row.raw.clone()));
        if !set_aside {
            let sender = sender(
                &row.sent_by,
                &row.way,
                row.trust,
                &row.sent_token,
                &row.sent_from,
            );
            self.add(
                hash,
                StoredReport {
                    collected_at: Timestamp(row.collected_at),
                    received_at: Timestamp(row.received_at),
                    report_id: row.report_id,
                    sender,
                    dictionary: row.dictionary,
                    raw: row.raw,
                },
            );
        }
        Ok(())
    }

    fn echo(&mut self, row: EchoRow, aside: &[Span]) -> Result<()> {
        let hash = hash(&row.content_hash, "echoes")?;
        let Some((dictionary, raw)) = self.bytes.get(&hash).cloned() else {
            return Ok(());
        };
        let sender = sender(
            &row.sent_by,
            &row.way,
            row.trust,
            &row.sent_token,
            &row.sent_from,
        );
        // When it was said first, and when it was said last.
        for (collected_at, received_at) in [
            (row.first_seen_at, row.first_received_at),
            (row.collected_at, row.received_at),
        ] {
            if !is_set_aside(aside, &row.sent_token, received_at) {
                let report = StoredReport {
                    collected_at: Timestamp(collected_at),
                    received_at: Timestamp(received_at),
                    report_id: row.report_id.clone(),
                    sender: sender.clone(),
                    dictionary,
                    raw: raw.clone(),
                };
                self.add(hash, report);
            }
        }
        Ok(())
    }

    fn add(&mut self, hash: [u8; 16], report: StoredReport) {
        let seen_at = report.collected_at.min(report.received_at).0;
        let key = (
            seen_at,
            hash,
            report.sender.trust.level(),
            report.sender.token.to_string(),
        );
        // Of a report that stands in two places the whole one counts, which comes last.
        self.reports.insert(key, report);
    }

    /// The client itself tells when its facts were said last, where nothing else came since.
    fn client(&mut self, row: ClientRow, aside: &[Span]) -> Result<()> {
        if let (true, Some(collected_at), Some(received_at), Some(content_hash)) = (
            row.running,
            row.collected_at,
            row.received_at,
            &row.content_hash,
        ) {
            let echo = EchoRow {
                client_id: row.id,
                content_hash: content_hash.clone(),
                collected_at,
                received_at,
                report_id: row.report_id,
                trust: row.trust,
                sent_by: String::new(),
                way: Way::Report.code().to_owned(),
                sent_token: row.sent_token,
                sent_from: row.sent_from,
                first_seen_at: collected_at.min(received_at),
                first_received_at: received_at,
            };
            self.echo(echo, aside)?;
        }
        self.current = Some(Current {
            ids: ClientIds {
                sms_guid: row.sms_guid,
                resource_id: row.resource_id,
                site_code: Some(row.site).filter(|site| !site.is_empty()),
                name: Some(row.name.clone()),
                fqdn: row.fqdn,
                smbios_guid: row.smbios_guid,
                serial_number: row.serial_number,
            },
            name: row.name,
            roles: row.roles,
            os_key: row.os_key,
            standing: Standing::from_code(&row.standing).ok_or_else(|| Error::Inconsistent {
                table: "clients",
                detail: format!("the standing {:?}", row.standing),
            })?,
        });
        Ok(())
    }

    fn member(&mut self, row: MemberRow) {
        let listed = self.listed.get_or_insert_default();
        listed.wanted |= row.listing == Listing::Expected.code();
        listed.gone |= row.listing == Listing::Decommissioned.code();
        // Of several lists the newest is asked first, and others fill what it does not say.
        let newer = row.list_id >= listed.list_id;
        listed.list_id = listed.list_id.max(row.list_id);
        let Some(name) = row.name else {
            return;
        };
        let said = ClientIds {
            sms_guid: row.sms_guid,
            resource_id: row.resource_id,
            site_code: row.site,
            name: Some(name).filter(|name| !name.is_empty()),
            fqdn: row.fqdn,
            smbios_guid: row.smbios_guid,
            serial_number: row.serial_number,
        };
        let before = listed.ids.take().unwrap_or_default();
        let (first, second) = if newer {
            (said, before)
        } else {
            (before, said)
        };
        listed.ids = Some(ClientIds {
            sms_guid: first.sms_guid.or(second.sms_guid),
            resource_id: first.resource_id.or(second.resource_id),
            site_code: first.site_code.or(second.site_code),
            name: first.name.or(second.name),
            fqdn: first.fqdn.or(second.fqdn),
            smbios_guid: first.smbios_guid.or(second.smbios_guid),
            serial_number: first.serial_number.or(second.serial_number),
        });
        if newer || listed.os_key.is_none() {
            listed.os_key = row.os_key.or_else(|| listed.os_key.take());
        }
        if newer || listed.roles.is_none() {
            listed.roles = row.roles.or_else(|| listed.roles.take());
        }
    }

    fn finished(self, id: ClientId) -> Remains {
        Remains {
            id,
            current: self.current,
            listed: self.listed,
            reports: self.reports.into_values().collect(),
            kept_at: self.kept_at,
        }
    }
}

fn is_set_aside(aside: &[Span], token: &str, received_at: i64) -> bool {
    aside
        .iter()
        .any(|span| span.holds(token, Timestamp(received_at)))
}

fn sender(name: &str, way: &str, trust: i64, token: &str, from: &str) -> Sender {
    Sender {
        way: Way::from_code(way).unwrap_or(Way::Report),
        trust: Trust::from_level(trust),
        token: token.into(),
        from: from.into(),
        ..Sender::claimed(name)
    }
}

fn hash(bytes: &[u8], table: &'static str) -> Result<[u8; 16]> {
    <[u8; 16]>::try_from(bytes).map_err(|_| Error::Inconsistent {
        table,
        detail: format!("a hash of {} bytes", bytes.len()),
    })
}
