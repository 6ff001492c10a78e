//! Adding a run up: by fate, by OS version, by site; with and without exceptions; and the hash of all that went in.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    super::verdict::Standing,
    canonical,
    scope::Scope,
    whatif::{Because, Fate, Found, Known, Membership, judge},
};

/// Clients by fate, in the order of [`Fate::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates([i64; 5]);

impl Fates {
    /// How many have this one.
    pub fn of(&self, fate: Fate) -> i64 {
        self.0.get(fate.place()).copied().unwrap_or(0)
    }

    /// Everybody.
    pub fn total(&self) -> i64 {
        self.0.iter().sum()
    }

    /// Lost at least: only those of whom it is certain.
    pub fn least(&self) -> i64 {
        self.of(Fate::WillLose)
    }

    /// Lost at most: everybody who may, and everybody of whom nobody can say.
    pub fn most(&self) -> i64 {
        self.least() + self.of(Fate::MayLose) + self.of(Fate::CannotSay)
    }

    fn add(&mut self, fate: Fate) {
        if let Some(n) = self.0.get_mut(fate.place()) {
            *n += 1;
        }
    }

    /// Adds others.
    pub fn join(&mut self, others: Self) {
        for (sum, other) in self.0.iter_mut().zip(others.0) {
            *sum += other;
        }
    }

    fn json(&self) -> Value {
        let all = Fate::ALL.map(|fate| (fate.code().to_owned(), json!(self.of(fate))));
        Value::Object(all.into_iter().collect::<Map<_, _>>())
    }

    fn read(value: &Value) -> Self {
        Self(Fate::ALL.map(|fate| value[fate.code()].as_i64().unwrap_or(0)))
    }
}

/// A run, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// With exceptions.
    pub fates: Fates,
    /// As if there were none.
    pub without: Fates,
    /// By OS key.
    pub by_os: BTreeMap<String, Fates>,
    /// By site code; the empty one: not known.
    pub by_site: BTreeMap<String, Fates>,
    /// Why, of those that are not safe: the code of [`Because`].
    pub because: BTreeMap<String, i64>,
    /// Expected by a list.
    pub expected: i64,
    /// Of these, judged by the rules in force from facts that are within the days of the scope.
    pub judged: i64,
    /// Of those outside exceptions: never reported, or too long ago.
    pub silent: i64,
    /// Of those that the scope names: turned ready, or left without a verdict, by a report about which a suspicion is open. `None`:
    /// this run is of a time when nobody looked at that.
    pub suspected: Option<i64>,
}

impl Tally {
    /// Adds a client.
    pub fn add(&mut self, known: &Known, found: Found) {
        self.fates.add(found.fate);
        self.without.add(found.without);
        self.by_os
            .entry(known.os_key.clone())
            .or_default()
            .add(found.fate);
        self.by_site
            .entry(known.site.clone())
            .or_default()
            .add(found.fate);
        if found.fate != Fate::Safe {
            *self
                .because
                .entry(found.because.code().to_owned())
                .or_insert(0) += 1;
        }
        if known.expected {
            self.expected += 1;
            let says_something =
                !known.standing.is_no_verdict() || known.standing == Standing::Conflict;
            if says_something && known.fresh && known.judged && !known.future {
                self.judged += 1;
            }
        }
        if known.suspected && known.membership == Membership::Named {
            *self.suspected.get_or_insert(0) += 1;
        }
        let unheard = matches!(known.standing, Standing::Silent | Standing::Stale) || !known.fresh;
        if unheard && found.fate != Fate::Accepted {
            self.silent += 1;
        }
    }

    /// In one form.
    pub fn json(&self) -> Value {
        let places = |places: &BTreeMap<String, Fates>| {
            let each = places
                .iter()
                .map(|(key, fates)| (key.clone(), fates.json()));
            Value::Object(each.collect::<Map<_, _>>())
        };
        json!({
            "fates": self.fates.json(),
            "without_exceptions": self.without.json(),
            "by_os": places(&self.by_os),
            "by_site": places(&self.by_site),
            "because": self.because,
            "expected": self.expected,
            "judged": self.judged,
            "silent": self.silent,
            "suspected": self.suspected,
        })
    }

    /// From that form; what is missing is zero, as in a run without anybody.
    pub fn read(value: &Value) -> Self {
        let places = |name: &str| -> BTreeMap<String, Fates> {
            let members = value[name].as_object().into_iter().flatten();
            members
                .map(|(key, fates)| (key.clone(), Fates::read(fates)))
                .collect()
        };
        let n = |name: &str| value[name].as_i64().unwrap_or(0);
        let because = value["because"].as_object().into_iter().flatten();
        Self {
            fates: Fates::read(&value["fates"]),
            without: Fates::read(&value["without_exceptions"]),
            by_os: places("by_os"),
            by_site: places("by_site"),
            because: because
                .map(|(code, n)| (code.clone(), n.as_i64().unwrap_or(0)))
                .collect(),
            expected: n("expected"),
            judged: n("judged"),
            silent: n("silent"),
            suspected: value["suspected"].as_i64(),
        }
    }

    /// The reasons with their numbers, most frequent first.
    pub fn reasons(&self) -> Vec<(Because, i64)> {
        let known = self.because.iter();
        let mut reasons: Vec<_> = known
            .filter_map(|(code, n)| Some((Because::from_code(code)?, *n)))
            .collect();
        reasons.sort_by_key(|(because, n)| (std::cmp::Reverse(*n), *because));
        reasons
    }
}

/// A run as it goes on: clients come in, in the order of their ids within a portion or any other, and the sum and the
/// hash of all inputs come out. The hash does not depend on the order, so it is added up like a sum.
#[derive(Clone, Debug)]
pub struct Run {
    tally: Tally,
    head: [u8; 32],
    sum: [u8; 32],
}

impl Run {
    /// Begins a run of a scope under these rules.
    pub fn new(scope: &Scope, ruleset: &str) -> Self {
        let head = canonical::written(&json!({"ruleset": ruleset, "scope": scope.inputs()}));
        Self {
            tally: Tally {
                suspected: Some(0),
                ..Tally::default()
            },
            head: Sha256::digest(head.as_bytes()).into(),
            sum: [0; 32],
        }
    }

    /// Takes a client in and says what would happen to it.
    pub fn take(&mut self, known: &Known) -> Found {
        let found = judge(known);
        self.tally.add(known, found);
        let input = canonical::written(&known.input());
        let hash: [u8; 32] = Sha256::digest(input.as_bytes()).into();
        // Addition modulo 2^256: any order gives the same, and two that are equal do not cancel each other out.
        let mut carry = 0_u16;
        for (sum, byte) in self.sum.iter_mut().zip(hash) {
            carry += u16::from(*sum) + u16::from(byte);
            *sum = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        found
    }

    /// The sum, and the hash of everything that went in.
    pub fn end(self) -> (Tally, String) {
        let mut hash = Sha256::new();
        hash.update(self.head);
        hash.update(self.tally.fates.total().to_be_bytes());
        hash.update(self.sum);
        (self.tally, canonical::hex(&hash.finalize()))
    }
}
