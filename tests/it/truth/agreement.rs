//! The command and the server judge the same files alike.

use std::{collections::BTreeMap, fs};

use cutover::{clock, domain::assess::Policy, ingest::Judge};
use serde_json::Value;

use crate::{
    evidence::machine::{Dice, LASTS, Letter, by_chance, empty, found, send, vouched},
    support::{app::TestApp, stores::TestStore},
};

#[tokio::test]
async fn assess_of_several_files_says_what_the_server_says() {
    let app = TestApp::one();
    let judge = Judge::new(Policy::default(), LASTS);
    for test in TestStore::each().await {
        for set in 0..8 {
            let now = clock::now();
            let mut dice = Dice::new(1_000 + set);
            let letters: Vec<Letter> = (0..12)
                .map(|_| {
                    let client = dice.below(3);
                    let mut letter = by_chance(&mut dice, client, now);
                    letter.sender = vouched();
                    letter
                })
                .collect();
            empty(&test.url).await;
            send(&test.store, &judge, &letters, now).await;
            let server: BTreeMap<String, String> = found(&test.url)
                .await
                .into_iter()
                .filter(|(name, _)| !name.contains(' '))
                .collect();
            let folder = tempfile::tempdir().expect("a directory");
            let mut arguments: Vec<String> = ["assess", "--format", "json", "--at"]
                .map(str::to_owned)
                .to_vec();
            arguments.push(now.to_string());
            for (number, letter) in letters.iter().enumerate() {
                let path = folder.path().join(format!("{number}.json"));
                fs::write(&path, &letter.body).expect("a file");
                arguments.push(path.display().to_string());
            }
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let output = app.command(&arguments, "");
            assert!(output.status.success(), "{output:?}");
            for line in String::from_utf8(output.stdout).expect("text").lines() {
                let line: Value = serde_json::from_str(line).expect("JSON");
                let name = line["client"]["name"].as_str().expect("a name");
                let known = &server[name];
                for (field, value) in [
                    ("standing", &line["standing"]),
                    ("verdict", &line["verdict"]),
                ] {
                    let said = format!("{field}={} ", value.as_str().unwrap_or_default());
                    assert!(
                        known.contains(&said),
                        "{} set {set} {name}: {said}, but {known}",
                        test.engine
                    );
                }
            }
        }
    }
}
