//! Several expected lists through the API and the page: put in force, looked at, taken out again.

use reqwest::{Method, header};
use serde_json::json;

use crate::support::{
    answer::{Answer, hidden},
    app::TestApp,
};

const AD: &str = include_str!("../../feeds/lists/ad-computers.csv");

async fn delete(app: &TestApp, query: &str) -> Answer {
    let request = app
        .request(Method::DELETE, &format!("/api/v1/population{query}"))
        .bearer_auth(app.token("population"));
    Answer::to(request).await
}

#[tokio::test]
async fn lists_of_every_kind_stand_side_by_side() {
    for app in TestApp::each().await {
        app.put_population(
            "",
            "Name,ResourceID,SiteCode\nPC-0042,1,P01\nPC-0043,2,P01\n",
        )
        .await
        .ok("devices");
        let ad = app
            .put_population("?list=AD", AD)
            .await
            .ok("computers")
            .json();
        assert_eq!(
            (&ad["list"], &ad["kind"], &ad["rows"], &ad["left_out"]),
            (&json!("ad"), &json!("ad_computers"), &json!(4), &json!(1)),
            "{ad}"
        );
        let names = app
            .put_population("?list=Lab%20PCs", "LAB-1\nLAB-2\n")
            .await
            .ok("names")
            .json();
        assert_eq!(
            (&names["kind"], &names["new"]),
            (&json!("names"), &json!(2)),
            "{names}"
        );
        let population = app.json("/api/v1/summary").await["population"].clone();
        insta::assert_snapshot!("three_lists", hidden(population));
        let problem = app
            .put_population("?list=a%2Fb", "Name\nPC-1\n")
            .await
            .problem(422);
        insta::assert_snapshot!("no_name_of_a_list", hidden(problem));
    }
}

#[tokio::test]
async fn a_list_is_taken_out_of_force_by_its_name() {
    for app in TestApp::each().await {
        app.put_population("", "Name\nPC-1\nPC-2\n")
            .await
            .ok("a list");
        app.put_population("?list=lab", "LAB-1\nPC-1\n")
            .await
            .ok("another");
        delete(&app, "").await.problem(422);
        delete(&app, "?list=none").await.problem(404);
        let problem = delete(&app, "?list=lab").await.problem(409);
        insta::assert_snapshot!("a_list_that_shows_others", hidden(problem));
        let done = delete(&app, "?list=LAB&confirm_shrink=1&why=given+up")
            .await
            .ok("confirmed")
            .json();
        assert_eq!(
            done,
            json!({"list": "lab", "gone": 2, "population": [3, 2]})
        );
        let problem = delete(&app, "?list=default").await.problem(409);
        insta::assert_snapshot!("the_last_list", hidden(problem));
        assert_eq!(
            app.json("/api/v1/summary").await["population"]["complete"],
            true
        );
        delete(&app, "?list=default&confirm_shrink=2&why=given+up")
            .await
            .ok("confirmed");
        let population = app.json("/api/v1/summary").await["population"].clone();
        assert_eq!(
            (
                &population["complete"],
                &population["list"],
                &population["lists"]
            ),
            (&json!(false), &json!(null), &json!([])),
            "{population}"
        );
    }
}

#[tokio::test]
async fn a_person_names_a_list_and_takes_it_away_after_looking() {
    let app = TestApp::one();
    let cookie = app.sign_in().await;
    let post = |path: &str| {
        app.request(Method::POST, path)
            .header(header::COOKIE, &cookie)
    };
    for (name, text) in [("", "Name\nPC-1\nPC-2\n"), ("Lab", "LAB-1\nLAB-2\n")] {
        let form = format!(
            "--x\r\nContent-Disposition: form-data; name=\"list\"\r\n\r\n{name}\r\n\
             --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.txt\"\r\n\r\n{text}\r\n--x--\r\n"
        );
        let sent = post("/population")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(form);
        let page = Answer::to(sent).await.ok("an upload").text();
        assert!(page.contains("The list is in force"), "{page}");
    }
    let press = |form: &str| {
        post("/population/withdraw")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.to_owned())
    };
    let page = Answer::to(press("list=lab")).await.ok("a look").text();
    assert!(
        page.contains("2 of 4 clients would no longer be counted"),
        "{page}"
    );
    let (_, confirm) = page.split_once("name=\"confirm\" value=\"").expect("a box");
    let (confirm, _) = confirm.split_once('"').expect("its value");
    // A confirmation holds for the upload that was looked at.
    let page = Answer::to(press("list=lab&why=given+up&confirm=5"))
        .await
        .ok("another")
        .text();
    assert!(page.contains("would no longer be counted"));
    let page = Answer::to(press(&format!("list=lab&why=given+up&confirm={confirm}")))
        .await
        .ok("yes")
        .text();
    assert!(
        page.contains("out of force") && page.contains("2 are now"),
        "{page}"
    );
    let population = app.json("/api/v1/summary").await["population"].clone();
    assert_eq!(population["expected"], 2);
    Answer::to(press("list=lab")).await.problem(404);
    for (form, place) in [("confirm=1", "/list"), ("list=lab&confirm=x", "/confirm")] {
        let problem = Answer::to(press(form)).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], place, "{problem}");
    }
}
