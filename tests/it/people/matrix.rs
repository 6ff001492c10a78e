//! Every route, for everybody: made from the table of routes, so that a new route is tried, too.

use cutover::{
    http::routes::{Needs, Route, table},
    store::tokens::Purpose,
};
use reqwest::Method;

use crate::support::{answer::Answer, app::TestApp};

const PASSWORD: &str = "brown horse, 4 legs";

/// What each role is for, said here once more, so that a role that may more than before is seen.
const MAY: [(&str, &[Needs]); 5] = [
    ("viewer", &[Needs::OwnAccount, Needs::Read]),
    (
        "operator",
        &[
            Needs::OwnAccount,
            Needs::Read,
            Needs::Feed,
            Needs::FeedOrDecide,
            Needs::FeedOrReadAudit,
        ],
    ),
    (
        "approver",
        &[
            Needs::OwnAccount,
            Needs::Read,
            Needs::Decide,
            Needs::FeedOrDecide,
        ],
    ),
    (
        "administrator",
        &[
            Needs::OwnAccount,
            Needs::Read,
            Needs::Feed,
            Needs::Decide,
            Needs::FeedOrDecide,
            Needs::ReadAudit,
            Needs::FeedOrReadAudit,
            Needs::Administer,
        ],
    ),
    (
        "auditor",
        &[
            Needs::OwnAccount,
            Needs::Read,
            Needs::ReadAudit,
            Needs::FeedOrReadAudit,
        ],
    ),
];

/// An address for a route: with a client that is there.
pub fn address(path: &str, id: &str, upload: &str) -> String {
    let id = if path.contains("/uploads/") {
        upload
    } else {
        id
    };
    path.replace("{id}", id)
        .replace("{code}/{file}", "restart-computer/restart-computer.ps1")
        .replace("{code}", "restart-computer")
        .replace("{key}", "10.0.19045-client")
        .replace("{site}", "P01")
        .replace("{role}", "management_point")
        .replace("{day}", "2020-01-01")
        .replace("{view}", "none")
        .replace("{file}", "none.css")
        .replace("{name}", "cutover-collect.ps1")
        .replace("{person}", "nobody-of-this-name")
        .replace("{session}", "none")
        .replace("{token}", "none")
        .replace("{machine}", "none")
        .replace("{scope}", "none")
        .replace("{run}", "none")
        .replace("{number}", "1")
}

/// A body that the route can read, where it needs one.
pub fn body(method: &Method, path: &str, app: &TestApp) -> String {
    match (method.as_str(), path) {
        ("POST", "/api/v1/reports" | "/api/v1/uploads") => app.report("PC-1").line(),
        ("POST", "/api/v1/observations") => "{}".to_owned(),
        ("PUT", "/api/v1/population") => "Name\nPC-1\n".to_owned(),
        _ => String::new(),
    }
}

/// A guard that was changed, and a route that is new, stand in the difference.
#[test]
fn the_table_of_routes_is_looked_at_when_it_changes() {
    let lines = table().into_iter().map(|route| {
        let tokens = route.rule.tokens.iter().map(|purpose| purpose.code());
        let tokens: Vec<&str> = tokens.collect();
        let line = format!(
            "{} {} {:?} {}",
            route.method,
            route.path,
            route.rule.needs,
            tokens.join("+")
        );
        line.trim_end().to_owned()
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

/// What is to come of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Comes {
    /// Nobody is known.
    Unknown,
    /// Somebody who may not.
    Refused,
    /// To the page where a password is chosen.
    ToAccount,
    /// Whatever the route says.
    In,
}

/// Who asks.
enum Who {
    Nobody,
    Token(Purpose),
    Role(&'static str),
    MustChange,
}

fn comes(route: &Route, who: &Who) -> Comes {
    let needs = route.rule.needs;
    let page = route.method == Method::GET && !route.path.starts_with("/api/");
    let may = match who {
        Who::Nobody => return Comes::Unknown,
        Who::MustChange if needs == Needs::OwnAccount => true,
        // A viewer, who gets told first what a viewer may not.
        Who::MustChange if needs == Needs::Read && page => return Comes::ToAccount,
        Who::MustChange => false,
        Who::Token(purpose) => route.rule.tokens.contains(purpose),
        Who::Role(role) => MAY
            .iter()
            .any(|(known, may)| known == role && may.contains(&needs)),
    };
    if may { Comes::In } else { Comes::Refused }
}

#[tokio::test]
async fn every_route_takes_those_it_is_for_and_nobody_else() {
    for app in TestApp::each().await {
        let id = app.report("PC-1").stored().await;
        let revoked = app.make_token("read", "taken back");
        let id_of_it = app.token_id("taken back");
        let output = app.command(&["token", "revoke", &id_of_it], "");
        assert!(output.status.success());
        let garbage = format!("{}x", app.token("read"));
        let bearer = |token: &str| Some(("authorization", format!("Bearer {token}")));
        let mut callers = vec![
            ("nobody", None, Who::Nobody),
            ("garbage", bearer("cut_read_000000000000_00"), Who::Nobody),
            ("a token and one letter", bearer(&garbage), Who::Nobody),
            (
                "another scheme",
                Some(("authorization", format!("Basic {}", app.token("read")))),
                Who::Nobody,
            ),
            ("a token taken back", bearer(&revoked), Who::Nobody),
        ];
        for purpose in [
            Purpose::Ingest,
            Purpose::Read,
            Purpose::Population,
            Purpose::Import,
        ] {
            let token = bearer(app.token(purpose.code()));
            callers.push((purpose.code(), token, Who::Token(purpose)));
        }
        for (role, _) in MAY {
            app.add_user(role, role, PASSWORD);
            let cookie = app.sign_in_as(role, PASSWORD).await;
            callers.push((role, Some(("cookie", cookie)), Who::Role(role)));
        }
        app.add_user("left", "administrator", PASSWORD);
        let cookie = app.sign_in_as("left", PASSWORD).await;
        let disabled = app.command(&["user", "disable", "left"], "");
        assert!(disabled.status.success());
        callers.push(("disabled", Some(("cookie", cookie)), Who::Nobody));
        let added = app.command(&["user", "add", "new", "--role", "viewer"], "");
        let once = String::from_utf8(added.stdout).expect("a password");
        let cookie = app.sign_in_as("new", once.trim()).await;
        callers.push(("new", Some(("cookie", cookie)), Who::MustChange));

        let upload = app.uploaded("pc-1.json", app.report("PC-1").line()).await;
        let client = app.json(&format!("/api/v1/clients/{id}")).await;
        let entry = client["history"][0]["entry"].as_str().expect("an entry");
        let routes = table();
        let guarded = routes
            .iter()
            .filter(|route| route.rule.needs != Needs::Anyone);
        for route in guarded {
            let path = address(route.path, &id, &upload).replace("{entry}", entry);
            for (name, credential, who) in &callers {
                let mut request = app.request(route.method.clone(), &path).body(body(
                    &route.method,
                    route.path,
                    &app,
                ));
                if let Some((header, value)) = credential {
                    request = request.header(*header, value);
                }
                let answer = Answer::to(request).await;
                let came = match answer.status {
                    401 => Comes::Unknown,
                    403 => Comes::Refused,
                    303 if answer.header("location") == "/account"
                        && !route.path.starts_with("/account") =>
                    {
                        Comes::ToAccount
                    }
                    _ => Comes::In,
                };
                let what = format!(
                    "{} {path} for {name} on {}: {}",
                    route.method,
                    app.engine,
                    answer.text()
                );
                assert_eq!(came, comes(route, who), "{what}");
                assert!(answer.status < 500, "{what}");
                if matches!(came, Comes::Unknown | Comes::Refused) {
                    answer.problem(answer.status);
                }
                let challenge = answer.header("www-authenticate");
                assert_eq!(challenge.is_empty(), came != Comes::Unknown, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn who_may_not_is_told_who_may_and_sees_no_button_for_it() {
    let app = TestApp::one();
    app.add_user("vera", "viewer", PASSWORD);
    app.add_user("otto", "operator", PASSWORD);
    app.add_user("aude", "auditor", PASSWORD);
    let page = async |cookie: &str, path: &str| {
        let request = app
            .request(Method::GET, path)
            .header("cookie", cookie)
            .header("accept", "text/html");
        Answer::to(request).await
    };
    let admin = app.sign_in().await;
    let vera = app.sign_in_as("vera", PASSWORD).await;
    let otto = app.sign_in_as("otto", PASSWORD).await;
    let aude = app.sign_in_as("aude", PASSWORD).await;
    let refused = page(&vera, "/people").await;
    assert_eq!(refused.status, 403);
    let text = refused.text();
    assert!(
        text.contains("needs the role administrator; your role is viewer"),
        "{text}"
    );
    for (who, cookie, links) in [
        ("admin", &admin, [true, true, true]),
        ("vera", &vera, [false, false, false]),
        ("otto", &otto, [true, false, false]),
        ("aude", &aude, [true, false, false]),
    ] {
        let text = page(cookie, "/population").await.ok(who).text();
        let shown = ["/upload", "/people", "/webhooks"]
            .map(|link| text.contains(&format!("<a href=\"{link}\"")));
        assert_eq!(shown, links, "{who}");
        let form = text.contains("action=\"/population\"");
        assert_eq!(form, matches!(who, "admin" | "otto"), "{who}");
    }
    // Whoever looks after others sees what they sent, and sends nothing.
    let text = page(&aude, "/upload").await.ok("the receipts").text();
    assert!(!text.contains("action=\"/upload\""), "{text}");
}
