//! Reports that say what the history holds already. They change nothing, but without them nobody could tell what is left
//! of a client when the reports of another token are set aside.

use super::{
    ESTATE,
    db::Conn,
    error::Result,
    identify::{self, ClientId},
    incoming::Incoming,
    known::ClientIdRow,
    rows::Rows,
};

const KEEP: &str = include_str!("sql/keep_echoes.sql");
const KEEP_FIRST: &str = include_str!("sql/keep_first_echoes.sql");
const CLOSE: &str = include_str!("sql/close_runs.sql");

fn rows(reports: &[(ClientId, &Incoming)]) -> Rows {
    let each = || reports.iter().map(|(_, report)| *report);
    Rows::default()
        .bytes(reports.iter().map(|(id, _)| Some(identify::bytes(*id))))
        .bytes(each().map(|r| Some(r.content_hash.to_vec())))
        .text(each().map(|r| Some(r.sender.token.to_string())))
        .int(each().map(|r| Some(r.sender.trust.level())))
        .int(each().map(|r| Some(r.seen_at.0)))
        .int(each().map(|r| Some(r.collected_at.0)))
        .int(each().map(|r| Some(r.received_at.0)))
        .text(each().map(|r| r.report_id.clone()))
        .flag(each().map(|r| r.future))
        .text(each().map(|r| Some(r.sender.name.to_string())))
        .text(each().map(|r| Some(r.sender.way.code())))
        .text(each().map(|r| Some(r.sender.from.to_string())))
}

/// Remembers reports that the history did not take. Of one client, facts, token and trust the newest stays.
pub(super) async fn keep(conn: &mut Conn, reports: &[(ClientId, &Incoming)]) -> Result<()> {
    if !reports.is_empty() {
        let _: Vec<ClientIdRow> = conn.many(KEEP, &[ESTATE], &rows(reports)).await?;
    }
    Ok(())
}

/// The same of reports from the future, of which the first counts.
pub(super) async fn keep_first(conn: &mut Conn, reports: &[(ClientId, &Incoming)]) -> Result<()> {
    if !reports.is_empty() {
        let _: Vec<ClientIdRow> = conn.many(KEEP_FIRST, &[ESTATE], &rows(reports)).await?;
    }
    Ok(())
}

/// Remembers when the facts in force were said last, before other facts, or another token's, take their place. The
/// clients are locked.
pub(super) async fn close_runs(conn: &mut Conn, ids: &[ClientId]) -> Result<()> {
    if !ids.is_empty() {
        let rows = Rows::default().bytes(ids.iter().map(|id| Some(identify::bytes(*id))));
        let _: Vec<ClientIdRow> = conn.many(CLOSE, &[ESTATE], &rows).await?;
    }
    Ok(())
}
