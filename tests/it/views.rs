//! Every page rendered from samples: snapshots of the words, and checks that hold for all of them.

mod board;
mod colours;
mod exceptions;
mod headline;
mod hooks;
mod markup;
mod one_upload;
mod people;
mod records;
mod samples;
mod suspicions;
mod trends;

use std::{collections::BTreeMap, fs, path::Path};

use cutover::{
    domain::{
        assess::{self, DotnetPolicy, Policy},
        feeds::day_of,
        lists::ListOrigin,
        plan,
        verdict::{Impact, Standing},
    },
    store::{
        model::{ClientDetail, Filter, ListPage, Listing, Memory, Order},
        saved::SavedView,
    },
    views::{
        May, Nav, Page,
        client::{ClientPage, Findings},
        columns::{ListColumn, Shown},
        components::ComponentsPage,
        feeding::{FeedingPage, KitFile},
        feeds::FeedsPage,
        fix::FixPage,
        fixes::FixesPage,
        form::Choices,
        home::HomePage,
        links::ListKind,
        list::ClientsPage,
        method::MethodPage,
        place::{Place, PlacePage},
        population::{PopulationOutcome, PopulationPage, Withdrawal},
        problem::ProblemPage,
        saved::SavedPage,
        sign_in::SignInPage,
    },
};

use samples::{counting, layout};

/// Every page in every state worth looking at.
fn pages() -> Vec<(&'static str, String)> {
    let mut pages = overview();
    pages.extend(lists());
    pages.extend(clients());
    pages.extend(uploads());
    pages.extend(trends::pages());
    pages.extend(hooks::pages());
    pages.extend(board::pages());
    pages.extend(people::pages());
    pages.extend(exceptions::pages());
    pages.extend(suspicions::pages());
    pages.extend(fixes());
    pages.extend([
        ("feeding", feeding()),
        ("components", html(&ComponentsPage::new(layout(Nav::None)))),
        (
            "method",
            html(&MethodPage::new(
                layout(Nav::Method),
                &counting(),
                &Policy {
                    dotnet: DotnetPolicy::Warn,
                    ..Policy::default()
                },
                &samples::usual().population,
            )),
        ),
        (
            "sign-in",
            html(&SignInPage::new(
                signed_out(),
                "",
                None,
                "/clients?q=a&os=b",
            )),
        ),
        (
            "sign-in-failed",
            html(&SignInPage::new(
                signed_out(),
                "ines",
                Some("Name or password is wrong."),
                "//evil.example",
            )),
        ),
        (
            "problem-404",
            html(&ProblemPage::new(
                layout(Nav::None),
                404,
                "Not found",
                "There is no client PC-9.",
                &[],
                None,
            )),
        ),
        (
            "problem-422",
            html(&ProblemPage::new(
                layout(Nav::None),
                422,
                "The filter is not understood",
                "Two parameters could not be read.",
                &[(
                    "standing".to_owned(),
                    "no such standing: \"<bad>\"".to_owned(),
                )],
                Some("0198f3a2"),
            )),
        ),
    ]);
    pages
}

/// The fix plan with a lot to do and with nothing, and a page of a fix of every kind.
fn fixes() -> Vec<(&'static str, String)> {
    let one = |os: &str, codes: &[&str], clients| {
        let bits = codes.iter().filter_map(|code| assess::reason(code));
        plan::Signature {
            os_key: os.to_owned(),
            reasons: bits.fold(0, |mask, info| mask | 1 << info.bit),
            clients,
        }
    };
    let seven = "6.1.7601-client";
    let update = "winhttp.update_file_too_old";
    let blocking = plan::plan(&[
        one(seven, &["winhttp.default_without_tls12", update], 1_234),
        one(
            seven,
            &["winhttp.default_without_tls12", "dotnet.not_collected"],
            70,
        ),
        one("10.0.19045-client", &["schannel.tls12_disabled"], 31),
        one("5.1.2600-client", &["os.without_tls12"], 9),
    ]);
    let undetermined = plan::plan(&[
        one(seven, &["winhttp.update_not_proven"], 40),
        one(
            seven,
            &["winhttp.not_collected", "winhttp.update_not_proven"],
            12,
        ),
    ]);
    let choices = Choices {
        os: vec![seven.to_owned()],
        sites: vec!["P01".to_owned(), String::new()],
        roles: vec![],
        owners: vec![],
        further_sites: 0,
    };
    let here = Filter {
        os: Some(seven.to_owned()),
        site: Some("P01".to_owned()),
        ..Filter::default()
    };
    let whole = |filter: &Filter, blocking: &plan::Plan, undetermined: &plan::Plan| {
        html(&FixesPage::new(
            layout(Nav::Fixes),
            filter,
            blocking,
            undetermined,
            &choices,
        ))
    };
    let rows = records::page(records::rows()[..1].to_vec(), 1_304, Some("x"));
    let single = |code: &str, rows| {
        html(&FixPage::new(
            layout(Nav::Fixes),
            plan::action(code).expect("an action"),
            assess::fix_text(code).expect("a text"),
            &blocking,
            &undetermined,
            rows,
        ))
    };
    vec![
        ("fixes", whole(&Filter::default(), &blocking, &undetermined)),
        ("fixes-narrow", whole(&here, &blocking, &undetermined)),
        (
            "fixes-bound",
            whole(
                &here,
                &plan::plan_within(&blocking_again(), 1),
                &undetermined,
            ),
        ),
        (
            "fixes-none",
            whole(
                &Filter::default(),
                &plan::Plan::default(),
                &plan::Plan::default(),
            ),
        ),
        ("fix-values", single("set-default-secure-protocols", &rows)),
        (
            "fix-update",
            single("install-kb4019276", &records::page(vec![], 0, None)),
        ),
    ]
}

fn blocking_again() -> Vec<plan::Signature> {
    let bits = [14, 23, 30].map(|bit| plan::Signature {
        os_key: "10.0.19045-client".to_owned(),
        reasons: 1 << bit,
        clients: bit,
    });
    bits.into()
}

/// With a kit of two files, so that the snapshot does not hold the real ones.
fn feeding() -> String {
    let kit = [
        ("cutover-collect.ps1", b"Get-Date\r\n".as_slice()),
        (
            "device-list.sql",
            b"SELECT s.Name0\r\n  FROM v_R_System s\r\n",
        ),
    ];
    let files = kit.map(|(name, bytes)| KitFile { name, bytes });
    html(&FeedingPage::new(layout(Nav::Feeding), files.into_iter()))
}

fn signed_out() -> cutover::views::Layout {
    cutover::views::Layout {
        sites: cutover::domain::access::Sites::all(),
        signed_in: None,
        may: May::default(),
        ..layout(Nav::None)
    }
}

fn html(page: &impl Page) -> String {
    page.render().expect("a page")
}

fn overview() -> Vec<(&'static str, String)> {
    let home = |summary| {
        let page = HomePage::new(
            layout(Nav::Overview),
            &summary,
            &counting(),
            &Filter::default(),
        );
        html(&page)
    };
    let selected = Filter {
        standings: vec![Standing::Blocking, Standing::Ready],
        site: Some("P01".to_owned()),
        reason: Some("schannel.tls12_not_enabled".to_owned()),
        ..Filter::default()
    };
    let rows = records::page(records::rows()[..1].to_vec(), 400, Some("x"));
    vec![
        ("home-nothing", home(samples::nothing())),
        ("home-usual", home(samples::usual())),
        ("home-stopped", {
            let mut page = HomePage::new(
                layout(Nav::Overview),
                &samples::usual(),
                &counting(),
                &Filter::default(),
            );
            page.say_attention(&samples::usual(), &samples::feeds(), 7);
            page.say_webhooks(&hooks::webhooks());
            let week_ago = day_of(samples::now()) - 7;
            page.say_changes(&samples::usual(), week_ago, Some(&trends::week_ago()));
            page.trend = Some(trends::section());
            html(&page)
        }),
        (
            "feeds",
            html(&FeedsPage::new(layout(Nav::Feeds), &samples::feeds())),
        ),
        ("feeds-none", html(&FeedsPage::new(layout(Nav::Feeds), &[]))),
        ("home-huge", home(samples::huge())),
        (
            "home-ready",
            home(samples::counted([0, 0, 0, 0, 0, 0, 8_412])),
        ),
        ("home-selection", {
            let mut page = HomePage::new(
                layout(Nav::Overview),
                &samples::selection(),
                &counting(),
                &selected,
            );
            let roles = [(
                "management_point".to_owned(),
                samples::standings([1, 0, 0, 0, 0, 0, 2]),
            )];
            page.say_choices(&selected, &choices(), &roles);
            html(&page)
        }),
        ("os", place(&Place::Os("6.1.7601-client".to_owned()), &rows)),
        ("site", place(&Place::Site("P01".to_owned()), &rows)),
        (
            "role",
            place(&Place::Role("management_point".to_owned()), &rows),
        ),
        ("saved", {
            let view = |name: &str, address: &str| SavedView {
                id: "0198f3a2".to_owned(),
                name: name.to_owned(),
                address: address.to_owned(),
                created_at: samples::now().0,
                created_by: "ines".to_owned(),
            };
            html(&SavedPage::new(
                layout(Nav::Views),
                &[
                    view("Berlin <b>", "/blockers?site=P02"),
                    view("Oldest", "/clients?standing=blocking&sort=since"),
                ],
            ))
        }),
        ("saved-none", html(&SavedPage::new(layout(Nav::Views), &[]))),
    ]
}

fn place(place: &Place, rows: &ListPage) -> String {
    let summary = samples::selection();
    let mut page = PlacePage::new(layout(Nav::Overview), place, &summary, rows);
    let then = BTreeMap::from([(
        "6.1.7601-client".to_owned(),
        BTreeMap::from([(Standing::Blocking, 3), (Standing::Ready, 40)]),
    )]);
    page.say_change(place, &summary, 20_780, Some(&then));
    html(&page)
}

fn choices() -> Choices {
    Choices {
        os: vec!["6.1.7601-client".to_owned(), "10.0.19045-client".to_owned()],
        sites: vec!["P01".to_owned(), String::new()],
        roles: vec!["management_point".to_owned()],
        owners: vec!["Branch IT <berlin>".to_owned()],
        further_sites: 0,
    }
}

fn lists() -> Vec<(&'static str, String)> {
    let blocking = Filter {
        standings: vec![Standing::Blocking],
        ..Filter::default()
    };
    let narrow = Filter {
        standings: vec![Standing::Blocking, Standing::Stale],
        impact: Some(Impact::Orphan),
        os: Some("6.1.7601-client".to_owned()),
        site: Some(String::new()),
        reason: Some("winhttp.default_without_tls12".to_owned()),
        fix: Some("install-kb3140245".to_owned()),
        q: Some("pc-\"0".to_owned()),
        duplicates: true,
        ..Filter::default()
    };
    let choices = choices();
    let nav = |kind| {
        layout(if kind == ListKind::Blockers {
            Nav::Blockers
        } else {
            Nav::Clients
        })
    };
    let as_usual = |kind, filter: &Filter, page, before| {
        (kind, filter.clone(), Shown::default(), page, before)
    };
    let own = Shown {
        order: Order::Since,
        columns: ListColumn::ALL.to_vec(),
    };
    let list = |(kind, filter, shown, page, before): (ListKind, Filter, Shown, ListPage, i64)| {
        html(&ClientsPage::new(
            nav(kind),
            kind,
            &filter,
            &shown,
            &page,
            before,
            &choices,
        ))
    };
    let one = records::page(records::rows()[..1].to_vec(), 214, Some("MTAw"));
    let many = (0..13).flat_map(|_| records::rows()).collect();
    vec![
        (
            "blockers",
            list(as_usual(ListKind::Blockers, &blocking, one.clone(), 0)),
        ),
        (
            "blockers-narrow",
            list(as_usual(ListKind::Blockers, &narrow, one, 100)),
        ),
        (
            "blockers-none",
            list(as_usual(
                ListKind::Blockers,
                &blocking,
                records::page(vec![], 0, None),
                0,
            )),
        ),
        (
            "clients",
            list(as_usual(
                ListKind::Clients,
                &Filter::default(),
                records::page(records::rows(), 8, None),
                0,
            )),
        ),
        (
            "clients-own",
            list((
                ListKind::Clients,
                Filter::default(),
                own,
                records::page(records::rows(), 8, None),
                0,
            )),
        ),
        (
            "clients-many",
            list(as_usual(
                ListKind::Clients,
                &Filter::default(),
                records::page(many, 1_338_362, Some("x")),
                104,
            )),
        ),
    ]
}

fn clients() -> Vec<(&'static str, String)> {
    let facts = records::seven();
    let rows = records::rows();
    let page = |detail: &ClientDetail, judged: bool| {
        let known = records::known(&facts);
        let chapters = records::chapters(detail);
        let findings = if judged {
            known.findings(&chapters)
        } else {
            Findings {
                chapters: &chapters,
                ..Findings::default()
            }
        };
        html(&ClientPage::new(
            layout(Nav::Clients),
            detail,
            findings,
            &counting(),
        ))
    };
    let never = ClientDetail {
        raw: None,
        history: vec![],
        memory: Memory::default(),
        suspects: vec![],
        ..records::detail(rows[1].clone())
    };
    let mut ready = records::detail(rows[6].clone());
    ready.row.listing = Listing::Decommissioned;
    ready.lists.clear();
    vec![
        (
            "client-blocking",
            page(&records::detail(rows[0].clone()), true),
        ),
        ("client-silent", page(&never, false)),
        (
            "client-stale",
            page(&records::detail(rows[2].clone()), true),
        ),
        (
            "client-conflict",
            page(&records::detail(rows[4].clone()), false),
        ),
        (
            "client-long",
            page(&records::detail(rows[5].clone()), false),
        ),
        ("client-left-out", page(&ready, false)),
    ]
}

fn uploads() -> Vec<(&'static str, String)> {
    let mut pages = population();
    pages.extend(one_upload::pages());
    pages
}

fn population() -> Vec<(&'static str, String)> {
    let outcome = PopulationOutcome {
        list: "default".to_owned(),
        kind: ListOrigin::Devices,
        rows: 7_702,
        new: 12,
        gone: 722,
        rejected_count: 0,
        file_hash: "0123456789abcdef".to_owned(),
        matched: 7_000,
        duplicate: 3,
        left_out: 57,
        rejected: vec![(17, "no id that a client can be found by".to_owned())],
        columns: vec![
            "Name".to_owned(),
            "ResourceID".to_owned(),
            "SiteCode".to_owned(),
        ],
        ignored: vec!["Favourite <colour>".to_owned()],
        needs_confirmation: None,
    };
    let shrinking = PopulationOutcome {
        needs_confirmation: Some(
            "The new list drops 722 of 8,412 expected clients (8.6 %), 31 of them blocking."
                .to_owned(),
        ),
        ..outcome.clone()
    };
    let population = samples::usual().population;
    let list = |population, outcome| {
        html(&PopulationPage::new(
            layout(Nav::Population),
            population,
            outcome,
        ))
    };
    let mut two = population.clone();
    two.lists.insert(0, samples::ad_list());
    let withdrawn = |why: Option<&str>| {
        let mut page = PopulationPage::new(layout(Nav::Population), &two, None);
        page.say_withdrawal(Withdrawal {
            list: "ad".to_owned(),
            gone: 9_120,
            population: (8_424, 8_212),
            needs_confirmation: why.map(str::to_owned),
        });
        html(&page)
    };
    vec![
        ("population-two", list(&two, None)),
        (
            "population-withdraw",
            withdrawn(Some(
                "Without this list 212 of 8424 clients would no longer be counted. Nothing was changed; confirm to take it out of force.",
            )),
        ),
        ("population-withdrawn", withdrawn(None)),
        (
            "population-none",
            list(&samples::nothing().population, None),
        ),
        ("population-done", list(&population, Some(&outcome))),
        ("population-shrinks", list(&population, Some(&shrinking))),
    ]
}

#[test]
fn every_page_is_sound() {
    for (name, html) in pages() {
        let faults = markup::faults(&html);
        assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
    }
}

/// The big samples only prove that size does no harm; their text is that of the small ones.
#[test]
fn every_page_reads_as_reviewed() {
    for (name, html) in pages() {
        if !name.ends_with("huge") && !name.ends_with("many") {
            let html = html.replace("../../static/", "/static/");
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(format!("page-{name}"), html);
            });
        }
    }
}

#[test]
fn a_page_of_a_large_estate_stays_small() {
    for (name, html) in pages() {
        assert!(html.len() < 700_000, "{name} has {} bytes", html.len());
    }
}

#[test]
fn what_clients_send_never_becomes_markup() {
    for (name, html) in pages() {
        for bad in ["<script>alert", "<b>PC-0042", "<bad>", "<colour>"] {
            assert!(!html.contains(bad), "{name} contains {bad}");
        }
    }
}

/// Every page also goes to `target/preview`, to be looked at in a browser.
#[test]
fn every_page_can_be_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/preview");
    fs::create_dir_all(&folder).expect("a folder");
    for (name, html) in pages() {
        let file = folder.join(format!("{name}.html"));
        fs::write(&file, html).expect("a file");
        assert!(
            file.metadata().expect("a file").len() > 500,
            "{name} is empty"
        );
    }
}
