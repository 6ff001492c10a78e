//! Messages to other programs: made from the change feed and the feeds, signed, sent, and sent again until they are taken.

pub mod address;
mod deliver;
mod gather;
mod message;
pub mod names;
pub mod settings;
pub mod sign;
pub mod target;

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

pub use deliver::{deliver_due, noted, send_one};
pub use gather::gather;
pub use message::test_message;
use names::SystemNames;
use settings::WebhookSettings;
use target::Courier;

use crate::{clock, store::Store};

/// How long to wait before it is tried anew to make something that sends.
const REST: Duration = Duration::from_mins(1);
/// How often it is looked for something new.
const TICK: Duration = Duration::from_secs(1);

/// Makes messages and sends them for as long as the server runs. What is under way when it ends is sent again by whoever
/// runs next, under the same id.
pub async fn run(store: Store, settings: WebhookSettings) {
    // Made for the first message: a machine that knows no certificates is no reason to complain where there are no webhooks.
    let mut made = None;
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Each webhook is sent to on its own, so that a slow target holds up no other.
    let mut at_work = JoinSet::new();
    let mut busy = HashSet::new();
    loop {
        tick.tick().await;
        while let Some(ended) = at_work.try_join_next() {
            match ended {
                Ok(webhook) => {
                    busy.remove(&webhook);
                }
                // Nobody knows which; all are looked at again, and what is claimed is sent by nobody else.
                Err(error) => {
                    tracing::error!(%error, "sending to a webhook broke off; its message is sent again");
                    busy.clear();
                }
            }
        }
        if let Err(error) = gather(&store, clock::now()).await {
            tracing::warn!(%error, "messages for webhooks could not be made; trying again");
        }
        let due = match store.due_webhooks(clock::now()).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "messages for webhooks could not be looked for; trying again");
                continue;
            }
        };
        if due.is_empty() {
            continue;
        }
        let Some(courier) = courier(&mut made, &settings) else {
            sleep(REST).await;
            continue;
        };
        for webhook in due {
            if busy.insert(webhook.clone()) {
                at_work.spawn(deliver::while_it_goes_well(
                    store.clone(),
                    courier.clone(),
                    webhook,
                ));
            }
        }
    }
}

/// What sends, made when it is needed first.
fn courier<'m>(made: &'m mut Option<Courier>, settings: &WebhookSettings) -> Option<&'m Courier> {
    if made.is_none() {
        match Courier::new(settings.clone(), Arc::new(SystemNames)) {
            Ok(courier) => *made = Some(courier),
            Err(error) => {
                tracing::error!(%error, "messages for webhooks wait, because none can be sent; trying again in a minute");
            }
        }
    }
    made.as_ref()
}
