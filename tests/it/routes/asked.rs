//! What stands behind the `?` of an address: known, or refused, on pages as in the API. A filter that is misspelt in a link
//! would show the whole estate as if it were the part that was meant.

use cutover::http::routes::{Needs, table};
use reqwest::{Method, header};

use crate::{
    people::matrix::address,
    support::{answer::Answer, app::TestApp},
};

#[tokio::test]
async fn no_page_passes_over_a_name_that_it_does_not_know() {
    for app in TestApp::each_with(&["--rate-limit", "0"]).await {
        let sent = app.send(app.report("PC-1").line()).await.ok("kept").json();
        let id = sent["results"][0]["client_id"].as_str().expect("an id");
        let upload = app.uploaded("a.json", app.report("PC-1").line()).await;
        let cookie = app.sign_in().await;
        let get = async |path: &str| {
            let request = app.request(Method::GET, path);
            let request = request.header(header::COOKIE, &cookie);
            Answer::to(request.header(header::ACCEPT, "text/html")).await
        };
        let mut tried = 0;
        let mut asking = Vec::new();
        for route in table() {
            // Whoever has not signed in sees no part of anything.
            let page = !route.path.starts_with("/api/") && route.path != "/metrics";
            if route.method != Method::GET || !page || route.rule.needs == Needs::Anyone {
                continue;
            }
            let path = address(route.path, id, &upload);
            for name in ["sitee", "utm_source"] {
                let refused = get(&format!("{path}?{name}=P01")).await;
                let text = refused.text();
                if refused.status == 404 && route.asks {
                    // It is looked for first; there is no such thing here.
                    asking.push(route.path);
                    continue;
                }
                assert_eq!(refused.status, 422, "{path} on {}: {text}", app.engine);
                assert!(text.contains(name), "{path} does not name it: {text}");
                let tells = text.contains("takes no parameters") || text.contains("use ");
                assert!(tells, "{path} does not say what it knows: {text}");
                tried += 1;
            }
            // What is empty asks nothing, as forms send it.
            let empty = get(&format!("{path}?")).await;
            assert_ne!(empty.status, 422, "{path}");
        }
        asking.sort_unstable();
        asking.dedup();
        let later = [
            "/cutover/decisions/{number}",
            "/cutover/{scope}/what-if/{run}",
            "/cutover/{scope}/what-if/{run}/names.csv",
        ];
        assert_eq!(asking, later);
        assert!(tried > 80, "{tried}");
        // The same words on the page and in the API.
        let page = get("/clients?sitee=P01").await.text();
        let asked = app.request(Method::GET, "/api/v1/clients?sitee=P01");
        let api = Answer::to(asked.bearer_auth(app.token("read")))
            .await
            .problem(422);
        let detail = api["errors"][0]["detail"].as_str().expect("a sentence");
        let known = detail.split("use one of ").nth(1).expect("the known ones");
        assert!(page.contains(known), "{known} in {page}");
    }
}

#[tokio::test]
async fn what_was_closed_is_not_told_by_an_address() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let get = async |path: &str, from: &str| {
        let request = app.request(Method::GET, path);
        let request = request.header("sec-fetch-site", from);
        Answer::to(request.header(header::COOKIE, &cookie)).await
    };
    let number = get("/suspicions?done=4711", "same-origin").await;
    assert_eq!(number.status, 422);
    for (done, words) in [
        ("some", "What was ticked and still open is closed."),
        ("none", "Nothing was closed"),
    ] {
        let path = format!("/suspicions?done={done}");
        for (from, told) in [
            ("same-origin", true),
            ("none", false),
            ("cross-site", false),
        ] {
            let text = get(&path, from).await.ok("the page").text();
            assert_eq!(text.contains(words), told, "{done} from {from}: {text}");
        }
    }
}
