//! Programs follow the feed while heavy writes go on, one of them is killed again and again and resumes; in the end each
//! has what the list has, exactly. `tests/api/followers SECONDS` does it for longer.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use cutover::{clock, store::Store};
use serde_json::Value;

use super::{
    feed::{PATH, shown},
    send,
};
use crate::{
    evidence::machine::Dice,
    support::{app::TestApp, report::from_now, stores},
};

/// Set to follow for so many seconds instead of three.
const SECONDS: &str = "CUTOVER_FOLLOWERS_SECONDS";
/// Lengths of pages. With the long ones a follower keeps up with the senders.
const PAGES: [usize; 4] = [3, 60, 1_000, 1_000];
/// Machines that each of two senders speaks of.
const MACHINES: usize = 40;

fn lasts() -> Duration {
    let seconds = std::env::var(SECONDS).ok();
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

/// What a follower keeps on its disk: what it has, and where it goes on. A crash may come between the two.
#[derive(Clone, Default)]
struct Kept {
    list: BTreeMap<String, Value>,
    cursor: Option<String>,
    /// The numbers that were taken over, each page once.
    numbers: Vec<i64>,
}

impl Kept {
    /// The cursor first, and then the whole list.
    async fn begin(app: &TestApp) -> Self {
        let start = app.json(PATH).await;
        let mut kept = Self {
            cursor: start["next_cursor"].as_str().map(str::to_owned),
            ..Self::default()
        };
        let mut next = Some(String::new());
        while let Some(from) = next {
            let page = app.json(&format!("/api/v1/blockers?limit=7{from}")).await;
            for item in page["items"].as_array().expect("items") {
                kept.list.insert(id_of(item), shown(item));
            }
            let cursor = page["next_cursor"].as_str();
            next = cursor.map(|cursor| format!("&cursor={cursor}"));
        }
        kept
    }

    async fn page(&self, app: &TestApp, limit: usize) -> Value {
        let cursor = self.cursor.as_deref().expect("a cursor");
        app.json(&format!("{PATH}?cursor={cursor}&limit={limit}"))
            .await
    }

    /// Takes the changes over, without the cursor.
    fn take(&mut self, page: &Value) {
        for change in page["items"].as_array().expect("items") {
            let client = &change["client"];
            match change["kind"].as_str() {
                Some("added" | "changed") => drop(self.list.insert(id_of(client), client.clone())),
                Some("cleared") => drop(self.list.remove(&id_of(client))),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Notes that a page is taken over.
    fn go_on(&mut self, page: &Value) {
        let items = page["items"].as_array().expect("items");
        let numbers = items
            .iter()
            .map(|change| change["number"].as_i64().expect("a number"));
        self.numbers.extend(numbers);
        self.cursor = page["next_cursor"].as_str().map(str::to_owned);
    }
}

fn id_of(client: &Value) -> String {
    client["id"].as_str().expect("an id").to_owned()
}

/// Follows until the writes are over and all is read.
async fn follow(app: &TestApp, seed: u64, over: &AtomicBool) -> Kept {
    let mut dice = Dice::new(seed);
    let mut kept = Kept::begin(app).await;
    loop {
        let last = over.load(Ordering::SeqCst);
        let page = kept.page(app, PAGES[dice.below(PAGES.len())]).await;
        kept.take(&page);
        kept.go_on(&page);
        if last && page["more"] == false {
            return kept;
        }
    }
}

/// The same, killed again and again: while it waits for a page, after it got one, and after it has taken one over and
/// before it keeps the cursor. Then it goes on with what it has on its disk.
async fn follow_and_be_killed(app: &TestApp, over: &AtomicBool) -> (Kept, u64) {
    let mut dice = Dice::new(3);
    let mut disk = Kept::begin(app).await;
    let mut killed = 0;
    loop {
        let last = over.load(Ordering::SeqCst);
        let mut running = disk.clone();
        let limit = PAGES[dice.below(PAGES.len())];
        match dice.below(6) {
            0 => {
                // Nobody is there any more when the answer comes.
                let asked = running.page(app, limit);
                tokio::select! {
                    biased;
                    () = tokio::task::yield_now() => {}
                    _ = asked => {}
                }
                killed += 1;
            }
            1 => {
                let page = running.page(app, limit).await;
                running.take(&page);
                killed += 1;
            }
            2 => {
                let page = running.page(app, limit).await;
                disk.take(&page);
                killed += 1;
            }
            _ => {
                let page = running.page(app, limit).await;
                disk.take(&page);
                disk.go_on(&page);
                if last && page["more"] == false {
                    return (disk, killed);
                }
            }
        }
    }
}

/// Sends reports about its own machines, each time other facts, and now and then a list.
async fn write(app: &TestApp, sender: usize, until: Instant, written: &AtomicU64) {
    let mut dice = Dice::new(10 + sender as u64);
    let name = |n: usize| format!("PC-{sender}-{n}");
    let mut round = 0;
    while Instant::now() < until {
        let mut lines = Vec::new();
        for n in 0..MACHINES {
            let report = app
                .report(&name(n))
                .set("/collected_at", from_now(0).into());
            let report = match dice.below(5) {
                // Says nothing new.
                0 => continue,
                1 => report,
                2 => report.without_registry(),
                3 => report
                    .windows7_untouched()
                    .at_site(["P01", "P02"][dice.below(2)]),
                _ => report.windows7_untouched(),
            };
            lines.push(report.line());
        }
        let answer = app.send(lines.join("\n")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        written.fetch_add(lines.len() as u64, Ordering::SeqCst);
        round += 1;
        if sender == 0 && round % 4 == 0 {
            let mut list = "Name,Owner,Obsolete\n".to_owned();
            for n in 0..MACHINES {
                let owner = ["Finance", "IT"][dice.below(2)];
                list.push_str(&format!(
                    "{},{owner},{}\n",
                    name(n),
                    usize::from(dice.below(8) == 0)
                ));
            }
            app.put_agreed("", list).await.ok("a list");
        }
    }
}

/// Another server writes into the same database.
async fn write_beside(store: &Store, until: Instant, written: &AtomicU64) {
    let mut version = 0_u8;
    let mut now = clock::now();
    while Instant::now() < until {
        version = version.wrapping_add(1);
        // Of two reports of the same moment none would be the newer.
        now = clock::now().max(now.plus(1));
        let reports = (1..=20).map(|n| match (u32::from(version) + n) % 3 {
            0 => stores::report(n, now, version),
            _ => stores::blocking(n, now, version),
        });
        send(store, reports.collect(), now).await;
        written.fetch_add(20, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_follower_ends_with_the_list_also_one_that_is_killed_again_and_again() {
    for app in TestApp::each().await {
        let beside = Store::open(app.database_url())
            .await
            .expect("a second server");
        let (over, written) = (AtomicBool::new(false), AtomicU64::new(0));
        let began = Instant::now();
        let until = began + lasts();
        let writers = async {
            tokio::join!(
                write(&app, 0, until, &written),
                write(&app, 1, until, &written),
                // SQLite is for one server.
                write_beside(
                    &beside,
                    if app.engine == "sqlite" { began } else { until },
                    &written
                ),
            );
            over.store(true, Ordering::SeqCst);
        };
        let ((), first, second, (third, killed)) = tokio::join!(
            writers,
            follow(&app, 1, &over),
            follow(&app, 2, &over),
            follow_and_be_killed(&app, &over),
        );
        let list = app.json("/api/v1/blockers?limit=1000").await;
        assert_eq!(list["next_cursor"], Value::Null, "this is all of it");
        let list = list["items"].as_array().expect("items").iter();
        let list: BTreeMap<_, _> = list.map(|item| (id_of(item), shown(item))).collect();
        let (reports, changes) = (written.into_inner(), first.numbers.len());
        println!(
            "{}: {reports} reports, {changes} changes, {} in the list, one follower killed {killed} times",
            app.engine,
            list.len()
        );
        assert!(killed > 0 && changes > 0 && !list.is_empty());
        for (name, kept) in [("first", &first), ("second", &second), ("killed", &third)] {
            let mut numbers = kept.numbers.clone();
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{name}");
            // They began at about the same time, and from there on each has read the same.
            let from = first.numbers[0]
                .max(second.numbers[0])
                .max(third.numbers[0]);
            numbers.retain(|number| *number >= from);
            let mut wanted = first.numbers.clone();
            wanted.retain(|number| *number >= from);
            assert_eq!(numbers, wanted, "{name} on {}", app.engine);
            assert_eq!(kept.list, list, "{name} on {}", app.engine);
        }
    }
}
