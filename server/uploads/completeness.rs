//! Of how many devices an upload was to speak, and of how many it does: silence is not success.

use super::told::{Chosen, Told, completeness};
use crate::store::{self, Store};

/// What the files say of it; where they say nothing, how many devices somebody said were asked, and how many the rows
/// are about.
///
/// # Errors
/// The store failed.
pub(super) async fn of(
    store: &Store,
    id: &str,
    chosen: &Chosen,
    told: &[Told],
) -> Result<Option<(i64, i64)>, store::Error> {
    match (completeness(told), chosen.asked) {
        (Some(told), _) => Ok(Some(told)),
        (None, Some(asked)) => {
            let answered = store.devices_of_upload(id).await?;
            Ok(Some((i64::from(asked), answered)))
        }
        (None, None) => Ok(None),
    }
}
