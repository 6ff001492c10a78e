//! What would make a client ready: every worked example is changed as the steps say, in its report, and judged again.

use cutover::{
    domain::{
        assess::{Edit, Kind, Policy, assess, prospect, reason_mask},
        facts::{Facts, Key, Reading},
        time::{HOUR, Timestamp},
        verdict::{Outcome, Standing, Verdict},
    },
    wire::report_v1,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    cases,
    properties::{config, facts, policy},
};

/// The registry entry of a key in a report.
fn entry(report: &mut Value, key: Key) -> Option<&mut Value> {
    report["registry"].as_array_mut()?.iter_mut().find(|entry| {
        entry["key"]
            .as_str()
            .is_some_and(|path| Key::from_path(path) == Some(key))
    })
}

/// The last write of any key, as the report has it.
fn last_write(report: &Value) -> Option<Timestamp> {
    let entries = report["registry"].as_array()?;
    let times = entries
        .iter()
        .filter_map(|entry| entry["last_write_at"].as_str());
    times.filter_map(|text| Timestamp::parse(text).ok()).max()
}

/// Does to a report what a step does to a machine.
fn carry_out(edit: &Edit, report: &mut Value, facts: &Facts) {
    match edit {
        Edit::Dword { key, name, number } => {
            if facts.registry.value(*key, name) == Reading::NotCollected {
                return;
            }
            let entry = entry(report, *key).expect("a key that was read");
            entry["exists"] = json!(true);
            if !entry["values"].is_object() {
                entry["values"] = json!({});
            }
            let values = entry["values"].as_object_mut().expect("values");
            values.retain(|known, _| !known.eq_ignore_ascii_case(name));
            values.insert(
                (*name).to_owned(),
                json!({"type": "REG_DWORD", "data": number}),
            );
        }
        Edit::Update(kb) => {
            if let Some(list) = report["hotfixes"].as_array_mut() {
                list.push(json!(format!("KB{kb}")));
            }
        }
        Edit::File { name, at_least } => {
            let parts = at_least.0.map(|part| part.to_string()).join(".");
            let known = report["files"].as_object_mut().and_then(|files| {
                files
                    .iter_mut()
                    .find(|(path, _)| path.to_lowercase().ends_with(&name.to_lowercase()))
            });
            if let Some((_, version)) = known
                && !version.is_null()
            {
                *version = json!(parts);
            }
        }
        Edit::Build(build) => {
            let version = report["os"]["version"].as_str().expect("a version");
            let family: Vec<&str> = version.split('.').take(2).collect();
            report["os"]["version"] = json!(format!("{}.{build}", family.join(".")));
        }
        Edit::Restart => {
            if let Some(written) =
                last_write(report).filter(|_| !report["os"]["last_boot_at"].is_null())
            {
                report["os"]["last_boot_at"] = json!(written.plus(HOUR).to_string());
            }
        }
        Edit::Suite(_) | Edit::BothViews => panic!("no change does that: {edit:?}"),
    }
}

fn parsed(report: &Value) -> Facts {
    let bytes = serde_json::to_vec(report).expect("JSON");
    report_v1::parse(&bytes).expect("a good report").facts
}

fn said(verdict: &Verdict) -> (Standing, i64) {
    (verdict.standing, reason_mask(verdict))
}

#[test]
fn done_as_the_page_says_every_worked_example_ends_where_the_page_says() {
    let (mut ready, mut all) = (0, 0);
    for case in cases::all() {
        let policy = cases::policy(&case);
        let facts = cases::report(&case).facts;
        let prospect = prospect(&facts, &policy);
        let mut report = case.json["report"].clone();
        let steps = prospect.steps.iter();
        for step in steps.clone().filter(|step| step.kind == Kind::Change) {
            for edit in &step.edits {
                let so_far = parsed(&report);
                carry_out(edit, &mut report, &so_far);
            }
        }
        let then = assess(&parsed(&report), &policy);
        assert_eq!(
            said(&then),
            said(&prospect.after),
            "{}: {:#?}",
            case.file,
            prospect.steps
        );
        let now = assess(&facts, &policy);
        let has_steps = !prospect.steps.is_empty();
        assert_eq!(
            has_steps,
            !now.standing.is_cleared(),
            "{}: {:#?}",
            case.file,
            prospect.steps
        );
        all += usize::from(has_steps);
        ready += usize::from(has_steps && prospect.after.standing.is_cleared());
        // What stays open has a step that says what it waits for.
        for open in prospect.still_open() {
            assert!(
                prospect
                    .steps
                    .iter()
                    .any(|step| step.settles.contains(&open.reason)),
                "{}: nothing is said about {}",
                case.file,
                open.reason
            );
        }
    }
    assert!(all > 60 && ready > 30 && ready < all, "{ready} of {all}");
}

#[test]
fn what_no_setting_can_mend_is_never_called_ready() {
    for (file, why) in [("A-58-xp", "Windows XP"), ("A-59-vista", "Vista")] {
        let case = cases::all()
            .into_iter()
            .find(|case| case.file == file)
            .expect(why);
        let prospect = prospect(&cases::report(&case).facts, &Policy::default());
        assert_eq!(prospect.after.standing, Standing::Blocking, "{why}");
        assert!(
            prospect.steps.iter().any(|step| step.kind == Kind::NoWay),
            "{why}"
        );
        assert_eq!(prospect.at_best, None, "{why}");
    }
}

proptest! {
    #![proptest_config(config())]

    /// Nothing that was not read is assumed, nothing good is taken away, and nobody who is ready has anything to do.
    #[test]
    fn a_promise_rests_on_what_was_read(facts in facts(), policy in policy()) {
        let before = assess(&facts, &policy);
        let prospect = prospect(&facts, &policy);
        if before.standing == Standing::Ready {
            prop_assert!(prospect.steps.is_empty());
        }
        for step in &prospect.steps {
            if step.kind == Kind::Change {
                prop_assert!(!step.edits.is_empty(), "{}", step.action);
            }
        }
        if prospect.after.standing == Standing::Ready {
            prop_assert!(prospect.steps.iter().all(|step| step.kind == Kind::Change));
        }
        for check in prospect.still_open() {
            let named = prospect.steps.iter().any(|step| step.settles.contains(&check.reason));
            prop_assert!(named, "nothing is said about {}", check.reason);
        }
        for check in before.checks.iter().filter(|check| check.outcome == Outcome::Pass) {
            let later = prospect.after.checks.iter().find(|other| other.id == check.id);
            prop_assert!(later.is_some_and(|later| later.outcome != Outcome::Unknown), "{}", check.id);
        }
    }
}
