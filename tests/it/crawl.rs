//! Walks through every page of a random fleet as a reader would, and holds each number to the list that it leads to.
//!
//! A page says a number, and its link the list; the list says its length, and so does the API. All three must agree,
//! whatever the filters on the way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cutover::{clock, domain::time::DAY, sim::Fleet};
use reqwest::{Method, header};

use crate::support::{answer::Answer, app::TestApp};

/// So many pages are read; the fleet has more than this.
const PAGES: usize = 140;
/// Clients of the fleet.
const SIZE: u64 = 400;

async fn fill(app: &TestApp, seed: u64) {
    let fleet = Fleet::new(seed, SIZE);
    let now = clock::now();
    let mut csv = Vec::new();
    fleet.population_csv(&mut csv).expect("a list");
    app.put_agreed("", csv).await.ok("a list");
    for (round, age) in [(0, 40), (1, 16), (2, 0)] {
        let at = now.plus(-age * DAY);
        let mut body = Vec::new();
        for client in fleet.clients().filter(|client| client.reports_in(round)) {
            // The old rounds leave clients behind that have fallen silent since.
            if round < 2 && client.index() % 7 != 0 {
                continue;
            }
            if round == 2 && client.index() % 7 == 0 && client.index() % 2 == 0 {
                continue;
            }
            body.extend(client.report(at, round));
            body.push(b'\n');
        }
        app.send(body).await.ok("reports");
    }
}

/// A link of a page: where it leads, and the words in it.
#[derive(Debug)]
struct Link {
    href: String,
    words: String,
}

fn links(html: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for part in html.split("<a ").skip(1) {
        let Some((tag, rest)) = part.split_once('>') else {
            continue;
        };
        let Some((inside, _)) = rest.split_once("</a>") else {
            continue;
        };
        let Some((_, href)) = tag.split_once("href=\"") else {
            continue;
        };
        let href = href
            .split('"')
            .next()
            .unwrap_or_default()
            .replace("&#38;", "&")
            .replace("&amp;", "&");
        let mut words = String::new();
        let mut hidden = false;
        for letter in inside.chars() {
            match letter {
                '<' => hidden = true,
                '>' => hidden = false,
                letter if !hidden => words.push(letter),
                _ => {}
            }
        }
        links.push(Link { href, words });
    }
    links
}

/// The number that a link's words begin with: `1,234` or `47 clients would be orphaned`; not `2026-11-20` or `32-bit`.
fn number(words: &str) -> Option<i64> {
    let first = words.split_whitespace().next()?;
    let digits = first.replace(',', "");
    digits.parse().ok()
}

fn is_list(href: &str) -> bool {
    let path = href.split('?').next().unwrap_or_default();
    path == "/blockers" || path == "/clients"
}

/// The whole length that the page of a list says: `1–100 of 214 clients` or `214 clients`.
fn length(html: &str) -> i64 {
    let (_, rest) = html.split_once("<span class=\"range\">").expect("a range");
    let text = rest.split('<').next().unwrap_or_default();
    if text == "No client" {
        return 0;
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words
        .iter()
        .position(|word| word.starts_with("client"))
        .unwrap_or_else(|| panic!("no length in {text:?}"));
    number(words[at - 1]).unwrap_or_else(|| panic!("no length in {text:?}"))
}

async fn read(app: &TestApp, cookie: &str, href: &str) -> String {
    let request = app
        .request(Method::GET, href)
        .header(header::ACCEPT, "text/html")
        .header(header::COOKIE, cookie);
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, 200, "{href}: {}", answer.text());
    answer.text()
}

async fn walk(app: &TestApp, seed: u64) {
    fill(app, seed).await;
    let cookie = app.sign_in().await;
    let mut waiting: VecDeque<String> = [
        "/",
        "/?site=S01&standing=blocking,undetermined,stale",
        "/?reason=winhttp.default_without_tls12",
        "/?freshness=fresh&impact=orphan",
        "/fixes",
        "/trend",
        "/method",
        "/api",
        "/views",
        "/feeds",
        "/webhooks",
        "/observed",
        "/exceptions",
        "/tls",
        "/sightings",
        "/suspicions",
        "/population",
        "/upload",
    ]
    .map(str::to_owned)
    .into();
    let mut found: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut lengths: BTreeMap<String, i64> = BTreeMap::new();
    let (mut pages, mut numbers) = (0, 0);
    let mut wrong = Vec::new();
    while let Some(href) = waiting.pop_front() {
        if pages == PAGES {
            break;
        }
        pages += 1;
        let html = read(app, &cookie, &href).await;
        for link in links(&html) {
            if !link.href.starts_with('/')
                || link.href.starts_with("/api/")
                || link.href.starts_with("/kit/")
            {
                continue;
            }
            if let Some(said) = number(&link.words).filter(|_| is_list(&link.href)) {
                numbers += 1;
                if !lengths.contains_key(&link.href) {
                    let page = length(&read(app, &cookie, &link.href).await);
                    let answer = app.json(&format!("/api/v1{}", link.href)).await;
                    assert_eq!(Some(page), answer["total"].as_i64(), "{}", link.href);
                    lengths.insert(link.href.clone(), page);
                }
                if lengths[&link.href] != said {
                    wrong.push(format!(
                        "{href} says {:?}, and {} has {}",
                        link.words, link.href, lengths[&link.href]
                    ));
                }
                continue;
            }
            // Client pages are all of one kind: a few of them are enough.
            let is_client = link.href.starts_with("/clients/");
            let clients = found
                .iter()
                .filter(|known| known.starts_with("/clients/"))
                .count();
            let is_file = link
                .href
                .rsplit('/')
                .next()
                .is_some_and(|name| name.contains('.'))
                && link.href.starts_with("/fixes/");
            if is_file
                || is_client && clients >= 6
                || link.href.contains('#')
                || link.href.contains("cursor=")
            {
                continue;
            }
            if found.insert(link.href.clone()) {
                waiting.push_back(link.href);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {numbers}: {wrong:#?}", wrong.len());
    assert!(
        pages >= 60 && numbers >= 800,
        "only {pages} pages with {numbers} numbers"
    );
}

#[tokio::test]
async fn every_number_on_every_page_is_the_length_of_its_list() {
    for (app, seed) in TestApp::each().await.into_iter().zip([7, 8]) {
        walk(&app, seed).await;
    }
}
