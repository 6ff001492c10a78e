//! Single sign-on: out to a server that vouches for people, and back; with a small one made here that can lie.

mod lies;
mod provider;
mod remembered;
mod signing_in;

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{answer::Answer, app::TestApp};
use provider::{CLIENT, Fake, SECRET};

/// What groups may do in these tests.
const ROLES: &str = "readers=viewer,north=operator:P01,south=operator:P02,bosses=administrator";

/// The settings for a server that signs people in at `fake`.
struct Settings {
    arguments: Vec<String>,
    _secret: tempfile::NamedTempFile,
}

impl Settings {
    fn at(fake: &Fake, more: &[&str]) -> Self {
        use std::io::Write as _;
        let mut secret = tempfile::NamedTempFile::new().expect("a file");
        writeln!(secret, "{SECRET}").expect("written");
        let file = secret.path().display().to_string();
        let mut arguments: Vec<String> = [
            "--rate-limit",
            "0",
            "--oidc-issuer",
            &fake.issuer,
            "--oidc-client-id",
            CLIENT,
            "--oidc-client-secret-file",
            &file,
            "--oidc-roles",
            ROLES,
            "--public-url",
            "https://cutover.corp.example",
        ]
        .map(str::to_owned)
        .into();
        arguments.extend(more.iter().map(|more| (*more).to_owned()));
        Self {
            arguments,
            _secret: secret,
        }
    }

    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }
}

/// Servers on each engine that sign people in at `fake`.
async fn servers(fake: &Fake, more: &[&str]) -> Vec<TestApp> {
    TestApp::each_with(&Settings::at(fake, more).arguments()).await
}

/// A sign-in that has begun, as the browser and the provider see it.
struct Trip {
    cookie: String,
    state: String,
    nonce: String,
    challenge: String,
    redirect: String,
}

impl Trip {
    /// Begins one.
    async fn begin(app: &TestApp, query: &str) -> Self {
        let answer = Answer::to(app.request(Method::GET, &format!("/sign-in/oidc{query}"))).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let set = answer.header("set-cookie");
        assert!(set.starts_with("__Host-cutover-sign-in="), "{set}");
        for part in [
            "HttpOnly",
            "SameSite=Lax",
            "Secure",
            "Path=/",
            "Max-Age=600",
        ] {
            assert!(set.contains(part), "{set}");
        }
        let url = reqwest::Url::parse(&answer.header("location")).expect("an address");
        let part = |name: &str| {
            let found = url.query_pairs().find(|(known, _)| known == name);
            found.map_or_else(String::new, |(_, value)| value.into_owned())
        };
        assert_eq!(part("response_type"), "code");
        assert_eq!(part("client_id"), CLIENT);
        assert_eq!(part("code_challenge_method"), "S256");
        assert_eq!(part("scope"), "openid profile");
        Self {
            cookie: set.split(';').next().expect("a cookie").to_owned(),
            state: part("state"),
            nonce: part("nonce"),
            challenge: part("code_challenge"),
            redirect: part("redirect_uri"),
        }
    }

    /// What a provider that does not lie would say of somebody.
    fn claims(&self, fake: &Fake, name: &str, groups: &[&str]) -> Value {
        let now = provider::now();
        json!({
            "iss": fake.issuer,
            "aud": CLIENT,
            "sub": format!("id of {name}"),
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "preferred_username": name,
            "groups": groups,
        })
    }

    /// Comes back with this query and these cookies.
    async fn back(app: &TestApp, query: &str, cookies: &str) -> Answer {
        let request = app
            .request(Method::GET, &format!("/sign-in/oidc/return?{query}"))
            .header(header::COOKIE, cookies)
            .header(header::ACCEPT, "text/html");
        Answer::to(request).await
    }

    /// Comes back as a browser does, after the provider has heard what to say.
    async fn finish(&self, app: &TestApp, fake: &Fake, claims: Value) -> Answer {
        fake.expect(self, claims);
        self.come_back(app, fake).await
    }

    async fn come_back(&self, app: &TestApp, fake: &Fake) -> Answer {
        let query = format!(
            "code=the-code&state={}&iss={}",
            self.state,
            crate::support::app::encoded(&fake.issuer)
        );
        Self::back(app, &query, &self.cookie).await
    }
}

/// Somebody goes there and comes back.
async fn sign_in(app: &TestApp, fake: &Fake, name: &str, groups: &[&str]) -> Answer {
    let trip = Trip::begin(app, "?next=%2Fclients").await;
    let claims = trip.claims(fake, name, groups);
    trip.finish(app, fake, claims).await
}

/// The session that an answer starts.
fn session(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookies = answer.headers.get_all(header::SET_COOKIE);
    let mut cookies = cookies.iter().map(|value| value.to_str().expect("text"));
    let ours = |cookie: &&str| cookie.starts_with("__Host-cutover=");
    let cookie = cookies.find(ours).expect("a session");
    cookie.split(';').next().expect("a cookie").to_owned()
}

/// A page for somebody.
async fn page(app: &TestApp, cookie: &str, path: &str) -> Answer {
    let request = app
        .request(Method::GET, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html");
    Answer::to(request).await
}

/// The newest entries of the audit log, newest first.
async fn entries(app: &TestApp) -> Vec<Value> {
    let cookie = app.sign_in().await;
    let answer = page(app, &cookie, "/api/v1/audit?limit=200").await;
    answer.ok("the audit log").json()["items"]
        .as_array()
        .expect("entries")
        .clone()
}

/// The lines of `cutover user list`.
fn users(app: &TestApp) -> String {
    let listed = app.command(&["user", "list"], "");
    String::from_utf8(listed.stdout).expect("text")
}
