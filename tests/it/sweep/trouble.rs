//! Half-written files, restarts, servers that are busy or refuse, files that cannot be moved.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::json;

use super::office::Desk;

#[tokio::test]
async fn a_file_that_grows_waits_until_it_is_whole() {
    let sweep = Desk::default().start().await;
    let path = sweep.put("a.json", "{");
    sweep.put("whole.json", "{}");
    let stop = Arc::new(AtomicBool::new(false));
    // Opened for each piece, as some tools do: only the looks can tell.
    let writer = {
        let (path, stop) = (path.clone(), Arc::clone(&stop));
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let mut file = OpenOptions::new()
                    .append(true)
                    .open(&path)
                    .expect("it is still there");
                file.write_all(b" ").expect("a piece");
                drop(file);
                thread::sleep(Duration::from_millis(10));
            }
        })
    };
    let said = sweep.run(&["--once", "--settle", "1"]).await;
    stop.store(true, Ordering::Relaxed);
    writer.join().expect("the writer ends well");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.line("a.json").contains("still being written"),
        "{said:?}"
    );
    assert_eq!(sweep.sent(), ["whole.json"]);
    OpenOptions::new()
        .append(true)
        .open(&path)
        .expect("it")
        .write_all(b"}")
        .expect("its end");
    let whole = fs::read(&path).expect("all of it");
    assert_eq!(sweep.once().await.code, Some(0));
    let sent = sweep.desk.sent.lock().expect("the files");
    assert_eq!(sent[1].body, whole);
    assert_eq!(sweep.names("done"), ["a.json", "whole.json"]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_is_open_for_writing_waits() {
    let sweep = Desk::default().start().await;
    let writer = fs::File::create(sweep.path().join("a.json")).expect("a file");
    let said = sweep.once().await;
    assert!(
        said.line("a.json").contains("still being written"),
        "{said:?}"
    );
    assert!(sweep.sent().is_empty());
    drop(writer);
    assert_eq!(sweep.once().await.code, Some(0));
    assert_eq!(sweep.names("done"), ["a.json"]);
}

#[tokio::test]
async fn a_crash_after_sending_sends_again_and_loses_nothing() {
    let sweep = Desk {
        slow: true.into(),
        ..Desk::default()
    }
    .start()
    .await;
    sweep.put("a.json", "{}");
    let running = sweep.begin(&["--settle", "0"]);
    running.until("sent", || !sweep.sent().is_empty()).await;
    running.kill();
    assert_eq!(sweep.names("."), ["a.json"]);
    sweep.desk.slow.store(false, Ordering::Relaxed);
    assert_eq!(sweep.once().await.code, Some(0));
    assert_eq!(sweep.names("done"), ["a.json"]);
    let sent = sweep.desk.sent.lock().expect("the files");
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
}

#[tokio::test]
async fn a_server_that_is_busy_gets_the_file_again() {
    for status in [503, 429, 408, 500, 502] {
        let sweep = Desk {
            refusals: [
                (status, json!({"detail": "come again"})),
                (status, json!(null)),
            ]
            .into(),
            ..Desk::default()
        }
        .start()
        .await;
        sweep.put("a.json", "{}");
        let said = sweep.once().await;
        assert_eq!(said.code, Some(0), "{status}: {said:?}");
        assert_eq!(sweep.sent().len(), 3, "{status}");
        assert_eq!(sweep.names("done"), ["a.json"], "{status}");
    }
}

#[tokio::test]
async fn a_server_that_stays_busy_ends_the_pass_and_every_file_stays() {
    let sweep = Desk {
        always: Some(503),
        ..Desk::default()
    }
    .start()
    .await;
    let all = ["1.json", "2.json", "3.json", "4.json", "5.json"];
    for name in all {
        sweep.put(name, "{}");
    }
    let said = sweep.once().await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(sweep.names("."), all);
    assert_eq!(sweep.sent().len(), 15, "three files, five times each");
    assert!(
        said.out.contains("stays\t") && said.out.contains("503"),
        "{said:?}"
    );
    assert!(
        said.err.contains("the 2 files behind them wait"),
        "{said:?}"
    );
    assert!(said.err.contains("5 could not be dealt with"), "{said:?}");
}

#[tokio::test]
async fn a_file_the_server_stumbles_over_does_not_hold_up_the_others() {
    let sweep = Desk {
        refusals: [(); 5].map(|()| (500, json!({"detail": "a fault"}))).into(),
        ..Desk::default()
    }
    .start()
    .await;
    let first = fs::File::create(sweep.put("first.json", "")).expect("a file");
    first
        .set_modified(std::time::UNIX_EPOCH + Duration::from_hours(24))
        .expect("old");
    drop(first);
    sweep.put("second.json", "{}");
    let said = sweep.once().await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.line("first.json").starts_with("stays\t"), "{said:?}");
    assert_eq!(sweep.names("."), ["first.json"]);
    assert_eq!(sweep.names("done"), ["second.json"]);
}

#[tokio::test]
async fn a_refused_file_fails_and_a_refused_token_stops() {
    for status in [400, 409, 413, 415, 422] {
        let sweep = Desk {
            always: Some(status),
            ..Desk::default()
        }
        .start()
        .await;
        sweep.put("a.json", "{}");
        assert_eq!(sweep.once().await.code, Some(1), "{status}");
        assert_eq!(
            sweep.names("failed"),
            ["a.json", "a.json.reason.txt"],
            "{status}"
        );
        assert!(
            sweep.text("failed/a.json.reason.txt").contains("always so"),
            "{status}"
        );
    }
    for (status, word) in [
        (401, "--purpose import"),
        (403, "--purpose import"),
        (404, "address"),
        (405, "address"),
        (302, "address"),
    ] {
        let sweep = Desk {
            always: Some(status),
            ..Desk::default()
        }
        .start()
        .await;
        sweep.put("a.json", "{}");
        sweep.put("b.json", "{}");
        // It would go on for ever otherwise.
        let said = sweep.run(&["--settle", "0", "--every", "1"]).await;
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{status}");
        let sentences: Vec<_> = said
            .err
            .lines()
            .filter(|line| !line.contains("watching"))
            .collect();
        assert!(
            sentences.len() == 1 && sentences[0].contains(word),
            "{status}: {sentences:?}"
        );
        assert_eq!(sweep.names("."), ["a.json", "b.json"], "{status}");
        assert_eq!(sweep.sent().len(), 1, "{status}");
    }
    let sweep = Desk::default().start().await;
    sweep.put("a.json", "{}");
    let said = sweep
        .run(&["--once", "--settle", "0", "--token", "wrong"])
        .await;
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("no such token") && !said.err.contains("wrong"),
        "{said:?}"
    );
    assert_eq!(sweep.names("."), ["a.json"]);
}

#[tokio::test]
async fn an_answer_that_says_too_little_is_not_taken_for_success() {
    let stored = json!({"new": 1, "changed": 0, "unchanged": 0, "late": 0});
    for end in [
        json!({"state": "done"}),
        json!({"state": "done", "stored": stored}),
        json!({"state": "done", "rejected": 0}),
        json!({"state": "finished", "stored": stored, "rejected": 0}),
        json!({"status": "done"}),
    ] {
        let sweep = Desk {
            ends: [("a.json", end.clone())].into(),
            ..Desk::default()
        }
        .start()
        .await;
        let first = fs::File::create(sweep.put("a.json", "")).expect("a file");
        first
            .set_modified(std::time::UNIX_EPOCH + Duration::from_hours(24))
            .expect("old");
        drop(first);
        sweep.put("b.json", "{}");
        let said = sweep.once().await;
        assert_eq!(said.code, Some(1), "{end}: {said:?}");
        let line = said.line("a.json");
        assert!(
            line.starts_with("stays\t") && line.contains("none that is known here"),
            "{end}: {said:?}"
        );
        assert_eq!(sweep.names("."), ["a.json"], "{end}");
        assert_eq!(sweep.names("done"), ["b.json"], "{end}: the others go on");
    }
}

#[tokio::test]
async fn a_file_that_is_replaced_while_it_is_sent_is_brought_as_well() {
    let place = Arc::new(Mutex::new(PathBuf::new()));
    let once = AtomicBool::new(true);
    let sweep = {
        let place = Arc::clone(&place);
        Desk {
            meanwhile: Some(Box::new(move |name| {
                if once.swap(false, Ordering::Relaxed) {
                    fs::write(
                        place.lock().expect("the place").join(name),
                        "the newer report",
                    )
                    .expect("a file");
                }
            })),
            ..Desk::default()
        }
        .start()
        .await
    };
    sweep
        .path()
        .clone_into(&mut place.lock().expect("the place"));
    sweep.put("a.json", "the report");
    let said = sweep.once().await;
    assert!(
        said.line("a.json").contains("replaced meanwhile"),
        "{said:?}"
    );
    assert_eq!(sweep.names("done"), [""; 0]);
    assert_eq!(sweep.once().await.code, Some(0));
    assert_eq!(sweep.text("done/a.json"), "the newer report");
    let sent = sweep.desk.sent.lock().expect("the files");
    assert_eq!(
        (&sent[0].body[..], &sent[1].body[..]),
        (&b"the report"[..], &b"the newer report"[..])
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_cannot_be_moved_is_not_sent_again() {
    let place = Arc::new(Mutex::new(PathBuf::new()));
    let once = AtomicBool::new(true);
    let sweep = {
        let place = Arc::clone(&place);
        Desk {
            meanwhile: Some(Box::new(move |_| {
                if once.swap(false, Ordering::Relaxed) {
                    fs::remove_dir(place.lock().expect("the place").join("done")).expect("gone");
                }
            })),
            ..Desk::default()
        }
        .start()
        .await
    };
    sweep
        .path()
        .clone_into(&mut place.lock().expect("the place"));
    sweep.put("a.json", "{}");
    let mut running = sweep.begin(&["--settle", "0", "--every", "1"]);
    running
        .until("said", || running.said().contains("cannot be moved"))
        .await;
    running
        .until("said", || running.said().contains("still mounted"))
        .await;
    fs::create_dir(sweep.path().join("done")).expect("back again");
    sweep.put("b.json", "{}");
    let moved = sweep.path().join("done/b.json");
    running.until("moved", || moved.exists()).await;
    assert_eq!(running.terminate().await, Some(0));
    assert_eq!(sweep.sent(), ["a.json", "b.json"]);
    assert_eq!(sweep.names("."), ["a.json"]);
    assert!(
        running.said().contains("stays\ta.json"),
        "{}",
        running.said()
    );
}

#[tokio::test]
async fn wrong_use_is_named() {
    let sweep = Desk::default().start().await;
    for (more, code, word) in [
        (
            &["--token", "right", "--ca", "x", "--insecure"][..],
            2,
            "--insecure",
        ),
        (&["--every", "0"], 2, "--every"),
        (&["--settle=-1"], 2, "--settle"),
        (&["--ca", "/none/ca.pem"], 1, "/none/ca.pem"),
    ] {
        let said = sweep.run(more).await;
        assert_eq!(said.code, Some(code), "{more:?}: {said:?}");
        assert!(said.err.contains(word), "{more:?}: {said:?}");
    }
    let without = crate::support::app::program()
        .arg("sweep")
        .arg(sweep.path())
        .args(["--server", "http://127.0.0.1:1", "--once"])
        .output()
        .expect("the program runs");
    assert_eq!(without.status.code(), Some(2));
    let said = String::from_utf8_lossy(&without.stderr).into_owned();
    assert!(said.contains("--purpose import"), "{said}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_waits_for_long_is_spoken_of_once() {
    let sweep = Desk::default().start().await;
    let writer = fs::File::create(sweep.path().join("a.json")).expect("a file");
    let running = sweep.begin(&["--settle", "0", "--every", "1"]);
    running
        .until("said", || running.said().contains("waits\ta.json"))
        .await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        running.said().matches("a.json").count(),
        1,
        "{}",
        running.said()
    );
    drop(writer);
    let moved = sweep.path().join("done/a.json");
    running.until("moved", || moved.exists()).await;
    running.kill();
}
