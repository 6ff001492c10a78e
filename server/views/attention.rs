//! What somebody should look at: sentences of the first screen, each leading to what it is about.

use std::collections::BTreeMap;

use super::{feeds, links};
use crate::{
    domain::{
        assess::{carries_contact, is_site_system},
        feeds::Feed,
        handshake::Certificate,
        time::Timestamp,
        verdict::Standing,
    },
    store::{
        exception_list::Pile,
        model::{Filter, Summary},
        webhooks::Webhook,
    },
    views::{text::counted, words},
};

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    /// What it is, without a full stop.
    pub text: String,
    /// Where it is; `None`: the reader may not see that place.
    pub href: Option<String>,
}

/// The reason that facts about the Windows version contradict each other.
const CONTRADICTORY: &str = "os.version_contradictory";

/// Lines about roles; more stand in the table of the site systems.
const ROLES: usize = 8;

/// Everything worth looking at; `regressed` is the length of the list with that filter.
pub fn lines(summary: &Summary, feeds: &[Feed], regressed: i64, now: Timestamp) -> Vec<Attention> {
    let mut lines: Vec<Attention> = feeds::attention(feeds, now)
        .into_iter()
        .map(|text| Attention {
            text,
            href: Some(links::FEEDS.to_owned()),
        })
        .collect();
    if summary.anew > 0 {
        lines.push(Attention {
            text: format!(
                "{} being judged anew, because reports about them were set aside or count again",
                counted(summary.anew, "client is", "clients are")
            ),
            href: Some(links::TOKENS.to_owned()),
        });
    }
    let population = &summary.population;
    let conflicts = population.standings.get(&Standing::Conflict);
    let open = [Standing::Blocking, Standing::Undetermined];
    let contradictory = summary
        .reasons
        .iter()
        .filter(|line| line.reason == CONTRADICTORY)
        .map(|line| line.blocking + line.undetermined)
        .sum();
    let more = [
        (
            regressed,
            "client was ready and is not any more, under the same rules, in the last 30 days",
            "clients were ready and are not any more, under the same rules, in the last 30 days",
            Filter {
                regressed: true,
                ..Filter::default()
            },
        ),
        (
            conflicts.copied().unwrap_or(0),
            "client is configured well, but was seen using TLS 1.0/1.1 since it has been",
            "clients are configured well, but were seen using TLS 1.0/1.1 since they have been",
            Filter {
                standings: vec![Standing::Conflict],
                ..Filter::default()
            },
        ),
        (
            contradictory,
            "client contradicts itself about its Windows version",
            "clients contradict themselves about their Windows version",
            Filter {
                standings: open.to_vec(),
                reason: Some(CONTRADICTORY.to_owned()),
                ..Filter::default()
            },
        ),
        (
            population.suspected_duplicates,
            "client may be a second record of another machine",
            "clients may be second records of other machines",
            Filter {
                duplicates: true,
                ..Filter::default()
            },
        ),
    ];
    lines.extend(
        more.into_iter()
            .filter(|(n, ..)| *n > 0)
            .map(|(n, one, many, filter)| Attention {
                text: counted(n, one, many),
                href: Some(links::list_url(&filter)),
            }),
    );
    lines
}

/// What of the exceptions somebody should look at.
pub fn exceptions(pile: &Pile) -> Vec<Attention> {
    [
        (
            pile.soon,
            "exception is over within 30 days",
            "exceptions are over within 30 days",
            "/exceptions?soon=1",
        ),
        (
            pile.lapsed,
            "exception lapsed in the last 30 days, because its client changed",
            "exceptions lapsed in the last 30 days, because their clients changed",
            "/exceptions?lapsed_lately=1",
        ),
        (
            pile.requested,
            "exception waits for approval by somebody else",
            "exceptions wait for approval by somebody else",
            "/exceptions?state=requested",
        ),
    ]
    .into_iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, one, many, href)| Attention {
        text: counted(n, one, many),
        href: Some(href.to_owned()),
    })
    .collect()
}

/// How many suspicions nobody has looked at: the length of the list.
pub fn suspicions(open: i64) -> Option<Attention> {
    (open > 0).then(|| Attention {
        text: counted(
            open,
            "suspicion is open: reports did what honest machines seldom do",
            "suspicions are open: reports did what honest machines seldom do",
        ),
        href: Some(links::SUSPICIONS.to_owned()),
    })
}

/// How many site systems block, by role: whoever switches off there cuts off everybody who depends on them.
pub fn systems(roles: &[(String, BTreeMap<Standing, i64>)]) -> Vec<Attention> {
    let each = roles.iter().filter_map(|(role, standings)| {
        let n = standings.get(&Standing::Blocking).copied().unwrap_or(0);
        if n == 0 || !is_site_system([role.as_str()]) {
            return None;
        }
        let filter = Filter {
            role: Some(role.clone()),
            standings: vec![Standing::Blocking],
            ..Filter::default()
        };
        let role = role.replace('_', " ");
        Some(Attention {
            text: format!(
                "{}, with everybody who depends on {}",
                counted(
                    n,
                    &format!("machine of the role {role} blocks itself"),
                    &format!("machines of the role {role} block themselves")
                ),
                if n == 1 { "it" } else { "them" }
            ),
            href: Some(links::list_url(&filter)),
        })
    });
    let mut lines = capped(each.collect(), "block, too");
    let unsure = roles
        .iter()
        .filter_map(|(role, standings)| unsure(role, standings));
    lines.extend(capped(unsure.collect(), "are not ready, too"));
    lines
}

/// How many machines of a role on which the way of clients hangs do not block and are not ready: clients behind them are called
/// ready, and may lose contact.
fn unsure(role: &str, standings: &BTreeMap<Standing, i64>) -> Option<Attention> {
    let mut asked = Standing::not_cleared();
    asked.retain(|standing| *standing != Standing::Blocking);
    let n: i64 = asked.iter().filter_map(|one| standings.get(one)).sum();
    if n == 0 || !carries_contact([role]) {
        return None;
    }
    let filter = Filter {
        role: Some(role.to_owned()),
        standings: asked,
        ..Filter::default()
    };
    let role = words::role(role);
    Some(Attention {
        text: format!(
            "{}: clients that are ready and depend on {} may lose contact",
            counted(
                n,
                &format!("machine of the role {role} is not ready, or nobody can say"),
                &format!("machines of the role {role} are not ready, or nobody can say")
            ),
            if n == 1 { "it" } else { "them" }
        ),
        href: Some(links::list_url(&filter)),
    })
}

/// The first lines about roles, and how many there are besides.
fn capped(mut lines: Vec<Attention>, what: &str) -> Vec<Attention> {
    let more = lines.len().saturating_sub(ROLES);
    if more > 0 {
        lines.truncate(ROLES);
        let more = i64::try_from(more).unwrap_or(i64::MAX);
        lines.push(Attention {
            text: format!(
                "Machines of {} {what}: see the table of the site systems",
                counted(more, "further role", "further roles")
            ),
            href: None,
        });
    }
    lines
}

/// How many scopes wait for a decision by somebody else than who asked.
pub fn requests(waiting: usize) -> Option<Attention> {
    let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
    (waiting > 0).then(|| Attention {
        text: counted(
            waiting,
            "request for a cutover decision waits for somebody else",
            "requests for cutover decisions wait for somebody else",
        ),
        href: Some("/cutover#waiting".to_owned()),
    })
}

/// What is wrong with the certificates; see [`super::tls::troubles`].
pub fn certificates(
    certificates: &[Certificate],
    trouble: Option<&str>,
    now: Timestamp,
) -> Vec<Attention> {
    super::tls::troubles(certificates, trouble, now)
        .into_iter()
        .map(|text| Attention {
            text,
            href: Some("/tls".to_owned()),
        })
        .collect()
}

/// How many addresses came without TLS 1.2, or without a shared suite, in the last 30 days.
pub fn sightings(addresses: i64) -> Option<Attention> {
    (addresses > 0).then(|| Attention {
        text: counted(
            addresses,
            "address could not agree on TLS with this server in the last 30 days",
            "addresses could not agree on TLS with this server in the last 30 days",
        ),
        href: Some("/sightings".to_owned()),
    })
}

/// A line for each webhook that does not reach anybody, or did not.
pub fn webhooks(webhooks: &[Webhook]) -> Vec<Attention> {
    webhooks
        .iter()
        .filter_map(|webhook| {
            let name = &webhook.name;
            let text = if webhook.disabled_at.is_some() {
                format!("Webhook {name} is told nothing any more: its target says that it is gone")
            } else if webhook.given_up > 0 {
                format!(
                    "Webhook {name} did not take {}, which {} given up",
                    counted(webhook.given_up, "message", "messages"),
                    if webhook.given_up == 1 { "was" } else { "were" }
                )
            } else {
                return None;
            };
            Some(Attention {
                text,
                href: Some("/webhooks".to_owned()),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_are_not_named_are_counted() {
        let roles = |n: usize| -> Vec<(String, BTreeMap<Standing, i64>)> {
            (0..n)
                .map(|n| {
                    (
                        format!("role_{n}"),
                        BTreeMap::from([(Standing::Blocking, 2)]),
                    )
                })
                .collect()
        };
        assert_eq!(systems(&roles(ROLES)).len(), ROLES);
        let lines = systems(&roles(ROLES + 3));
        assert_eq!(lines.len(), ROLES + 1);
        let last = &lines[ROLES];
        assert!(last.text.contains("3 further roles"), "{}", last.text);
        // Who only has the console is no site system.
        let console = [(
            "console".to_owned(),
            BTreeMap::from([(Standing::Blocking, 1)]),
        )];
        assert!(systems(&console).is_empty());
    }
}
