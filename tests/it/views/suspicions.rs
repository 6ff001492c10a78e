//! The page of suspicions, with one of each kind, and with none.

use cutover::{
    domain::{
        access::Sites,
        suspicions::Kind,
        time::{DAY, HOUR},
        verdict::Standing,
    },
    store::suspicion_list::{Closed, State, Suspicion, SuspicionPage, Which, Whom},
    views::{Nav, suspicions::SuspicionsPage},
};

use super::{html, samples};

fn suspicion(n: i64, kind: Kind) -> Suspicion {
    let now = samples::now();
    let burst = kind == Kind::Burst;
    Suspicion {
        id: format!("01990000-0000-7000-8000-0000000000{n:02}"),
        kind,
        client: (!burst).then(|| Whom {
            id: "01990000-0000-7000-8000-000000000001".to_owned(),
            name: if n == 2 {
                String::new()
            } else {
                "WARD-7 <b>".to_owned()
            },
            site: "P01".to_owned(),
            standing: Some(Standing::Ready).filter(|_| n != 2),
        }),
        token: if n == 5 {
            String::new()
        } else {
            "4f1c09".to_owned()
        },
        token_name: "clients".to_owned(),
        about: String::new(),
        sent_by: "clients".to_owned(),
        sent_from: "203.0.113.9".to_owned(),
        was: match kind {
            Kind::Burst | Kind::Site => String::new(),
            _ => "10.0.0.1".to_owned(),
        },
        became: match kind {
            Kind::Site => "P02".to_owned(),
            _ => "203.0.113.9 & more".to_owned(),
        },
        turned: matches!(kind, Kind::Sender | Kind::Burst),
        first_at: now.plus(-DAY),
        last_at: now.plus(-HOUR),
        times: n * 30,
        closed: (n == 3 || n == 4).then(|| Closed {
            at: now.plus(-HOUR / 2),
            by: "b.lindqvist".to_owned(),
            why: "a new mainboard".to_owned(),
            set_aside: n == 4,
        }),
    }
}

/// With something of each kind, and with nothing.
pub fn pages() -> Vec<(&'static str, String)> {
    let layout = || samples::layout(Nav::Suspicions);
    let items: Vec<Suspicion> = (0..)
        .zip(Kind::ALL)
        .map(|(n, kind)| suspicion(n, kind))
        .collect();
    let page = SuspicionPage {
        next_cursor: Some("01990000-0000-7000-8000-000000000005".to_owned()),
        total: 120,
        items,
    };
    let all = Which {
        state: State::Any,
        ..Which::default()
    };
    let of_one = Which {
        client: Some(
            "01990000-0000-7000-8000-000000000001"
                .parse()
                .expect("an id"),
        ),
        ..Which::default()
    };
    let all_sites = Sites::all();
    vec![
        (
            "suspicions",
            html(&SuspicionsPage::new(
                layout(),
                &all,
                &page,
                Some(&all_sites),
            )),
        ),
        (
            "suspicions-none",
            html(&SuspicionsPage::new(
                layout(),
                &of_one,
                &SuspicionPage::default(),
                Some(&all_sites),
            )),
        ),
    ]
}
