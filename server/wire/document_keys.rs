//! Registry readings of two documents of one device, joined value by value.

use std::collections::BTreeSet;

use super::{
    document::{Data, Key, Value},
    document_join::{Clash, WHOLE, careful},
    fields::dword,
    key_paths::without_provider,
    raw::Scalar,
};

impl Clash {
    pub(super) fn key(&mut self, registry: &mut Vec<Key>, theirs: Key) {
        let path = folded(&theirs.key);
        let fact = format!("registry:{path}");
        let at = registry.iter().position(|known| folded(&known.key) == path);
        let Some(mine) = at.and_then(|at| registry.get_mut(at)) else {
            if !self.known.contains(&fact) {
                registry.push(theirs);
            }
            return;
        };
        if theirs.key < mine.key {
            mine.key.clone_from(&theirs.key);
        }
        match (mine.exists, theirs.exists) {
            (true, true) => self.values(&path, mine, theirs),
            (false, false) => {}
            (there, _) => {
                let claims = if there { claims(mine) } else { claims(&theirs) };
                if claims || self.any(&format!("{fact}!")) {
                    let (a, b) = if there {
                        ("there", "not there")
                    } else {
                        ("not there", "there")
                    };
                    self.differ(&fact, &mine.key.clone(), a, b);
                } else {
                    // The one that exists only says of some values that they are absent; so does the other, of all.
                    mine.exists = false;
                    mine.partial = false;
                    mine.last_write_at = None;
                    mine.values.clear();
                }
            }
        }
    }

    fn values(&mut self, path: &str, mine: &mut Key, theirs: Key) {
        let fact = |name: &str| format!("registry:{path}!{}", name.to_lowercase());
        let title = |key: &Key, name: &str| format!("{name} in {}", key.key);
        let mark = format!("{WHOLE}{path}");
        let whole_mine = !mine.partial || self.whole.0.contains(&mark);
        let whole_theirs = !theirs.partial || self.whole.1.contains(&mark);
        mine.last_write_at = careful(mine.last_write_at.take(), theirs.last_write_at, Ord::max);
        let mut told = BTreeSet::new();
        for (name, value) in theirs.values {
            told.insert(name.to_lowercase());
            let fact = fact(&name);
            if self.known.contains(&fact) {
                continue;
            }
            let known = mine
                .values
                .keys()
                .find(|known| known.eq_ignore_ascii_case(&name));
            match known.cloned() {
                Some(known) => {
                    let before = mine.values.remove(&known).flatten();
                    match (before, value) {
                        (None, None) => {
                            mine.values.insert(known.min(name), None);
                        }
                        (Some(a), Some(b)) if same(&a, &b) => {
                            mine.values.insert(known.min(name), Some(better(a, b)));
                        }
                        (a, b) => {
                            let title = title(mine, &name);
                            self.differ(&fact, &title, &shown(a.as_ref()), &shown(b.as_ref()));
                        }
                    }
                }
                None if whole_mine && value.is_some() => {
                    let title = title(mine, &name);
                    self.differ(&fact, &title, "absent", &shown(value.as_ref()));
                }
                None => {
                    mine.values.insert(name, value);
                }
            }
        }
        if whole_theirs {
            let missing: Vec<(String, Option<Value>)> = mine
                .values
                .iter()
                .filter(|(name, value)| value.is_some() && !told.contains(&name.to_lowercase()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            for (name, value) in missing {
                let title = title(mine, &name);
                self.differ(&fact(&name), &title, &shown(value.as_ref()), "absent");
            }
        }
        mine.partial = !(whole_mine || whole_theirs);
    }

    /// Takes out whatever is contradicted. A key of which one value is, never says again that it was read as a whole.
    pub(super) fn purge(&mut self, registry: &mut Vec<Key>) {
        if !self.any("registry:") {
            return;
        }
        registry.retain_mut(|key| {
            let path = folded(&key.key);
            if self.known.contains(&format!("registry:{path}")) {
                return false;
            }
            let start = format!("registry:{path}!");
            if !self.any(&start) {
                return true;
            }
            for fact in self.known.range(start.clone()..) {
                let Some(name) = fact.strip_prefix(&start) else {
                    break;
                };
                let mut names = key.values.keys();
                let found = names.find(|known| known.to_lowercase() == name);
                if let Some(found) = found.cloned() {
                    key.values.remove(&found);
                }
            }
            if !std::mem::replace(&mut key.partial, true) {
                self.known.insert(format!("{WHOLE}{path}"));
            }
            true
        });
    }
}

/// Whether a key that is said to exist really must: something is under it, or it was looked at as a whole.
fn claims(key: &Key) -> bool {
    !key.partial || key.last_write_at.is_some() || key.values.values().any(Option::is_some)
}

/// A key's path as it is compared.
fn folded(path: &str) -> String {
    let path = without_provider(path).trim_end_matches('\\');
    match path.split_once('\\') {
        Some((root, rest)) => {
            let root = root.trim_end_matches(':').to_lowercase();
            let root = if root == "hkey_local_machine" {
                "hklm"
            } else {
                &root
            };
            format!(r"{root}\{}", rest.to_lowercase())
        }
        None => path.to_lowercase(),
    }
}

/// The number that a reading is, when it can be one.
fn number(data: &Data) -> Option<u64> {
    match data {
        Data::Number(number) => Some(*number),
        Data::Text(text) => dword(&Scalar::Text(text.as_str().into())).map(u64::from),
        Data::Texts(_) => None,
    }
}

/// Whether two readings say the same. A source without types agrees with any type.
fn same(a: &Value, b: &Value) -> bool {
    let data = |a: &Data, b: &Data| a == b || (number(a).is_some() && number(a) == number(b));
    match (a, b) {
        (
            Value::Typed {
                r#type: kind,
                data: one,
            },
            Value::Typed {
                r#type: other_kind,
                data: other,
            },
        ) => kind == other_kind && one == other,
        (Value::Bare(one), Value::Bare(other) | Value::Typed { data: other, .. })
        | (Value::Typed { data: one, .. }, Value::Bare(other)) => data(one, other),
    }
}

/// Of two readings that agree, the one that says more.
fn better(a: Value, b: Value) -> Value {
    if a == b {
        return a;
    }
    match (a, b) {
        (a @ Value::Typed { .. }, _) => a,
        (_, b @ Value::Typed { .. }) => b,
        (Value::Bare(a), Value::Bare(_)) => Value::Bare(number(&a).map_or(a, Data::Number)),
    }
}

/// A reading for a sentence.
fn shown(value: Option<&Value>) -> String {
    const SHOWN: usize = 64;
    let cut = |text: &str| {
        let text = text.replace(char::is_control, "\u{FFFD}");
        format!("`{}`", text.chars().take(SHOWN).collect::<String>())
    };
    match value {
        None => "absent".to_owned(),
        Some(Value::Bare(data) | Value::Typed { data, .. }) => match data {
            Data::Number(number) => number.to_string(),
            Data::Text(text) => cut(text),
            Data::Texts(texts) => cut(&texts.join(", ")),
        },
    }
}
