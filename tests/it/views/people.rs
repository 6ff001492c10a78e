//! The pages about people, in every state worth looking at.

use cutover::{
    domain::{
        access::{Role, Sites},
        time::{DAY, HOUR},
    },
    store::{accounts::Account, sessions::OwnSession},
    views::{
        Nav,
        account::AccountPage,
        people::{PeoplePage, PersonPage},
        setup::SetupPage,
    },
};

use super::{html, samples, signed_out};

fn account(name: &str, role: Role) -> Account {
    Account {
        name: name.to_owned(),
        role,
        sites: Sites::all(),
        disabled_at: None,
        created_at: samples::now().plus(-20 * DAY),
        created_by: "ines.okafor".to_owned(),
        last_sign_in_at: Some(samples::now().plus(-3 * HOUR)),
        must_change: false,
    }
}

fn session(id: &str, agent: &str, address: &str) -> OwnSession {
    OwnSession {
        id: id.to_owned(),
        created_at: samples::now().plus(-3 * HOUR).0,
        last_used_at: samples::now().0,
        address: address.to_owned(),
        agent: agent.to_owned(),
    }
}

pub fn pages() -> Vec<(&'static str, String)> {
    let admin = account("ines.okafor", Role::Administrator);
    let limited = Account {
        sites: Sites::only(["P01".to_owned(), "P02".to_owned()]),
        last_sign_in_at: None,
        must_change: true,
        ..account("otto <b>/\"", Role::Operator)
    };
    let gone = Account {
        disabled_at: Some(samples::now()),
        created_by: String::new(),
        ..account("vera", Role::Viewer)
    };
    let sessions = [
        session("here", "Mozilla/5.0 Firefox/133.0", "192.0.2.7"),
        session("there", "<script>", ""),
    ];
    let all = [admin.clone(), limited.clone(), gone.clone()];
    let people = || samples::layout(Nav::People);
    let own = || samples::layout(Nav::Account);
    let made_up = Some("0123456789abcdef01234567".to_owned());
    let wrong = Some("The old password is another one.".to_owned());
    vec![
        ("people", html(&PeoplePage::new(people(), &all))),
        ("person", html(&PersonPage::new(people(), &gone, None))),
        (
            "person-new",
            html(&PersonPage::new(people(), &limited, made_up)),
        ),
        (
            "account",
            html(&AccountPage::new(own(), &admin, &sessions, "here", None)),
        ),
        (
            "account-wrong",
            html(&AccountPage::new(
                own(),
                &limited,
                &sessions[..1],
                "here",
                wrong,
            )),
        ),
        (
            "setup",
            html(&SetupPage::new(signed_out(), "0123", "admin", None)),
        ),
        (
            "setup-wrong",
            html(&SetupPage::new(
                signed_out(),
                "0123",
                "a \"<b>",
                Some("The two passwords differ; type the same one twice."),
            )),
        ),
    ]
}
