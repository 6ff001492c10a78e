//! Lists of clients: one filter, a few orders, read by pages, API and exports alike.

use futures::future::BoxFuture;

use super::{
    Store,
    counting::from_counts,
    cursor::{Mark, Times},
    db::{Composed, Errand, Tx},
    error::{Error, Result},
    identify,
    known::unpacked_roles,
    model::{ClientRow, Excepted, Filter, InForce, ListPage, Listing, Order, RestsOn},
    narrowing::{Growing, Lead, Piece, pieces},
    needs::{Found, Needs},
    searching::{Search, names_few_by_parts, names_with, searched},
};
use crate::domain::{
    access::Sites,
    exceptions::Kind,
    identity::ClientIds,
    time::Timestamp,
    verdict::{Impact, Standing},
};

/// All but the last one, the mark of suspected duplicates.
const COLUMNS: &str = "SELECT id, name, sort_key, sms_guid, resource_id, site, fqdn, smbios_guid, serial_number, roles,
 owner, last_contact, listing, os_key, standing, verdict, impact, deciding, reasons, warnings, ruleset, verdict_since,
 COALESCE(oldest_at, collected_at) AS collected_at, received_at, stale_at, future, content_hash, well_since,
 (SELECT x.id || ' ' || x.kind || ' ' || CAST(x.expires_at AS TEXT) FROM exceptions x
  WHERE x.estate = clients.estate AND x.client_id = clients.id AND x.decision = 'approved' AND x.ended_at IS NULL
    AND clients.standing <> 'ready' AND x.verdict = COALESCE(clients.verdict, '') AND x.reasons = clients.reasons
    AND x.os_key = clients.os_key LIMIT 1) AS excepted, ";

/// A client as it is stored.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct StoredClient {
    id: Vec<u8>,
    name: String,
    sort_key: String,
    sms_guid: Option<String>,
    resource_id: Option<i64>,
    site: String,
    fqdn: Option<String>,
    smbios_guid: Option<String>,
    serial_number: Option<String>,
    roles: String,
    owner: Option<String>,
    last_contact: Option<String>,
    listing: String,
    os_key: String,
    standing: String,
    verdict: Option<String>,
    impact: Option<String>,
    deciding: Option<String>,
    reasons: i64,
    warnings: i64,
    ruleset: String,
    verdict_since: Option<i64>,
    collected_at: Option<i64>,
    received_at: Option<i64>,
    pub(super) stale_at: Option<i64>,
    future: bool,
    duplicate: bool,
    /// Id, kind and end of its approved exception, with blanks between; not there where nobody asked.
    #[sqlx(default)]
    excepted: Option<String>,
    /// Neither is there where nobody asked.
    #[sqlx(default)]
    content_hash: Option<Vec<u8>>,
    #[sqlx(default)]
    well_since: Option<i64>,
}

impl StoredClient {
    /// The statement's start: columns and the estate, as somebody sees them who may see these sites.
    pub(super) fn select(within: &Sites) -> Growing {
        Growing::seen(COLUMNS, within)
    }

    /// Where it stands in a list of this order.
    fn mark(&self, order: Order) -> Mark {
        let id = self.id.clone();
        match (order.by_since(), self.verdict_since) {
            (false, _) => Mark::Name {
                sort_key: self.sort_key.clone(),
                id,
            },
            (true, Some(since)) => Mark::Since { since, id },
            (true, None) => Mark::NoTime { id },
        }
    }

    /// As it is at `now`.
    pub(super) fn into_row(self, now: Timestamp) -> Result<ClientRow> {
        let broken = |what: &str| Error::Inconsistent {
            table: "clients",
            detail: format!("{what} of the client named {:?}", self.name),
        };
        let id = identify::from_bytes(&self.id).ok_or_else(|| broken("the id"))?;
        let standing = Standing::from_code(&self.standing).ok_or_else(|| broken("the standing"))?;
        let listing = Listing::from_code(&self.listing).ok_or_else(|| broken("the listing"))?;
        Ok(ClientRow {
            id: id.to_string(),
            ids: ClientIds {
                sms_guid: self.sms_guid,
                resource_id: self.resource_id,
                site_code: Some(self.site).filter(|site| !site.is_empty()),
                name: Some(self.name.clone()),
                fqdn: self.fqdn,
                smbios_guid: self.smbios_guid,
                serial_number: self.serial_number,
            },
            sort_key: self.sort_key,
            name: self.name,
            os_key: self.os_key,
            standing,
            verdict: self.verdict.as_deref().and_then(Standing::from_code),
            impact: self.impact.as_deref().and_then(Impact::from_code),
            deciding: self.deciding,
            reasons: self.reasons,
            warnings: self.warnings,
            collected_at: self.collected_at.map(Timestamp),
            received_at: self.received_at.map(Timestamp),
            since: self.verdict_since.map(Timestamp),
            ruleset: Some(self.ruleset).filter(|ruleset| !ruleset.is_empty()),
            listing,
            owner: self.owner,
            roles: unpacked_roles(&self.roles).map(str::to_owned).collect(),
            last_contact: self.last_contact,
            duplicate: self.duplicate,
            future: self.future,
            rests_on: RestsOn {
                facts: self.content_hash,
                well_since: self.well_since.map(Timestamp),
            },
            exception: self
                .excepted
                .as_deref()
                .and_then(in_force)
                .filter(|exception| exception.until > now),
        })
    }
}

/// Reads what the list says of an exception.
fn in_force(text: &str) -> Option<InForce> {
    let mut parts = text.split(' ');
    Some(InForce {
        id: parts.next()?.to_owned(),
        kind: Kind::from_code(parts.next()?)?,
        until: Timestamp(parts.next()?.parse().ok()?),
    })
}

impl Store {
    /// One page of the list a filter describes, in order of name, and how long the whole list is; both from one
    /// snapshot.
    pub async fn list(
        &self,
        filter: &Filter,
        cursor: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ListPage> {
        self.list_by(filter, Order::Name, cursor, limit, now).await
    }

    /// The same, in the order that is asked for. A cursor leads on in the order that it was made in.
    pub async fn list_by(
        &self,
        filter: &Filter,
        order: Order,
        cursor: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<ListPage> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        let (items, next_cursor) = page(&mut tx, filter, order, cursor, limit, now).await?;
        let total = match i64::try_from(items.len()) {
            // Here is all there is. What no count can say would be looked through a second time.
            Ok(all) if cursor.is_none() && next_cursor.is_none() => all,
            _ => count(&mut tx, filter, now).await?,
        };
        Ok(ListPage {
            items,
            next_cursor,
            total,
        })
    }

    /// How long the list is that a filter describes.
    pub async fn length(&self, filter: &Filter, now: Timestamp) -> Result<i64> {
        self.sweep(now).await?;
        let mut tx = self.db.read().await?;
        count(&mut tx, filter, now).await
    }

    /// The whole list, a page at a time, from one snapshot: for exports in constant memory.
    pub async fn walk(&self, filter: Filter, now: Timestamp) -> Result<Walk> {
        self.walk_by(filter, Order::Name, now).await
    }

    /// The same, in the order that is asked for.
    pub async fn walk_by(&self, filter: Filter, order: Order, now: Timestamp) -> Result<Walk> {
        self.walk_from(filter, order, None, now).await
    }

    /// The same, behind a cursor: of a page, or of the last row that somebody has.
    pub async fn walk_from(
        &self,
        filter: Filter,
        order: Order,
        cursor: Option<String>,
        now: Timestamp,
    ) -> Result<Walk> {
        // Told before anything is sent.
        cursor
            .as_deref()
            .map(|cursor| Mark::read(order, cursor))
            .transpose()?;
        self.sweep(now).await?;
        Ok(Walk {
            tx: self.db.read_long(Errand::Download).await?,
            filter,
            order,
            now,
            cursor,
            done: false,
        })
    }
}

/// A list being read to its end.
#[derive(Debug)]
pub struct Walk {
    tx: Tx,
    filter: Filter,
    order: Order,
    now: Timestamp,
    cursor: Option<String>,
    done: bool,
}

impl Walk {
    /// The next rows; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<ClientRow>>> {
        if self.done {
            return Ok(None);
        }
        let cursor = self.cursor.as_deref();
        let (rows, next) = page(
            &mut self.tx,
            &self.filter,
            self.order,
            cursor,
            1_000,
            self.now,
        )
        .await?;
        self.done = next.is_none();
        self.cursor = next;
        Ok((!rows.is_empty()).then_some(rows))
    }

    /// What it reads from, for those who count the same list.
    pub(super) const fn parts(&mut self) -> (&mut Tx, &Filter, Timestamp) {
        (&mut self.tx, &self.filter, self.now)
    }

    /// How many rows the whole list has, those before a cursor among them.
    pub async fn total(&mut self) -> Result<i64> {
        count(&mut self.tx, &self.filter, self.now).await
    }
}

pub(super) async fn page(
    tx: &mut Tx,
    filter: &Filter,
    order: Order,
    cursor: Option<&str>,
    limit: usize,
    now: Timestamp,
) -> Result<(Vec<ClientRow>, Option<String>)> {
    let after = cursor.map(|text| Mark::read(order, text)).transpose()?;
    let wanted = limit.saturating_add(1);
    let mut rows = match &after {
        // Whoever has a time comes first, and all of those have been seen.
        Some(Mark::NoTime { .. }) => Vec::new(),
        after => part(tx, filter, order, Times::Known, after.as_ref(), wanted, now).await?,
    };
    if order.by_since() && rows.len() < wanted {
        let missing = wanted - rows.len();
        let after = after.filter(|mark| matches!(mark, Mark::NoTime { .. }));
        rows.extend(
            part(
                tx,
                filter,
                order,
                Times::Missing,
                after.as_ref(),
                missing,
                now,
            )
            .await?,
        );
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = more
        .then(|| rows.last().map(|row| row.mark(order).text(order)))
        .flatten();
    let rows = rows
        .into_iter()
        .map(|row| row.into_row(now))
        .collect::<Result<_>>()?;
    Ok((rows, next))
}

/// The first rows of a list behind a mark: the merge of the list's pieces.
async fn part(
    tx: &mut Tx,
    filter: &Filter,
    order: Order,
    times: Times,
    after: Option<&Mark>,
    wanted: usize,
    now: Timestamp,
) -> Result<Vec<StoredClient>> {
    let mut rows: Vec<StoredClient> = Vec::new();
    let pieces = pieces(filter, order);
    let lead = lead(tx, filter, now).await?;
    let needs = Needs::read(tx, filter).await?;
    let most = i64::try_from(wanted).unwrap_or(i64::MAX);
    let mut several = pieces.len() > 1;
    for &piece in &pieces {
        let mut statements = Vec::new();
        match needs.of(piece.standing()) {
            Found::Walking => {
                let mut growing = StoredClient::select(&filter.within);
                growing.narrow(filter, piece, lead, now);
                statements.push(growing);
            }
            Found::ByMask(chunks) => {
                several |= chunks.len() > 1;
                for masks in chunks {
                    let mut growing = StoredClient::select(&filter.within);
                    growing.narrow_by_need(filter, piece, &masks, now);
                    statements.push(growing);
                }
            }
        }
        for mut growing in statements {
            growing.onwards(order, times, after, most);
            rows.extend(growing.statement(tx).all::<StoredClient>().await?);
        }
    }
    if several {
        rows.sort_by(|a, b| {
            let natural = match (order.by_since(), times) {
                (false, _) => (&a.sort_key, &a.id).cmp(&(&b.sort_key, &b.id)),
                (true, Times::Known) => (a.verdict_since, &a.id).cmp(&(b.verdict_since, &b.id)),
                (true, Times::Missing) => return a.id.cmp(&b.id),
            };
            if order.is_down() {
                natural.reverse()
            } else {
                natural
            }
        });
    }
    rows.truncate(wanted);
    Ok(rows)
}

/// Which of several filters that each have an index narrows most.
pub(super) async fn lead(tx: &mut Tx, filter: &Filter, now: Timestamp) -> Result<Lead> {
    if let Some(engine) = names_few_by_parts(tx, filter).await? {
        return Ok(Lead::Parts(engine));
    }
    let Some(site) = filter.one_site().filter(|_| filter.os.is_some()) else {
        return Ok(Lead::Either);
    };
    // How many there are decides about the way only, so these two numbers are of everybody.
    let of = |os: bool| Filter {
        os: filter.os.clone().filter(|_| os),
        site: Some(site.to_owned()).filter(|_| !os),
        standings: filter.standings.clone(),
        ..Filter::default()
    };
    let by_os = count(tx, &of(true), now).await?;
    let by_site = count(tx, &of(false), now).await?;
    Ok(if by_os <= by_site {
        Lead::Os
    } else {
        Lead::Site
    })
}

/// How many clients a filter lists: from the maintained counts where they can say it, else counted.
pub(super) fn count<'a>(
    tx: &'a mut Tx,
    filter: &'a Filter,
    now: Timestamp,
) -> BoxFuture<'a, Result<i64>> {
    Box::pin(async move {
        if filter.excepted == Some(Excepted::No) {
            // Exceptions are few, and everybody is counted already.
            let everybody = Filter {
                excepted: None,
                ..filter.clone()
            };
            let under_one = Filter {
                excepted: Some(Excepted::Yes),
                ..filter.clone()
            };
            return Ok(count(tx, &everybody, now).await? - count(tx, &under_one, now).await?);
        }
        if let Some(growing) = from_counts(filter) {
            return growing.statement(tx).scalar().await;
        }
        let lead = lead(tx, filter, now).await?;
        let mut total = 0;
        for (sign, growing) in counted(filter, lead, now) {
            total += sign * growing.statement(tx).scalar::<i64>().await?;
        }
        Ok(total)
    })
}

/// The statements whose results, with their signs, add up to the number of a filter's clients.
fn counted(filter: &Filter, lead: Lead, now: Timestamp) -> Vec<(i64, Growing)> {
    let statement = |filter: &Filter, piece: Piece| {
        let mut text = Composed::default();
        text.push("SELECT COUNT(*) FROM clients WHERE estate = ?");
        let mut growing = Growing::new(text);
        growing.narrow(filter, piece, lead, now);
        growing
    };
    let asked = pieces(filter, Order::Name);
    // Names are in the indexes, and who is left out is in one of them. Who is counted is in none: of a text that many
    // names hold, each would have to be looked at.
    let by_parts = matches!(lead, Lead::Parts(_));
    if searched(filter).is_none() || by_parts || filter.left_out || filter.unlisted {
        let each = asked.into_iter();
        return each.map(|piece| (1, statement(filter, piece))).collect();
    }
    let left_out = Filter {
        left_out: true,
        ..filter.clone()
    };
    let everybody = asked.into_iter().map(|piece| {
        let names = Some(piece.search).filter(|search| *search == Search::Name);
        let names = names.and_then(|_| names_with(filter));
        let growing = names.unwrap_or_else(|| statement(filter, piece.of_everybody()));
        (1, growing)
    });
    let left_out_pieces = pieces(&left_out, Order::Name).into_iter();
    let less = left_out_pieces.map(|piece| (-1, statement(&left_out, piece)));
    everybody.chain(less).collect()
}

/// The texts of the statements that read a list and its length from the clients, for a look at how a database goes about
/// them; none for a length that the counts say.
pub fn statements(filter: &Filter, order: Order, now: Timestamp) -> (Vec<String>, Vec<String>) {
    let read = pieces(filter, order).into_iter().map(|piece| {
        let mut growing = StoredClient::select(&filter.within);
        growing.narrow(filter, piece, Lead::Either, now);
        growing.onwards(order, Times::Known, None, 1);
        growing.into_text()
    });
    let count = match from_counts(filter) {
        _ if filter.excepted == Some(Excepted::No) => Vec::new(),
        Some(_) => Vec::new(),
        None => counted(filter, Lead::Either, now),
    };
    let count = count.into_iter().map(|(_, growing)| growing.into_text());
    (read.collect(), count.collect())
}
