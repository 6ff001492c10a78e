//! What newcomers stumbled over on the pages of a cutover.

use reqwest::{Method, header};

use super::served::{estate, page, post, scope};
use crate::support::{answer::Answer, app::TestApp};

const PASSWORD: &str = "brown horse, 4 legs";

/// A form sent by a browser.
async fn form(app: &TestApp, cookie: &str, path: &str, form: &str) -> Answer {
    let request = app
        .request(Method::POST, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.to_owned());
    Answer::to(request).await
}

/// The page again, with every one of these texts in it.
#[track_caller]
fn again(answer: &Answer, status: u16, wanted: &[&str]) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted} is missing: {text}");
    }
    assert!(text.contains("role=\"alert\""), "{text}");
}

#[tokio::test]
async fn what_was_typed_into_a_form_that_is_refused_stays() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let sent = "name=Mill+%3Cb%3E&sites=p01&tls11=1&planned=12.3.2027&freshness_days=0";
        let new = form(&app, &cookie, "/cutover", sent).await;
        again(
            &new,
            422,
            &[
                "value=\"Mill &#60;b&#62;\"",
                "value=\"p01\"",
                "href=\"#scope-planned\"",
                "aria-invalid=\"true\" aria-describedby=\"scope-planned-wrong scope-planned-help\"",
                "id=\"scope-planned-wrong\">Planned day: is no day",
                "id=\"scope-freshness_days-wrong\"",
                "name=\"tls11\" value=\"1\" checked",
            ],
        );
        assert!(
            !new.text().contains("name=\"tls10\" value=\"1\" checked"),
            "a box that was emptied stays empty"
        );
        let scope = scope(&app, &cookie, "").await;
        let changed = form(&app, &cookie, &scope, "name=&tls10=1&freshness_days=14").await;
        again(
            &changed,
            422,
            &["<details class=\"fold\" open>", "id=\"scope-name-wrong\""],
        );
        let path = format!("{scope}/limits");
        let limit = form(&app, &cookie, &path, "criterion=silent&limit=-3&why=Agreed").await;
        again(
            &limit,
            422,
            &[
                "value=\"-3\"",
                "value=\"Agreed\"",
                "<option value=\"silent\" selected>",
                "id=\"limits-limit-wrong\"",
            ],
        );
        let path = format!("{scope}/say");
        let said = "kind=freeze&note=Looked+%3Cat%3E&about=soon&link=https%3A%2F%2Fa.example";
        let said = form(&app, &cookie, &path, said).await;
        again(
            &said,
            422,
            &[
                "<option value=\"freeze\" selected>",
                "Looked &#60;at&#62;</textarea>",
                "value=\"https://a.example\"",
                "id=\"say-about-wrong\"",
            ],
        );
        let path = format!("{scope}/decide");
        let sent =
            "decided=go_with_conditions&seen_go=0&seen_most=0&why=The+plant+closes+this+year";
        let decided = form(&app, &cookie, &path, sent).await;
        // Nothing is decided without a run, so the form is not there; what is wrong stands on top all the same.
        again(&decided, 422, &["Conditions: say under which conditions"]);
        post(&app, &cookie, &format!("{scope}/run"), "").await;
        let decided = form(&app, &cookie, &path, sent).await;
        again(
            &decided,
            422,
            &[
                "The plant closes this year</textarea>",
                "<option value=\"go_with_conditions\" selected>",
                "id=\"decide-conditions-wrong\"",
            ],
        );
        // What was looked at is never what was typed.
        let stale = "decided=no_go&seen_go=0&seen_most=77&why=The+plant+closes+this+year";
        let stale = form(&app, &cookie, &path, stale).await;
        again(
            &stale,
            409,
            &[
                "The plant closes this year</textarea>",
                "Run the what-if again",
            ],
        );
        assert!(!stale.text().contains("name=\"seen_most\" value=\"77\""));
        // Several lines are taken as one.
        let lines = "kind=freeze&note=One+line%0D%0Aand+two&about=2027-03-12";
        let lines = form(&app, &cookie, &format!("{scope}/say"), lines).await;
        assert_eq!(lines.status, 303, "{}", lines.text());
        assert!(
            page(&app, &cookie, &scope)
                .await
                .contains("One line and two")
        );
    }
}

#[tokio::test]
async fn exceptions_that_are_refused_keep_their_words() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let rows = app.json("/api/v1/blockers").await;
        let id = rows["items"][0]["id"].as_str().expect("an id").to_owned();
        let sent = "kind=grace&reason=The+mill+%3Crun%3E&control=&owner=Mill&until=2020-01-01";
        let one = format!("/clients/{id}/exceptions");
        let wanted = [
            "<option value=\"grace\" selected>",
            "The mill &#60;run&#62;</textarea>",
            "value=\"2020-01-01\"",
            "id=\"exception-control-wrong\"",
            "id=\"exception-until-wrong\"",
        ];
        let asked = form(&app, &cookie, &one, sent).await;
        again(&asked, 422, &wanted);
        assert!(asked.text().contains("<details open>"), "{}", asked.text());
        let all = format!("{sent}&clients={id}");
        let all = form(&app, &cookie, "/exceptions/new", &all).await;
        again(&all, 422, &wanted);
        let kept = format!("name=\"clients\" value=\"{id}\"");
        assert!(all.text().contains(&kept), "{}", all.text());
        let name = rows["items"][0]["name"].as_str().expect("a name");
        let named = format!("<a href=\"/clients/{id}\"><bdi>{name}</bdi></a>");
        assert!(all.text().contains(&named), "{}", all.text());
        let good = "kind=grace&reason=a&control=b&owner=c&until=";
        let day = &cutover::clock::now()
            .plus(9 * cutover::domain::time::DAY)
            .to_string()[..10];
        let made = form(&app, &cookie, &one, &format!("{good}{day}")).await;
        let path = made.header("location");
        let refused = form(&app, &cookie, &format!("{path}/withdraw"), "note=").await;
        again(&refused, 422, &["id=\"withdraw-note-wrong\""]);
        let none = form(
            &app,
            &cookie,
            "/exceptions/decide",
            "decision=approve&note=Seen",
        )
        .await;
        again(&none, 422, &["tick 1 to"]);
    }
}

#[tokio::test]
async fn a_filter_that_nobody_fits_is_refused_and_a_site_that_may_come_is_told() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        for (filter, wanted) in [
            ("os%3D6.1.7602-client", "os=6.1.7601-client"),
            ("owner%3DFinance", "no other is known yet"),
            ("role%3Dmanagement_point", "no client has the role"),
        ] {
            let sent = format!("name=a&tls10=1&freshness_days=14&filter={filter}");
            let refused = post(&app, &cookie, "/cutover", &sent).await;
            assert_eq!(refused.status, 422, "{filter}: {}", refused.text());
            assert!(refused.text().contains(wanted), "{}", refused.text());
        }
        let sent = "name=a&tls10=1&freshness_days=14&filter=os%3D6.1.7601-client";
        let made = post(&app, &cookie, "/cutover", sent).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let known = page(&app, &cookie, &made.header("location")).await;
        assert!(!known.contains("is known, so nobody"), "{known}");
        let sent = "name=b&tls10=1&freshness_days=14&sites=P01,Z99&roles=management_point";
        let made = post(&app, &cookie, "/cutover", sent).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let told = page(&app, &cookie, &made.header("location")).await;
        for wanted in [
            "No client of site Z99 is known, so nobody of it is in this scope.",
            "No site system with the role management_point has reported here.",
        ] {
            assert!(told.contains(wanted), "{told}");
        }
    }
}

#[tokio::test]
async fn the_second_person_is_told_of_a_request_until_it_is_answered() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "&two_people=1").await;
        let text = page(&app, &cookie, &scope).await;
        assert!(text.contains("A decision takes two people"), "{text}");
        assert!(
            !page(&app, &cookie, "/")
                .await
                .contains("cutover decision waits")
        );
        let talk = format!("{scope}/say");
        assert_eq!(post(&app, &cookie, &talk, "kind=request").await.status, 303);
        let add = ["user", "add", "pat", "--role", "approver"];
        assert!(app.command(&add, "").status.success());
        let kept = app.command(&["user", "set-password", "pat"], &format!("{PASSWORD}\n"));
        assert!(kept.status.success(), "{kept:?}");
        let pat = app.sign_in_as("pat", PASSWORD).await;
        let first = page(&app, &pat, "/").await;
        assert!(
            first.contains("<a href=\"/cutover#waiting\">1 request for a cutover decision waits"),
            "{first}"
        );
        let list = page(&app, &pat, "/cutover").await;
        assert_eq!(list.matches("Decision on <bdi>").count(), 1, "{list}");
        assert!(list.contains("You can decide."), "{list}");
        let own = page(&app, &cookie, "/cutover").await;
        assert!(
            own.contains("You asked, so somebody else decides."),
            "{own}"
        );
        // It is taken back where it stands, and asked for again.
        let board = page(&app, &cookie, &scope).await;
        assert!(
            board.contains("the request for a decision</span>"),
            "{board}"
        );
        let back = post(&app, &cookie, &talk, "kind=request&take_back=1").await;
        assert_eq!(back.status, 303, "{}", back.text());
        assert!(
            !page(&app, &pat, "/")
                .await
                .contains("cutover decision waits")
        );
        post(&app, &cookie, &talk, "kind=request").await;
        let target = format!("{scope}/decide");
        let sent = "decided=no_go&seen_go=0&seen_most=2&why=Too+early";
        let answer = post(&app, &pat, &target, sent).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert!(
            !page(&app, &pat, "/")
                .await
                .contains("cutover decision waits")
        );
    }
}

#[tokio::test]
async fn a_frozen_page_says_when_and_names_the_later_decision() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let form = "criterion=silent&limit=7&why=Agreed+in+the+board";
        post(&app, &cookie, &format!("{scope}/limits"), form).await;
        let form = "criterion=heard_again_hours&limit=1&why=A+short+night";
        post(&app, &cookie, &format!("{scope}/limits"), form).await;
        let board = page(&app, &cookie, &scope).await;
        for wanted in [
            "<q><bdi>Agreed in the board</bdi></q>",
            "Hours until somebody is missed: set by <bdi>admin</bdi>",
            "<q><bdi>A short night</bdi></q>",
            "missed after 1 hour.",
        ] {
            assert!(board.contains(wanted), "{wanted}: {board}");
        }
        let decide = format!("{scope}/decide");
        let sent = "decided=no_go&seen_go=0&seen_most=2&why=Too+early";
        for _ in 0..2 {
            let made = post(&app, &cookie, &decide, sent).await;
            assert_eq!(made.status, 303, "{}", made.text());
        }
        let first = page(&app, &cookie, "/cutover/decisions/1").await;
        assert!(
            first.contains("<a href=\"/cutover/decisions/2\">decision 2: No-go</a>"),
            "{first}"
        );
        let second = page(&app, &cookie, "/cutover/decisions/2").await;
        assert!(!second.contains("A later decision"), "{second}");
        let sheet = page(&app, &cookie, "/cutover/decisions/2/sheet").await;
        let record = page(&app, &cookie, "/cutover/decisions/2/record").await;
        for (name, text) in [("page", &second), ("sheet", &sheet), ("record", &record)] {
            for word in ["today", "so far", " now, ", "said so yet"] {
                assert!(!text.contains(word), "the {name} says {word:?}: {text}");
            }
        }
        for text in [&second, &sheet] {
            assert!(
                text.contains("at most 7, set by admin: Agreed in the board"),
                "{text}"
            );
            assert!(text.contains("By the criteria at 20"), "{text}");
        }
        // Each criterion leads to what it counts.
        let method = page(&app, &cookie, "/method").await;
        for code in ["blockers", "coverage", "observed", "repair_path"] {
            assert!(second.contains(&format!("href=\"/method#criterion-{code}\"")));
            assert!(
                method.contains(&format!("id=\"criterion-{code}\"")),
                "{code}"
            );
        }
    }
}

#[tokio::test]
async fn the_list_of_decisions_goes_on_page_by_page() {
    for app in TestApp::each().await {
        estate(&app).await;
        let cookie = app.sign_in().await;
        let scope = scope(&app, &cookie, "").await;
        let sent = "decided=no_go&seen_go=0&seen_most=2&why=Too+early";
        for _ in 0..3 {
            let made = post(&app, &cookie, &format!("{scope}/decide"), sent).await;
            assert_eq!(made.status, 303, "{}", made.text());
        }
        let (mut numbers, mut cursor) = (Vec::new(), String::new());
        loop {
            let list = app
                .json(&format!("/api/v1/decisions?limit=2&cursor={cursor}"))
                .await;
            for item in list["items"].as_array().expect("items") {
                numbers.push(item["number"].as_i64().expect("a number"));
            }
            assert_eq!(list["more"], list["next_cursor"].is_string());
            match list["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(numbers, [3, 2, 1]);
        assert_eq!(app.get("/api/v1/decisions?cursor=x").await.status, 400);
        assert_eq!(app.get("/api/v1/decisions?limit=0").await.status, 422);
        let older = page(&app, &cookie, "/cutover?before=3").await;
        // Whatever page it is, each scope has its newest one beside it.
        let (_, older) = older.split_once("id=\"decisions\"").expect("the list");
        assert!(
            older.contains("Record 2") && !older.contains("Record 3"),
            "{older}"
        );
        assert!(older.contains("these are older ones"), "{older}");
        let end = page(&app, &cookie, "/cutover?before=1").await;
        assert!(end.contains("There is no older decision."), "{end}");
    }
}

#[tokio::test]
async fn no_two_scopes_look_the_same() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        for (name, wrong) in [
            ("Site%E2%80%8B+P01", "U+200B"),
            ("Site%C2%A0P01", "U+00A0"),
            ("Site+P01%E2%80%AE", "U+202E"),
        ] {
            let sent = format!("name={name}&sites=P01&tls11=1&freshness_days=14");
            let refused = form(&app, &cookie, "/cutover", &sent).await;
            let wanted =
                format!("Name: holds the sign {wrong}, which cannot be seen; leave it out");
            again(&refused, 422, &[&wanted]);
        }
        let plain = "name=Werk+M%C3%BChle+%E5%B7%A5%E5%A0%B4&sites=P01&tls11=1&freshness_days=14";
        assert_eq!(form(&app, &cookie, "/cutover", plain).await.status, 303);
    }
}

#[tokio::test]
async fn no_scope_lets_older_reports_count_than_the_server() {
    for app in TestApp::each().await {
        let cookie = app.sign_in().await;
        for (days, status) in [(15, 422), (14, 303)] {
            let sent = format!("name=P01&sites=P01&tls11=1&freshness_days={days}");
            let answer = form(&app, &cookie, "/cutover", &sent).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            if status == 422 {
                again(
                    &answer,
                    422,
                    &["from 1 to 14: older reports count nowhere on this server"],
                );
            }
        }
    }
}

/// What a form offers is taken as it stands.
#[tokio::test]
async fn a_new_scope_is_offered_no_more_days_than_the_server_lets_reports_count() {
    for (arguments, days) in [(&["--freshness-days", "7"][..], 7), (&[][..], 14)] {
        for app in TestApp::each_with(arguments).await {
            let cookie = app.sign_in().await;
            let text = page(&app, &cookie, "/cutover").await;
            let offered = format!("name=\"freshness_days\" value=\"{days}\"");
            assert!(text.contains(&offered), "{text}");
        }
    }
}
