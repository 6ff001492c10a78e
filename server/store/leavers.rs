//! How those stand who leave the count or a site by a list: who is known not to be ready, also where its last report has become
//! too old, and whose "ready" somebody has to look at first.

use std::collections::{HashMap, HashSet};

use super::{
    ESTATE,
    db::Conn,
    error::Result,
    identify::{self, ClientId},
    known::unpacked_roles,
    rows::Rows,
    suspicion_list, system_roles,
};
use crate::domain::{assess::carries_contact, suspicions::Kind, verdict::Standing};

/// How they stand, and how they would if their last report were not too old: the verdict, and whether a connection that was seen
/// contradicts it, as in `settle_conflicts.sql`.
const STAND: &str = "WITH v (client_id) AS ({rows})
SELECT c.id, c.standing, c.roles, COALESCE(c.verdict, '') AS verdict,
  CAST(CASE WHEN c.verdict IN ('ready', 'restart_pending')
      AND (c.seen_old_at >= COALESCE(c.oldest_at, c.seen_at) OR (c.verdict = 'ready' AND c.seen_old_at >= c.well_since))
      AND c.seen_old_at > COALESCE(c.oldest_at, c.seen_at) - 2592000000 THEN 1 ELSE 0 END AS BIGINT) AS seen_old
FROM v CROSS JOIN clients c WHERE c.estate = $1 AND c.id = v.client_id";
const OPEN: &str = "WITH v (client_id) AS ({rows})
SELECT s.client_id, s.kind, s.was FROM v CROSS JOIN suspicions s
WHERE s.estate = $1 AND s.client_id = v.client_id AND s.closed_at IS NULL AND s.kind IN ('site', 'verdict_lost')";

#[derive(sqlx::FromRow)]
struct Stands {
    id: Vec<u8>,
    standing: String,
    roles: String,
    verdict: String,
    seen_old: i64,
}

#[derive(sqlx::FromRow)]
struct Open {
    client_id: Vec<u8>,
    kind: String,
    was: String,
}

/// How one of them stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// A check failed.
    Blocks,
    /// A report took the verdict away, and nobody has looked at that.
    Doubted,
    /// Known not to be ready in another way.
    Fails,
    /// It was known not to be ready when it was heard last, too long ago.
    Failed,
    /// Ready, or ready when it was heard last, by a report about which a suspicion is open.
    Suspected,
    NoVerdict,
    Silent,
    /// One of these two, or ready as a client and never asked about this, and the clients of its site hang on it: by its going they
    /// would be safe.
    Contact,
    Ready,
}

impl How {
    const fn of(standing: Standing, last: Standing, doubted: bool, suspected: bool) -> Self {
        match (standing, last) {
            (Standing::Blocking, _) => Self::Blocks,
            (Standing::Conflict | Standing::RestartPending, _) => Self::Fails,
            (Standing::Silent, _) => Self::Silent,
            (
                Standing::Stale,
                Standing::Blocking | Standing::Conflict | Standing::RestartPending,
            ) => Self::Failed,
            (Standing::Undetermined | Standing::Stale, _) if doubted => Self::Doubted,
            _ if suspected => Self::Suspected,
            (Standing::Ready, _) => Self::Ready,
            (Standing::Undetermined | Standing::Stale, _) => Self::NoVerdict,
        }
    }
}

impl How {
    /// The same of a machine of which is known whether the clients of its site hang on it. `judged`: its reports say so, too.
    pub(super) const fn carrying(self, contact: bool, judged: bool) -> Self {
        match self {
            Self::NoVerdict | Self::Silent if contact => Self::Contact,
            Self::Ready if contact && !judged => Self::Contact,
            other => other,
        }
    }
}

/// Those who leave, as they stand now that the list is written.
pub(super) struct Leavers {
    how: HashMap<ClientId, How>,
    /// From which sites they went by what was reported, as long as nobody has looked at that.
    came_from: HashSet<(ClientId, String)>,
    /// By their reports clients of a site hang on them.
    judged: HashSet<ClientId>,
    /// The same before a report dropped that, which nobody has looked at.
    dropped: HashSet<ClientId>,
}

impl Leavers {
    /// Looks at them.
    pub(super) async fn look(conn: &mut Conn, whom: &HashSet<ClientId>) -> Result<Self> {
        let rows = || Rows::default().bytes(whom.iter().map(|id| Some(identify::bytes(*id))));
        let mut doubted: HashSet<ClientId> = HashSet::new();
        let mut came_from = HashSet::new();
        let open: Vec<Open> = conn.many(OPEN, &[ESTATE], &rows()).await?;
        for row in open {
            let Some(id) = identify::from_bytes(&row.client_id) else {
                continue;
            };
            if row.kind == Kind::VerdictLost.code() {
                doubted.insert(id);
            } else {
                came_from.insert((id, row.was.to_ascii_uppercase()));
            }
        }
        let suspected = if whom.is_empty() {
            HashSet::new()
        } else {
            suspicion_list::suspected_while_writing(conn).await?
        };
        let stand: Vec<Stands> = conn.many(STAND, &[ESTATE], &rows()).await?;
        let drops = system_roles::before_drops(conn, whom).await?.into_iter();
        let dropped = drops
            .filter(|(_, roles)| carries_contact(roles.iter().map(String::as_str)))
            .map(|(id, _)| id)
            .collect();
        let mut judged = HashSet::new();
        let mut how = HashMap::new();
        for row in stand {
            let standing = Standing::from_code(&row.standing);
            let (Some(id), Some(standing)) = (identify::from_bytes(&row.id), standing) else {
                continue;
            };
            let last = match Standing::from_code(&row.verdict) {
                _ if row.seen_old != 0 => Standing::Conflict,
                verdict => verdict.unwrap_or(Standing::Silent),
            };
            let one = How::of(
                standing,
                last,
                doubted.contains(&id),
                suspected.contains(&id),
            );
            how.insert(id, one);
            if carries_contact(unpacked_roles(&row.roles)) {
                judged.insert(id);
            }
        }
        Ok(Self {
            how,
            came_from,
            judged,
            dropped,
        })
    }

    /// How one stands. Whoever is gone altogether had never reported.
    fn how(&self, id: ClientId) -> How {
        self.how.get(&id).copied().unwrap_or(How::Silent)
    }

    /// How one stands that leaves. `contact`: clients of a site hang on it by what a list said.
    pub(super) fn leaves(&self, id: ClientId, contact: bool) -> How {
        let judged = self.judged.contains(&id);
        let contact = contact || judged || self.dropped.contains(&id);
        self.how(id).carrying(contact, judged)
    }

    /// Whether clients of a site hang on it by what it reports.
    pub(super) fn is_judged(&self, id: ClientId) -> bool {
        self.judged.contains(&id)
    }

    /// Whether a report took it away from this site, which nobody has looked at.
    pub(super) fn came_from(&self, id: ClientId, site: &str) -> bool {
        self.came_from.contains(&(id, site.to_ascii_uppercase()))
    }
}

/// How many of them stand how.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stand {
    pub(super) all: i64,
    pub(super) blocking: i64,
    doubted: i64,
    failing: i64,
    failed: i64,
    pub(super) suspected: i64,
    contact: i64,
    no_verdict: i64,
    silent: i64,
}

impl Stand {
    pub(super) const fn add(&mut self, how: How) {
        self.all += 1;
        match how {
            How::Blocks => self.blocking += 1,
            How::Doubted => self.doubted += 1,
            How::Fails => self.failing += 1,
            How::Failed => self.failed += 1,
            How::Suspected => self.suspected += 1,
            How::Contact => self.contact += 1,
            How::NoVerdict => self.no_verdict += 1,
            How::Silent => self.silent += 1,
            How::Ready => {}
        }
    }

    /// Somebody has to know that they go: they are known not to be ready, or were, or are ready by a suspected report only.
    pub(super) const fn blockers(self) -> i64 {
        self.blocking + self.doubted + self.failing + self.failed + self.suspected + self.contact
    }

    /// In brackets, where there is something to tell apart.
    pub(super) fn told(self) -> String {
        let parts: Vec<String> = [
            (self.blocking, "blocking"),
            (self.doubted, "whose verdict a report took away"),
            (
                self.failing,
                "seen using old protocols or ready only after a restart",
            ),
            (
                self.failed,
                "not ready when last heard, which is too long ago",
            ),
            (
                self.suspected,
                "ready by a report about which a suspicion is open",
            ),
            (
                self.contact,
                "on which the clients of a site hang, and of which nobody knows that they are ready",
            ),
            (self.no_verdict, "without a verdict"),
            (self.silent, "never reported"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!(" ({})", parts.join(", "))
        }
    }

    /// The blockers among them, in words.
    pub(super) fn told_blockers(self) -> String {
        let among = Self {
            no_verdict: 0,
            silent: 0,
            ..self
        };
        match (self.blockers(), self.blocking) {
            (1, 1) => "1 blocking client".to_owned(),
            (n, blocking) if n == blocking => format!("{n} blocking clients"),
            (1, _) => format!("1 blocker{}", among.told()),
            (n, _) => format!("{n} blockers{}", among.told()),
        }
    }
}
