//! The rules of the house: who may know what, how big a room may be, and what lies beside the house.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A word, and the only places in `server/` that may say it. A path ending in `/` is a folder.
const ONLY: &[(&str, &[&str])] = &[
    ("sqlx::", &["store/"]),
    ("AssertSqlSafe", &["store/conn.rs"]),
    ("axum::", &["http/", "error.rs"]),
    ("askama::", &["views/"]),
    ("utoipa::", &["http/"]),
    (
        "serde::",
        &[
            "wire/",
            "views/",
            "http/",
            "cli/",
            "config.rs",
            "error.rs",
            "expected.rs",
            "uploads/",
            "webhooks/",
        ],
    ),
    (
        "tokio::",
        &[
            "http/",
            "store/writer.rs",
            "store/analysing.rs",
            "cli/",
            "serve.rs",
            "doors.rs",
            "quarantine.rs",
            "rejudge.rs",
            "ingest.rs",
            "expected.rs",
            "cutovers/kept.rs",
            "cutovers/since.rs",
            "uploads/",
            "webhooks/",
            "main.rs",
        ],
    ),
    ("SystemTime::now", &["clock.rs"]),
    ("Timestamp::now", &["clock.rs"]),
    ("crate::http", &["cli/", "serve.rs", "doors.rs", "state.rs"]),
    (
        "crate::store",
        &[
            "http/",
            "views/",
            "cli/",
            "ingest.rs",
            "expected.rs",
            "quarantine.rs",
            "rejudge.rs",
            "cutovers/",
            "uploads/",
            "webhooks/",
            "serve.rs",
            "state.rs",
            "error.rs",
        ],
    ),
    (
        "crate::wire",
        &[
            "http/",
            "cli/",
            "ingest.rs",
            "expected.rs",
            "quarantine.rs",
            "rejudge.rs",
            "uploads/",
            "error.rs",
        ],
    ),
    ("crate::views", &["http/"]),
    (
        "crate::ingest",
        &[
            "http/",
            "cli/",
            "quarantine.rs",
            "rejudge.rs",
            "cutovers/",
            "uploads/",
            "serve.rs",
            "state.rs",
        ],
    ),
    (
        "crate::uploads",
        &["http/", "cli/", "uploads/", "serve.rs", "state.rs"],
    ),
    (
        "crate::cutovers",
        &["http/", "cli/", "serve.rs", "state.rs"],
    ),
    (
        "crate::webhooks",
        &["cli/", "webhooks/", "config.rs", "serve.rs"],
    ),
    ("crate::sim", &["cli/"]),
    ("crate::cli", &[]),
];

/// Words that the pure layers never say.
const NEVER_IN: &[(&str, &[&str])] = &[
    (
        "domain/",
        &[
            "crate::store",
            "crate::wire",
            "crate::http",
            "crate::views",
            "std::fs",
            // An address is a value like any other.
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "std::env",
            "async ",
        ],
    ),
    (
        "wire/",
        &[
            "crate::store",
            "crate::http",
            "crate::views",
            "std::fs",
            "async ",
        ],
    ),
    // Whoever asks may see some sites only: what is read for them starts from that.
    (
        "http/",
        &["Filter::default()", "Slice::default()", ".summary("],
    ),
    (
        "views/",
        &["crate::http", "store::db", "store::Store", "async "],
    ),
];

const LONGEST_FILE: usize = 500;

/// What may lie at the top: what the project is made of, and what every project has.
const TOP: &[&str] = &[
    ".cargo",
    ".ci",
    ".deny.toml",
    ".dockerignore",
    ".editorconfig",
    ".gitattributes",
    ".git",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "docker-compose.yml",
    "migrations",
    "server",
    "static",
    "templates",
    "tests",
    // Made by building and running; ignored by git.
    "data",
    "target",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            found.push(path);
        }
    }
}

/// Every Rust file of the server: its path from `server/`, and its text without comments.
fn rooms() -> Vec<(String, String)> {
    let server = root().join("server");
    let mut found = Vec::new();
    files(&server, "rs", &mut found);
    found
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(&server)
                .expect("inside")
                .display()
                .to_string();
            (name, fs::read_to_string(&path).expect("readable"))
        })
        .collect()
}

fn said(text: &str, word: &str) -> bool {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .any(|line| line.contains(word))
}

fn is_in(name: &str, places: &[&str]) -> bool {
    places.iter().any(|place| {
        if place.ends_with('/') {
            name.starts_with(place)
        } else {
            name == *place
        }
    })
}

#[test]
fn every_word_stays_in_its_room() {
    let mut offences = Vec::new();
    for (name, text) in rooms() {
        for (word, places) in ONLY {
            if !is_in(&name, places) && said(&text, word) {
                offences.push(format!("server/{name} says `{word}`"));
            }
        }
        for (place, words) in NEVER_IN {
            for word in *words {
                if name.starts_with(place) && said(&text, word) {
                    offences.push(format!("server/{name} says `{word}`"));
                }
            }
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn every_room_says_what_it_is_and_none_is_too_big() {
    let mut offences = Vec::new();
    for (name, text) in rooms() {
        let first = text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.contains("module") {
            offences.push(format!(
                "server/{name} does not say in its first line what it is"
            ));
        }
        let length = text.lines().count();
        if length > LONGEST_FILE {
            offences.push(format!("server/{name} has {length} lines"));
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn every_statement_file_is_used() {
    let mut statements = Vec::new();
    files(&root().join("server/store/sql"), "sql", &mut statements);
    let all: String = rooms().into_iter().map(|(_, text)| text).collect();
    for statement in statements {
        let name = statement
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(
            all.contains(&format!("sql/{name}")),
            "{name} is used nowhere"
        );
    }
}

#[test]
fn nothing_unexpected_lies_beside_the_house() {
    for entry in fs::read_dir(root()).expect("the top folder") {
        let name = entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned();
        assert!(
            TOP.contains(&name.as_str()),
            "{name} does not belong at the top"
        );
    }
}

#[test]
fn templates_escape_everything_and_know_no_sql() {
    let mut templates = Vec::new();
    files(&root().join("templates"), "html", &mut templates);
    assert!(!templates.is_empty());
    for template in templates {
        let text = fs::read_to_string(&template).expect("readable");
        for word in [
            "|safe", "| safe", "SELECT ", "style=\"", "<script>", "onclick",
        ] {
            assert!(!text.contains(word), "{} says {word}", template.display());
        }
    }
}

/// What a comparison that stops at the first difference would tell about, a letter at a time.
const SECRET: [&str; 9] = [
    "secret",
    "password",
    "passwort",
    "signature",
    "recovery",
    "cookie",
    "verifier",
    "presented",
    "session_key",
];
/// Comparisons of things called so that tell nobody anything: what one person typed twice, two hashes that
/// are both ours, and the name of an error.
const NO_SECRET: [(&str, &str); 3] = [
    ("wire/archive.rs", "ZipError::PASSWORD_REQUIRED"),
    ("http/setup.rs", "given.password != given.again"),
    (
        "store/second_factor.rs",
        "account.password_hash == row.password_hash",
    ),
];

/// The words left and right of a comparison in a line.
fn compared(line: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for sign in [" == ", " != "] {
        let mut from = 0;
        while let Some(at) = line.get(from..).and_then(|rest| rest.find(sign)) {
            let at = from + at;
            let left = line[..at]
                .rsplit([' ', '(', '!'])
                .next()
                .unwrap_or_default();
            let right = line[at + sign.len()..].split([' ', ')', ';']).next();
            found.push((left, right.unwrap_or_default()));
            from = at + sign.len();
        }
    }
    found
}

#[test]
fn secrets_are_compared_in_constant_time_and_in_no_other_way() {
    let mut offences = Vec::new();
    let mut constant = Vec::new();
    for (name, text) in rooms() {
        // Tests say what they expect.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        if said(text, "ct_eq(") {
            constant.push(name.clone());
        }
        // Whoever reads the hash of a secret out of the database compares it, and only thus.
        let reads = ["row.secret_hash", "stored.secret_hash"];
        if reads.iter().any(|word| said(text, word)) && !said(text, "ct_eq(") {
            offences.push(format!(
                "server/{name} reads the hash of a secret and does not compare it with ct_eq"
            ));
        }
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            let secret = |side: &str| SECRET.iter().any(|word| side.to_lowercase().contains(word));
            let excused = NO_SECRET
                .iter()
                .any(|(place, words)| *place == name && line.contains(words));
            let odd = compared(line)
                .into_iter()
                .any(|(left, right)| secret(left) || secret(right));
            if odd && !excused {
                offences.push(format!("server/{name} compares a secret: {}", line.trim()));
            }
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
    constant.sort();
    assert_eq!(
        constant,
        ["domain/totp.rs", "store/setup.rs", "store/tokens.rs"],
        "where secrets are compared"
    );
}

/// Whoever signs for the defences looks at the tests behind them; a name that leads nowhere would be a promise without one.
#[test]
fn every_test_that_the_threats_name_is_there() {
    let text = fs::read_to_string(root().join("SECURITY.md")).expect("SECURITY.md");
    let names = text.split('`').skip(1).step_by(2);
    let names: Vec<&str> = names
        .filter(|name| name.starts_with("tests/") || name.starts_with("server/"))
        .collect();
    let mut missing = Vec::new();
    for name in &names {
        let (file, function) = name.split_once("::").unwrap_or((name, ""));
        let there = match fs::read_to_string(root().join(file)) {
            Ok(code) => function.is_empty() || code.contains(&format!("fn {function}(")),
            Err(_) => root().join(file).is_dir(),
        };
        if !there {
            missing.push(*name);
        }
    }
    assert!(names.len() > 40, "{} names", names.len());
    assert!(missing.is_empty(), "{missing:#?}");
    for threat in 1..=36 {
        assert!(text.contains(&format!("| T{threat} |")), "T{threat}");
    }
}
