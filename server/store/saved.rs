//! Views that somebody gave a name: an address with its filters, columns and order.

use super::{ESTATE, Store, audit, error::Result};
use crate::domain::{audit::Author, time::Timestamp};

/// More views than this are not kept: nobody finds anything in a longer list.
pub const MOST: i64 = 200;

const SAVE: &str = "INSERT INTO saved_views (estate, id, name, address, created_at, created_by)
SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT COUNT(*) FROM saved_views WHERE estate = $1) < $7";
const DELETE: &str =
    "DELETE FROM saved_views WHERE estate = $1 AND id = $2 RETURNING name, address";
const ALL: &str =
    "SELECT id, name, address, created_at, created_by FROM saved_views WHERE estate = $1
ORDER BY name, id";

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SavedView {
    /// Our id of it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Path and query.
    pub address: String,
    /// When it was saved; milliseconds since 1970.
    pub created_at: i64,
    /// By whom.
    pub created_by: String,
}

#[derive(sqlx::FromRow)]
struct Deleted {
    name: String,
    address: String,
}

impl Store {
    /// Keeps an address under a name; `false` when there are [`MOST`] already.
    pub async fn save_view(
        &self,
        name: String,
        address: String,
        by: String,
        author: Author,
        now: Timestamp,
    ) -> Result<bool> {
        let id = uuid::Uuid::now_v7().to_string();
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let entry = author
                        .entry(now, "view.save", name.clone())
                        .change(None, Some(address.clone()));
                    let saved = conn
                        .sql(SAVE)
                        .bind(ESTATE)
                        .bind(id)
                        .bind(name)
                        .bind(address)
                        .bind(now.0)
                        .bind(by)
                        .bind(MOST)
                        .execute()
                        .await?;
                    if saved > 0 {
                        audit::note(conn, &entry).await?;
                    }
                    Ok(saved > 0)
                })
            })
            .await
    }

    /// Forgets a view; `false` when there was none.
    pub async fn delete_view(&self, id: String, author: Author, now: Timestamp) -> Result<bool> {
        self.writer
            .run(move |conn| {
                Box::pin(async move {
                    let deleted: Option<Deleted> =
                        conn.sql(DELETE).bind(ESTATE).bind(id).optional().await?;
                    let Some(deleted) = deleted else {
                        return Ok(false);
                    };
                    let entry = author
                        .entry(now, "view.delete", deleted.name)
                        .change(Some(deleted.address), None);
                    audit::note(conn, &entry).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Every saved view, by name; with a name of somebody, what that person saved alone.
    pub async fn saved_views(&self, by: Option<&str>) -> Result<Vec<SavedView>> {
        let mut tx = self.db.read().await?;
        let mut views: Vec<SavedView> = tx.sql(ALL).bind(ESTATE).all().await?;
        views.retain(|view| by.is_none_or(|name| view.created_by == name));
        Ok(views)
    }
}
