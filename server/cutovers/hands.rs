//! Through whose hands a decision goes: by the rule of two people one asks for it and another decides, who has done nothing by which
//! it comes out as it does.

use crate::{
    domain::{
        cutover::{
            after::Watching,
            criteria::{DONE_LASTS, Held},
            scope::Scope,
        },
        time::{DAY, Timestamp},
    },
    store::{Result, Store, cutover::scopes::SaidOfScope},
};

/// So many decisions back one by somebody else is looked for.
const LOOKED_BACK: i64 = 50;

/// Whether somebody may decide on a scope, by the rule of two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Somebody else asks for it, or the rule is off.
    Free,
    /// Nobody asks for it.
    Unasked,
    /// They ask for it themselves.
    Own,
}

/// Whose turn it is: of whoever asked, and of nobody before somebody asks, whatever they would decide.
pub fn turn(by: &str, scope: &Scope, said: &SaidOfScope, last_decided: Option<i64>) -> Turn {
    // One that an earlier decision has answered asked for that one.
    let open = said
        .request
        .as_ref()
        .filter(|request| last_decided.is_none_or(|at| request.marked_at > at));
    match open {
        _ if !scope.two_people => Turn::Free,
        None => Turn::Unasked,
        Some(request) if request.marked_by == by => Turn::Own,
        Some(_) => Turn::Free,
    }
}

/// What of a decision to switch off is the doing of whoever would make it: something said that meets a criterion, or set so that
/// more is let through than is usual. Under the rule of two people somebody else decides then: else one person could bring about
/// all that the other was to look at.
fn own_part(by: &str, said: &SaidOfScope, criteria: &[Held]) -> Option<String> {
    for held in criteria.iter().filter(|held| held.met) {
        let title = held.criterion.title();
        // Back to the usual one is looser, too, where somebody else had set a stricter one.
        if !held.is_stricter() && held.set.as_ref().is_some_and(|set| set.by == by) {
            return Some(format!("you set the limit by which {title:?} is met"));
        }
        if held.mark.as_ref().is_some_and(|mark| mark.by == by) {
            return Some(format!("you said yourself what meets {title:?}"));
        }
    }
    let usual = Watching::default();
    let loosened = [
        (Watching::TRIGGER, said.watching.trigger >= usual.trigger),
        (Watching::HOURS, said.watching.hours >= usual.hours),
    ];
    let own = |code: &str| {
        said.watched
            .iter()
            .any(|set| set.code == code && set.by == by)
    };
    loosened
        .into_iter()
        .any(|(code, looser)| looser && own(code))
        .then(|| "you set what is watched for after the switch".to_owned())
}

/// The same of suspicions that they closed since the last decision on the scope that somebody else made: that nothing is behind
/// these is as much a word for which they stand as a mark, and lasts as long.
async fn own_closing(
    store: &Store,
    by: &str,
    scope: &Scope,
    now: Timestamp,
) -> Result<Option<String>> {
    let decisions = store.decisions(&scope.id, i64::MAX, LOOKED_BACK).await?;
    // Their own no-go would otherwise wipe out what they closed before it.
    let others = decisions.iter().find(|one| one.decided_by != by);
    let lasts = now.plus(-DONE_LASTS * DAY);
    let since = others.map_or(lasts, |other| lasts.max(Timestamp(other.decided_at)));
    let closed = store.closed_suspicion(by, since, &scope.sites).await?;
    Ok(closed.map(|whom| format!("you closed a suspicion about {whom} yourself")))
}

/// Why somebody does not decide to switch off, by the rule of two people; `None`: nothing speaks against it, or the rule is off.
///
/// # Errors
/// The store failed.
pub async fn own_doing(
    store: &Store,
    by: &str,
    scope: &Scope,
    said: &SaidOfScope,
    criteria: &[Held],
    now: Timestamp,
) -> Result<Option<String>> {
    if !scope.two_people {
        return Ok(None);
    }
    match own_part(by, said, criteria) {
        None => own_closing(store, by, scope, now).await,
        own => Ok(own),
    }
}
