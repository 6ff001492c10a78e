//! What a sender is told of a report that was kept.

use super::{Judge, Result1};
use crate::{
    domain::{assess, evidence::Trust, time::Timestamp, verdict::Standing},
    store::incoming::{Incoming, Kept, Receipt, Sender},
};

/// What is known of a report before it is kept.
pub(super) struct Told {
    report_id: Option<String>,
    client_name: String,
    by_itself: Option<Standing>,
}

impl Told {
    /// Every client has the token that reports are sent with. Whoever holds it hears how a client would stand by this report
    /// alone: how it stands by what others said, or by what came before, would be an answer to whoever asks with a report
    /// that says nothing.
    pub(super) fn of(report: &Incoming, judge: &Judge, sender: &Sender, now: Timestamp) -> Self {
        let by_itself = || {
            let (verdict, limit) = (report.verdict, judge.freshness_ms);
            assess::standing_at(verdict, report.seen_at, None, limit, now)
        };
        Self {
            report_id: report.report_id.clone(),
            client_name: report.name.clone(),
            by_itself: (sender.trust == Trust::Claimed).then(by_itself),
        }
    }

    /// The result, now that it is kept. Nobody is told "ready" of a client that is not, and of a late report, which moves
    /// nothing that anybody would see, nothing is told at all.
    pub(super) fn kept(self, receipt: &Receipt) -> Result1 {
        let standing = match self.by_itself {
            None => Some(receipt.standing),
            Some(_) if receipt.kept == Kept::Late => None,
            Some(Standing::Ready) if receipt.standing != Standing::Ready => None,
            told => told,
        };
        Result1::Kept {
            report_id: self.report_id,
            client_id: receipt.client_id.to_string(),
            client_name: self.client_name,
            kept: receipt.kept,
            standing,
        }
    }
}
