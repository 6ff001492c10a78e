//! What a token sent is set aside, or taken back: its clients are judged anew in the background, portion by portion.

use std::{sync::Arc, time::Duration};

use crate::{
    clock,
    ingest::Judge,
    store::{Store, incoming::ReadsAgain, quarantine::Step},
};

/// How often a server looks whether there is anything to do; somebody may have said so on the command line.
const BEAT: Duration = Duration::from_secs(1);

/// Judges clients anew for as long as the server runs. What is to be done stands in the database, so a killed server goes
/// on where it was, and several share the work.
pub async fn run(store: Store, judge: Judge) {
    let reader: Arc<dyn ReadsAgain> = Arc::new(judge);
    loop {
        match store
            .quarantine_step(Arc::clone(&reader), clock::now())
            .await
        {
            Ok(Step::Judged) => continue,
            Ok(Step::Waiting | Step::Done) => {}
            Err(error) => {
                tracing::warn!(%error, "clients could not be judged anew without what is set aside; trying again");
            }
        }
        tokio::time::sleep(BEAT).await;
    }
}
