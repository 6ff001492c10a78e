//! Every deed leaves exactly one entry, and what changes nothing leaves none.

use crate::support::stores::EVERYWHERE;
use cutover::{
    domain::{
        access::Sites,
        assess::Policy,
        audit::{Actor, Author},
        cutover::{record::Closed, scope::Scope},
        exceptions::{Asked, Kind, Step},
        identity::ClientIds,
        lists::ListOrigin,
        time::DAY,
        webhooks::Event,
    },
    ingest::Judge,
    store::{
        Store,
        audit_log::AuditFilter,
        cutover::{changing::Changed, decisions::NewDecision, runs::KeptRun, scopes::Said},
        exceptions::{Answer, Doer, Taken},
        identify::ClientId,
        membership::Consent,
        model::{Filter, Listing},
        observed::{Logged, Noted},
        population::{Expected, ExpectedList},
        quarantine_model::Span,
        tokens::{NewToken, Purpose},
        webhooks::Secret,
    },
    uploads::{self, Chosen, Sent},
    views::deeds,
};

use crate::support::stores::{NOON, TestStore, blocking, report};

/// Looks at what each deed left.
struct Watch<'s> {
    store: &'s Store,
    engine: &'static str,
    seen: i64,
    deeds: Vec<String>,
}

impl Watch<'_> {
    /// One entry more, and what it says.
    async fn one(&mut self, deed: &str) -> cutover::domain::audit::Written {
        let page = self.page().await;
        self.seen += 1;
        assert_eq!(page.total, self.seen, "{deed} on {}", self.engine);
        let newest = page.items[0].written.clone();
        assert_eq!(newest.deed, deed);
        assert_ne!(deeds::words(deed), deed, "there are words for {deed}");
        assert_eq!(
            (newest.kind.as_str(), newest.actor.as_str()),
            ("person", "ann")
        );
        assert_eq!(newest.address, "192.0.2.7");
        self.deeds.push(deed.to_owned());
        newest
    }

    async fn none(&self, what: &str) {
        let total = self.page().await.total;
        assert_eq!(total, self.seen, "{what} on {}", self.engine);
    }

    async fn page(&self) -> cutover::store::audit_log::AuditPage {
        let all = AuditFilter::default();
        let page = self.store.audit_page(&all, None, 5).await;
        page.expect("a page")
    }
}

fn ann() -> Author {
    let from = "192.0.2.7".parse().expect("an address");
    Author::new(Actor::Person("ann".to_owned()), Some(from))
}

fn listed(names: &[&str], consent: Consent) -> ExpectedList {
    let row = |name: &&str| Expected {
        ids: ClientIds {
            name: Some((*name).to_owned()),
            ..ClientIds::default()
        },
        os_key: "unknown".to_owned(),
        roles: Vec::new(),
        owner: None,
        last_contact: None,
        listing: Listing::Expected,
    };
    ExpectedList {
        name: "lab".to_owned(),
        kind: ListOrigin::Names,
        rows: names.iter().map(row).collect(),
        rejected: 0,
        file_hash: vec![1],
        uploaded_by: "ann".to_owned(),
        by: ann().because(Some("moved house".to_owned())),
        consent,
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one deed after the other")]
async fn every_deed_leaves_one_entry() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut watch = Watch {
            store,
            engine: test.engine,
            seen: 0,
            deeds: Vec::new(),
        };
        let name = || "ci".to_owned();
        let token = store
            .create_token(NewToken::new(Purpose::Read, "ci"), ann(), NOON)
            .await;
        let token = token.expect("a token");
        let said = watch.one("token.create").await;
        assert!(!token.contains(&said.new.expect("what it is for")) || said.subject.contains("ci"));
        let id = store.tokens().await.expect("tokens")[0].id.clone();
        let revoke =
            || store.revoke_token(id.clone(), ann().because(Some("lost".to_owned())), NOON);
        assert!(revoke().await.expect("revoked"));
        assert_eq!(watch.one("token.revoke").await.why.as_deref(), Some("lost"));
        assert!(!revoke().await.expect("asked"));
        watch.none("a token that was revoked before").await;
        let span = Span {
            token: id.clone(),
            since: NOON,
            until: NOON,
        };
        let why = || "found on a stick".to_owned();
        let aside = store.set_aside(span, why(), ann(), NOON).await;
        let aside = aside.expect("set aside");
        let said = watch.one("token.quarantine").await;
        assert_eq!(said.subject, format!("ci ({id})"));
        assert_eq!(said.why, Some(why()));
        for there in [true, false] {
            let lifted = store.lift_quarantine(aside.clone(), why(), ann(), NOON);
            assert_eq!(lifted.await.expect("asked"), there);
        }
        let said = watch.one("token.quarantine.lift").await;
        assert_eq!(said.old.as_deref(), Some(aside.as_str()));
        assert_eq!(said.why, Some(why()));
        let save = store.save_view(name(), "/blockers".to_owned(), name(), ann(), NOON);
        assert!(save.await.expect("saved"));
        watch.one("view.save").await;
        let view = store.saved_views(None).await.expect("views")[0].id.clone();
        for there in [true, false] {
            let deleted = store.delete_view(view.clone(), ann(), NOON).await;
            assert_eq!(deleted.expect("asked"), there);
        }
        assert_eq!(watch.one("view.delete").await.subject, "ci");
        for (system, deed) in [("mp01", "observations.add"), ("", "addresses.add")] {
            for added in [true, false] {
                let logged = Logged {
                    system: system.to_owned(),
                    file: Some(("u.log".to_owned(), vec![9; 32], 0, true)),
                    ..Logged::default()
                };
                let noted = store.add_observations(logged, name(), ann(), NOON).await;
                assert_eq!(noted.expect("asked") == Noted::Added, added);
            }
            assert!(watch.one(deed).await.subject.contains("u.log"));
        }
        for mapping in ["{}", "[]"] {
            let save = store.save_mapping(name(), mapping.to_owned(), name(), ann(), NOON);
            save.await.expect("kept");
            let said = watch.one("mapping.save").await;
            assert_eq!(said.old.is_some(), mapping == "[]");
        }
        let place = (
            "https://a.example/secret".to_owned(),
            "https://a.example".to_owned(),
        );
        for there in [true, false] {
            let add = store.add_webhook(
                name(),
                place.clone(),
                &Event::ALL,
                Secret::new(),
                ann(),
                NOON,
            );
            assert_eq!(add.await.expect("asked").is_some(), there);
        }
        let said = watch.one("webhook.add").await;
        assert!(!format!("{said:?}").contains("secret"), "the host alone");
        let rotate = store.rotate_webhook(name(), Secret::new(), ann(), NOON);
        assert!(rotate.await.expect("asked"));
        watch.one("webhook.rotate").await;
        for there in [true, false] {
            let removed = store.remove_webhook(name(), ann(), NOON).await;
            assert_eq!(removed.expect("asked"), there);
        }
        watch.one("webhook.remove").await;
        for (days, old) in [(14, None), (14, None), (9, Some("14 days"))] {
            let before = watch.seen;
            let apply = store.apply_freshness(days * DAY, ann(), NOON);
            apply.await.expect("applied");
            if before == watch.page().await.total {
                continue;
            }
            assert_eq!(watch.one("setting.freshness").await.old.as_deref(), old);
        }
        for (rules, old) in [("a", None), ("b", Some("a"))] {
            for _ in 0..2 {
                let apply = store.apply_ruleset(rules, ann(), NOON);
                apply.await.expect("applied");
            }
            assert_eq!(watch.one("setting.ruleset").await.old.as_deref(), old);
        }
        let names = ["A", "B", "C"];
        let put = store.replace_population(&EVERYWHERE, listed(&names, Consent::IfHarmless), NOON);
        put.await.expect("in force");
        let said = watch.one("list.replace").await;
        assert_eq!((said.old, said.why.as_deref()), (None, Some("moved house")));
        let put =
            store.replace_population(&EVERYWHERE, listed(&names[..1], Consent::IfHarmless), NOON);
        assert!(put.await.is_err());
        watch.none("a list that was refused").await;
        let by_number = |shrink, reasoned| Consent::ByNumber {
            confirmed: true,
            shrink,
            reasoned,
        };
        for consent in [
            by_number(None, true),
            by_number(Some(1), true),
            by_number(Some(2), false),
        ] {
            let put = store.replace_population(&EVERYWHERE, listed(&names[..1], consent), NOON);
            assert!(put.await.is_err(), "{consent:?}");
        }
        let put = listed(&names[..1], by_number(Some(2), true));
        store
            .replace_population(&EVERYWHERE, put, NOON)
            .await
            .expect("in force");
        let said = watch.one("list.replace").await;
        assert_eq!(said.old.as_deref(), Some("3 rows"));
        let new = said.new.expect("what it is");
        assert!(
            new.starts_with("1 rows") && new.contains("2 gone") && new.contains("3 to 1"),
            "{new}"
        );
        let take = store.withdraw_population(
            &EVERYWHERE,
            "lab",
            "ann",
            ann().into(),
            Consent::Given,
            NOON,
        );
        take.await.expect("out of force");
        watch.one("list.withdraw").await;
        let one = report(1, NOON, 1);
        let mut two = blocking(1, NOON, 2);
        two.ids.sms_guid = Some("99999999-0000-4000-8000-000000000000".to_owned());
        two.ids.resource_id = Some(77);
        two.ids.name = Some("OTHER".to_owned());
        two.ids.fqdn = Some("other.corp.example".to_owned());
        let sent = store.writer().reports(vec![one, two], NOON, true).await;
        sent.expect("stored");
        watch.none("reports").await;
        let rows = store.list(&Filter::default(), None, 10, NOON).await;
        let rows = rows.expect("a list").items;
        let id = |at: usize| rows[at].id.parse().expect("an id");
        for there in [true, false] {
            let by = ann().because(Some("cloned".to_owned()));
            let settled = store.settle_as_two(id(0), id(1), "ann".to_owned(), by, NOON);
            assert_eq!(settled.await.expect("said"), there);
        }
        let said = watch.one("client.two-machines").await;
        assert!(said.subject.contains(&rows[0].name), "{}", said.subject);
        assert_eq!(said.why.as_deref(), Some("cloned"));
        exceptions(store, &mut watch, rows[1].id.parse().expect("an id")).await;
        files(store, &mut watch).await;
        let found = store.verify_audit(None).await.expect("read");
        assert_eq!(found.faults, []);
        store.close().await;
    }
}

/// Every step with an exception, under the names of two people; the log knows them both as the author.
async fn exceptions(store: &Store, watch: &mut Watch<'_>, client: ClientId) {
    let doer = |name: &str| Doer {
        name: name.to_owned(),
        decides: true,
        sites: Sites::all(),
        author: ann(),
    };
    let asked = || Asked {
        kind: Kind::Grace,
        reason: "wait".to_owned(),
        control: "watched".to_owned(),
        owner: "Ward 7".to_owned(),
        until: NOON.plus(DAY),
    };
    for (steps, deeds) in [
        (
            &[Step::Approve, Step::Withdraw][..],
            &["exception.approve", "exception.withdraw"][..],
        ),
        (&[Step::Reject], &["exception.reject"]),
    ] {
        let ask = || store.ask_for_exceptions(vec![client], asked(), doer("olga"), NOON);
        let Answer::Requested(id) = ask().await.expect("answers").remove(0) else {
            panic!("was not asked for");
        };
        let said = watch.one("exception.request").await;
        assert_eq!(said.why.as_deref(), Some("wait"));
        assert_eq!(ask().await.expect("answers"), [Answer::OpenAlready]);
        watch.none("a second one").await;
        for (&step, deed) in steps.iter().zip(deeds) {
            for (by, taken) in [("olga", Taken::NotYours), ("otto", Taken::Done)] {
                if by == "olga" && step == Step::Withdraw {
                    continue;
                }
                let take = store.step_exception(id.clone(), step, "so".to_owned(), doer(by), NOON);
                assert_eq!(take.await.expect("asked"), taken, "{step:?}");
            }
            let said = watch.one(deed).await;
            assert_eq!(said.why.as_deref(), Some("so"));
            assert!(said.subject.ends_with(&format!("(exception {id})")));
        }
    }
}

async fn files(store: &Store, watch: &mut Watch<'_>) {
    let judge = Judge::new(Policy::default(), 14 * DAY);
    let mut ids = Vec::new();
    for n in 0..2 {
        let sent = Sent {
            files: vec![("a.csv".to_owned(), format!("Name\nPC-{n}\n").into_bytes())],
            file_hash: vec![n],
            chosen: Chosen::default(),
            collected_at: Some(NOON),
            at_once: false,
            by: "ann".to_owned(),
            author: ann(),
            token: String::new(),
            way: "upload",
        };
        let id = uploads::accept(store, sent, NOON).await.expect("accepted");
        let said = watch.one("upload.add").await;
        assert!(said.new.expect("what it is").contains("a.csv"));
        uploads::complete(store, &judge, &id).await.expect("read");
        ids.push(id);
    }
    watch.none("reading").await;
    for (vouched, deed) in [(false, "upload.again"), (true, "upload.vouch")] {
        let id = ids[0].clone();
        let again = store.read_upload_again(id, "{}".to_owned(), Some(NOON), vouched, ann(), NOON);
        if again.await.expect("asked") {
            watch.one(deed).await;
            uploads::complete(store, &judge, &ids[0])
                .await
                .expect("read");
        }
    }
    for id in &ids {
        let preview = store
            .upload(id)
            .await
            .expect("read")
            .expect("there")
            .state
            .code()
            == "preview";
        let commit = store.commit_upload(id.clone(), "ann".to_owned(), ann(), NOON);
        assert_eq!(commit.await.expect("asked"), preview);
        if preview {
            watch.one("upload.store").await;
        }
        let cancel = store.cancel_upload(id.clone(), "no".to_owned(), ann(), NOON);
        if cancel.await.expect("asked") {
            watch.one("upload.discard").await;
        }
    }
    watch.none("what is over already").await;
}

#[tokio::test]
async fn every_deed_about_a_cutover_leaves_one_entry() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut watch = Watch {
            store,
            engine: test.engine,
            seen: 0,
            deeds: Vec::new(),
        };
        let entry = |deed| ann().entry(NOON, deed, "Site P01");
        let scope = Scope {
            id: "s".to_owned(),
            name: "Site P01".to_owned(),
            freshness_days: 14,
            ..Scope::default()
        };
        for added in [true, false] {
            let add = store.add_scope(scope.clone(), "ann".to_owned(), entry("scope.create"));
            assert_eq!(add.await.expect("asked"), added);
        }
        watch.one("scope.create").await;
        let change = |id: &str| {
            let id = id.to_owned();
            let other = Scope {
                id,
                ..scope.clone()
            };
            store.change_scope(other, "ann".to_owned(), entry("scope.change"))
        };
        assert_eq!(change("s").await.expect("asked"), Changed::Done);
        watch.one("scope.change").await;
        assert_eq!(change("gone").await.expect("asked"), Changed::Named);
        watch.none("a scope that is gone").await;
        let because = ann().because(Some("agreed".to_owned()));
        let limit = because.entry(NOON, "scope.limit", "Site P01");
        let by = "ann".to_owned();
        let set = store.set_limit("s".to_owned(), "coverage", 9_000, by, limit);
        set.await.expect("set");
        let said = watch.one("scope.limit").await;
        assert_eq!(said.why.as_deref(), Some("agreed"));
        for deed in ["scope.say", "scope.take_back", "decision.switched"] {
            let said = Said {
                kind: "rehearsal".to_owned(),
                holds: deed != "scope.take_back",
                note: "held".to_owned(),
                link: String::new(),
                about: "2026-11-20".to_owned(),
                marked_by: "ann".to_owned(),
                marked_at: NOON.0,
            };
            let say = store.say("s".to_owned(), said, entry(deed));
            say.await.expect("said");
            watch.one(deed).await;
        }
        let run = KeptRun {
            id: "r".to_owned(),
            scope: "s".to_owned(),
            made_by: "ann".to_owned(),
            made_at: NOON.0,
            input_hash: String::new(),
            summary: "{}".to_owned(),
            moved: String::new(),
        };
        let add = store.add_run(run, Vec::new(), entry("scope.run"));
        add.await.expect("kept");
        watch.one("scope.run").await;
        let stamp = store.scope_stamp(&scope.id).await.expect("read");
        let new = NewDecision {
            scope: scope.clone(),
            stamp: stamp.expect("it is there"),
            decided: "no_go",
            by: "ann".to_owned(),
            entry: ann().because(Some("too early".to_owned())).entry(
                NOON,
                "decision.make",
                "Site P01",
            ),
        };
        let closed = |_: i64, _: &str| Closed {
            head: "{}".to_owned(),
            foot: "{}".to_owned(),
            hash: "ff".to_owned(),
        };
        let made = store.add_decision(new, std::io::empty(), closed).await;
        assert_eq!(made.expect("made"), 1);
        let said = watch.one("decision.make").await;
        assert_eq!(said.why.as_deref(), Some("too early"));
        assert_eq!(said.subject, "Site P01 1");
        assert_eq!(said.new.as_deref(), Some("no_go, hash ff"));
    }
}

#[tokio::test]
async fn a_scope_that_is_removed_leaves_one_entry_and_one_that_stays_none() {
    for test in TestStore::each().await {
        let store = &test.store;
        let mut watch = Watch {
            store,
            engine: test.engine,
            seen: 0,
            deeds: Vec::new(),
        };
        let entry = |deed| ann().entry(NOON, deed, "Site P01");
        let scope = Scope {
            id: "s".to_owned(),
            name: "Site P01".to_owned(),
            freshness_days: 14,
            ..Scope::default()
        };
        let add = || store.add_scope(scope.clone(), "ann".to_owned(), entry("scope.create"));
        let remove = || store.remove_scope("s".to_owned(), entry("scope.remove"));
        assert!(add().await.expect("asked"));
        watch.one("scope.create").await;
        assert!(remove().await.expect("asked"));
        watch.one("scope.remove").await;
        assert!(!remove().await.expect("asked"), "it is gone");
        watch.none("a scope that is gone").await;
        assert!(add().await.expect("asked"), "and its name is free");
        watch.one("scope.create").await;
        let stamp = store.scope_stamp(&scope.id).await.expect("read");
        let new = NewDecision {
            scope: scope.clone(),
            stamp: stamp.expect("it is there"),
            decided: "no_go",
            by: "ann".to_owned(),
            entry: entry("decision.make"),
        };
        let closed = |_: i64, _: &str| Closed {
            head: "{}".to_owned(),
            foot: "{}".to_owned(),
            hash: "ff".to_owned(),
        };
        let made = store.add_decision(new.clone(), std::io::empty(), closed);
        made.await.expect("made");
        watch.one("decision.make").await;
        assert!(!remove().await.expect("asked"), "something was decided");
        watch.none("a scope of which something was decided").await;
        // Nothing is decided of a scope that went meanwhile.
        let gone = NewDecision {
            scope: Scope {
                id: "gone".to_owned(),
                ..scope.clone()
            },
            ..new
        };
        let made = store.add_decision(gone, std::io::empty(), closed).await;
        assert!(made.is_err(), "{made:?}");
        watch.none("a decision of no scope").await;
    }
}

#[test]
fn every_deed_that_is_noted_has_words() {
    let mut codes = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("server")];
    while let Some(folder) = folders.pop() {
        for found in std::fs::read_dir(folder).expect("a folder") {
            let path = found.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("readable");
                for part in text.split(".entry(").skip(1) {
                    let call: String = part.chars().take(80).collect();
                    let code = call.split('"').nth(1).unwrap_or_default();
                    if code.contains('.') && !code.contains(' ') {
                        codes.push(code.to_owned());
                    }
                }
            }
        }
    }
    assert!(codes.len() > 10, "{codes:?}");
    for code in codes {
        assert_ne!(deeds::words(&code), code, "a line in views/deeds.rs");
    }
}
