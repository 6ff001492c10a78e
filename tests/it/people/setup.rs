//! The first start: no default password, and one link.

use std::{
    io::Write as _,
    process::{Output, Stdio},
};

use reqwest::{StatusCode, Url, header};

use crate::support::{
    app::encoded,
    postgres::Database,
    process::{Home, Server},
};

const PASSWORD: &str = "brown horse, 4 legs";

async fn homes() -> Vec<(Home, Option<Database>)> {
    let mut homes = vec![(Home::sqlite(), None)];
    if let Some(database) = Database::fresh().await {
        homes.push((Home::postgres(&database.url()), Some(database)));
    }
    homes
}

fn key(link: &str) -> String {
    let (_, key) = link.split_once("/setup?key=").expect("a key");
    assert_eq!(key.len(), 64, "{link}");
    key.to_owned()
}

/// Asks a page; the client knows the certificate by not looking.
async fn page(server: &Server, path: &str, cookie: &str) -> (StatusCode, String) {
    let (client, url) = server.client(None, "summary");
    let url: Url = url.join(path).expect("an address");
    let request = client.get(url).header(header::COOKIE, cookie);
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a body"))
}

/// Sends the form; answers status and cookie.
async fn set_up(server: &Server, key: &str, user: &str, password: &str) -> (StatusCode, String) {
    let (client, url) = server.client(None, "summary");
    let request = client
        .post(url.join("/setup").expect("an address"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(format!(
            "key={key}&user={}&password={1}&again={1}",
            encoded(user),
            encoded(password)
        ));
    let answer = request.send().await.expect("an answer");
    let cookie = answer.headers().get(header::SET_COOKIE);
    let cookie = cookie.map_or("", |cookie| cookie.to_str().expect("text"));
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    (answer.status(), cookie)
}

#[tokio::test]
async fn a_link_makes_the_first_administrator_once() {
    for (home, _database) in homes().await {
        let (server, old) = home.launch().with_setup_link(&home);
        let (status, text) = page(&server, "/sign-in", "").await;
        assert!(status.is_success() && text.contains("Nobody has an account yet"));
        server.kill();
        let (server, link) = home.launch().with_setup_link(&home);
        let (old, key) = (key(&old), key(&link));
        assert_ne!(old, key);
        for wrong in [&old, "", "0"] {
            let (status, text) = page(&server, &format!("/setup?key={wrong}"), "").await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{text}");
            let (status, _) = set_up(&server, wrong, "ines", PASSWORD).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
        }
        let (status, text) = page(&server, &format!("/setup?key={key}"), "").await;
        assert!(
            status.is_success() && text.contains("Make the first one"),
            "{text}"
        );
        let (status, _) = set_up(&server, &key, "ines", "Password1234").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let (one, two) = tokio::join!(
            set_up(&server, &key, "ines", PASSWORD),
            set_up(&server, &key, "otto", PASSWORD)
        );
        let mut all = [one.clone(), two.clone()].map(|(status, _)| status.as_u16());
        all.sort_unstable();
        assert_eq!(all, [303, 404], "one of both");
        let cookie = if one.0 == 303 { one.1 } else { two.1 };
        let (status, _) = page(&server, "/people", &cookie).await;
        assert_eq!(status, StatusCode::OK, "an administrator");
        let (status, _) = page(&server, &format!("/setup?key={key}"), "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "it is gone");
        assert!(!home.log().contains(&key), "the link is in no log");
    }
}

/// Runs a command with something on its standard input.
fn fed(home: &Home, words: &[&str], input: &str) -> Output {
    let mut child = home
        .command(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run cutover");
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    child.wait_with_output().expect("its end")
}

#[tokio::test]
async fn the_command_line_makes_the_first_administrator_before_the_first_start() {
    for (home, _database) in homes().await {
        let words = ["user", "add", "vera", "--role", "viewer"];
        let viewer = fed(&home, &words, "");
        assert_eq!(viewer.status.code(), Some(1), "{viewer:?}");
        let words = [
            "user",
            "add",
            "admin",
            "--role",
            "administrator",
            "--password-stdin",
        ];
        let added = fed(&home, &words, &format!("{PASSWORD}\n"));
        assert!(added.status.success(), "{added:?}");
        assert!(added.stdout.is_empty(), "nothing is printed that was given");
        // It still makes the ingest token; a link would be of no use.
        let server = home.start();
        assert!(home.welcome().ingest_token.starts_with("cut_ingest_"));
        let (status, text) = page(&server, "/setup?key=0", "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{text}");
        let (_, text) = page(&server, "/sign-in", "").await;
        assert!(!text.contains("Nobody has an account"));
    }
}
