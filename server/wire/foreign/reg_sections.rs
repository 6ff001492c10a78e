//! The shape of `.reg` files: which keys each export in a file lists, and whether it can be an export at all.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use super::{
    super::document::{Data, Value},
    Unreadable,
    reg_machine::{Machine, Reading},
    reg_order::Trail,
    reg_paths::{KeyPath, SELECT, SOFTWARE, Use, WOW, anchor, at_or_below, below},
};
use crate::domain::facts::Key;

/// Most keys in a file. A whole `HKLM\SOFTWARE` has fewer.
const MAX_SECTIONS: usize = 1_000_000;

/// Most exports that stand one behind the other in a file.
const MAX_EXPORTS: usize = 1_000;

/// Keys that every Windows has.
const EVERYWHERE: [&str; 4] = [
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion",
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings",
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Lsa",
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL",
];

/// Everything that a file lists.
#[derive(Debug, Default)]
pub(super) struct Sections<'t> {
    exports: Vec<Export<'t>>,
    count: usize,
    hasher: RandomState,
}

/// What stands below one first line.
#[derive(Debug, Default)]
struct Export<'t> {
    /// Line and path of each section, as written.
    listed: Vec<(u64, &'t str)>,
    /// Their paths by hash, without case.
    known: HashSet<u64>,
    /// What somebody wants to know, by the path in lower case with the control set's number.
    kept: HashMap<(String, Option<u32>), (KeyPath, Use, Reading)>,
    /// Whether there are sections in the native view of `HKLM\SOFTWARE`, and in the 32-bit view.
    views: (bool, bool),
    /// How far it goes.
    trail: Trail<'t>,
}

/// The section that values go into.
pub(super) type At = Option<(String, Option<u32>)>;

impl<'t> Sections<'t> {
    /// A first line.
    pub(super) fn begin(&mut self) -> Result<(), Unreadable> {
        if self.exports.len() == MAX_EXPORTS {
            return Err(Unreadable(format!(
                "The file holds more than {MAX_EXPORTS} exports, the most that is taken. Hand in one file a computer."
            )));
        }
        self.exports.push(Export::default());
        Ok(())
    }

    /// A heading; the second is true when this export has had it before.
    pub(super) fn enter(
        &mut self,
        line: u64,
        written: &'t str,
        path: KeyPath,
    ) -> Result<(At, bool), Unreadable> {
        self.count += 1;
        if self.count > MAX_SECTIONS {
            return Err(Unreadable(format!(
                "The file lists more than {MAX_SECTIONS} keys, the most that is taken. Export only the keys that matter, not a whole hive."
            )));
        }
        let Some(export) = self.exports.last_mut() else {
            return Ok((None, false));
        };
        let again = !export.known.insert(hash(&self.hasher, written));
        if !again {
            export.listed.push((line, written));
            export.trail.enter(written);
            if at_or_below(&path.lower, WOW) {
                export.views.1 = true;
            } else if below(&path.lower, SOFTWARE) {
                export.views.0 = true;
            }
        }
        let wanted = path.wanted();
        if wanted == Use::Nobody {
            return Ok((None, again));
        }
        let at = (path.lower.clone(), path.control_set);
        let fresh = || {
            let reading = Reading {
                exists: true,
                line,
                ..Reading::default()
            };
            (path, wanted, reading)
        };
        export.kept.entry(at.clone()).or_insert_with(fresh);
        Ok((Some(at), again))
    }

    /// The reading of the section that values go into.
    pub(super) fn reading(&mut self, at: &At) -> Option<(&KeyPath, &mut Reading)> {
        let (path, _, reading) = self.exports.last_mut()?.kept.get_mut(at.as_ref()?)?;
        Some((path, reading))
    }

    /// Refuses what no export can look like: an export holds one key and everything below it, each with a heading of
    /// its own, so exactly one heading has no heading for the key above it.
    pub(super) fn check(&self) -> Result<(), Unreadable> {
        for export in &self.exports {
            let mut tops = export.listed.iter().filter(|(_, path)| {
                let above = path.rsplit_once('\\').map_or("", |(above, _)| above);
                !export.known.contains(&hash(&self.hasher, above))
            });
            if let (Some((first, _)), Some((second, _))) = (tops.next(), tops.next()) {
                return Err(super::reg_export::script(format!(
                    "the headings in line {first} and line {second} do not belong to one exported key with everything below it"
                )));
            }
        }
        Ok(())
    }

    /// A key that every Windows has and that an export in this file should hold, but does not: somebody cut it down.
    pub(super) fn cut_down(&self) -> Option<&'static str> {
        EVERYWHERE.into_iter().find(|written| {
            let Some(path) = KeyPath::read(written) else {
                return false;
            };
            self.exports.iter().any(|export| {
                let top = export.top(&self.hasher);
                top.is_some_and(|(_, top)| {
                    below(&path.lower, &top.lower) && top.control_set.is_none()
                }) && !export.holds(&self.hasher, written)
            })
        })
    }

    /// Everything into one machine. `certain`: the file is as Windows wrote it, so what it does not list below a
    /// listed key, and before the end of what it lists, is not there. Tells whether the native view was certainly read.
    pub(super) fn into_machine(self, certain: bool, machine: &mut Machine) -> bool {
        let in_force = self.set_in_force();
        let mut numbered: HashMap<String, u32> = HashMap::new();
        let mut current: HashSet<String> = HashSet::new();
        let mut pairs: HashMap<String, Pair> = HashMap::new();
        let mut beyond: BTreeSet<String> = BTreeSet::new();
        for export in self.exports {
            let missing = if certain {
                export.missing(&self.hasher, &mut beyond)
            } else {
                Vec::new()
            };
            let tells_apart = export.tells_apart(&self.hasher);
            let mut readings: Vec<_> = export.kept.into_values().chain(missing).collect();
            readings.sort_by_key(|(path, _, reading)| (reading.line, path.lower.clone()));
            for (path, wanted, mut reading) in readings {
                let other = |set| path.control_set.is_some_and(|number| number != set);
                if path.lower == SELECT || in_force.is_some_and(other) {
                    continue;
                }
                reading.partial |= !certain;
                match path.control_set {
                    Some(number) => {
                        numbered.insert(path.lower.clone(), number);
                    }
                    None => {
                        current.insert(path.lower.clone());
                    }
                }
                Pair::note(&mut pairs, &path, &reading, tells_apart);
                machine.add(&path, wanted, reading);
            }
        }
        beyond.retain(|shown| !machine.knows(&shown.to_ascii_lowercase()));
        if !beyond.is_empty() {
            let keys: Vec<String> = beyond.into_iter().collect();
            machine.note(format!(
                r"The export does not list {}, and it ends before other keys follow, so it may have been cut there: that counts as not read. For proof export one level higher (SecurityProviders instead of SCHANNEL, whose next key is WDigest; Internet Settings instead of WinHttp, where Wpad, ZoneMap and Zones follow), or run cutover-collect.cmd, which marks the end of its file.",
                keys.join(" and ")
            ));
        }
        let mut alone = numbered
            .iter()
            .filter(|(lower, _)| !current.contains(*lower))
            .map(|(_, number)| *number);
        if let (Some(number), None) = (alone.next(), in_force) {
            machine.note(format!(
                "ControlSet{number:03} was taken for the CurrentControlSet; the file does not say which control set is in force."
            ));
        }
        let mut native = pairs
            .values()
            .filter(|pair| pair.native.is_some())
            .peekable();
        certain && native.peek().is_some() && native.all(Pair::is_told_apart)
    }

    /// What `Select` says of the control sets. `None`: nothing, or not one thing.
    fn set_in_force(&self) -> Option<u32> {
        let mut said = self.exports.iter().filter_map(|export| {
            let (_, _, reading) = export.kept.get(&(SELECT.to_owned(), None))?;
            if reading.disputed.contains("current") {
                return None;
            }
            match reading.values.get("current")? {
                (
                    _,
                    Some(Value::Typed {
                        r#type: "REG_DWORD",
                        data: Data::Number(number),
                    }),
                ) => u32::try_from(*number).ok(),
                _ => None,
            }
        });
        let first = said.next()?;
        said.all(|other| other == first).then_some(first)
    }
}

/// The two views of a key that both have.
#[derive(Debug, Default)]
struct Pair {
    native: Option<Reading>,
    second: Option<Reading>,
    /// Some export with this native key does not show by itself that its views differ.
    doubtful: bool,
}

impl Pair {
    fn note(
        pairs: &mut HashMap<String, Self>,
        path: &KeyPath,
        reading: &Reading,
        tells_apart: bool,
    ) {
        const IN_BOTH: [Key; 3] = [Key::WinHttpNative, Key::NetV4Native, Key::NetV2Native];
        let native = path.lower.replacen(WOW, SOFTWARE, 1);
        let in_both = IN_BOTH
            .iter()
            .any(|key| key.path().eq_ignore_ascii_case(&native));
        if !in_both {
            return;
        }
        let is_native = native == path.lower;
        let pair = pairs.entry(native).or_default();
        if is_native {
            pair.native.get_or_insert_with(|| reading.clone());
            pair.doubtful |= !tells_apart;
        } else {
            pair.second.get_or_insert_with(|| reading.clone());
        }
    }

    /// A 32-bit program would have been shown the same under both paths.
    fn is_told_apart(&self) -> bool {
        let differ = match (&self.native, &self.second) {
            (Some(native), Some(second)) => native.contradicts(second),
            _ => false,
        };
        differ || !self.doubtful
    }
}

impl Export<'_> {
    /// Keys of the rules that stand below a key of this export and are not listed. Never across a hive, a view or a
    /// control set: the export must hold the beginning of that, or start below it. A key whose place the export does
    /// not reach goes into `beyond`.
    fn missing(
        &self,
        hasher: &RandomState,
        beyond: &mut BTreeSet<String>,
    ) -> Vec<(KeyPath, Use, Reading)> {
        let mut missing = Vec::new();
        let Some((line, top)) = self.top(hasher) else {
            return missing;
        };
        // With a numbered control set at the top there is no other; from above, each that is listed counts.
        let sets: Vec<Option<u32>> = match top.control_set {
            Some(number) => vec![Some(number)],
            None if top.lower == "hklm" || top.lower == r"hklm\system" => (0..1_000)
                .filter(|number| {
                    self.holds(
                        hasher,
                        &format!(r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet{number:03}"),
                    )
                })
                .map(Some)
                .chain([None])
                .collect(),
            None => vec![None],
        };
        for key in Key::ALL {
            let Some(path) = KeyPath::read(key.path()) else {
                continue;
            };
            let in_system = path.lower.starts_with(r"hklm\system\");
            for set in &sets {
                if set.is_some() && !in_system {
                    continue;
                }
                let path = KeyPath {
                    control_set: *set,
                    ..path.clone()
                };
                let anchor = anchor(&path.lower);
                let written = match set {
                    Some(number) => format!(r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet{number:03}"),
                    None => anchor.replacen("hklm", "HKEY_LOCAL_MACHINE", 1),
                };
                let anchored = at_or_below(&top.lower, anchor) && top.control_set == *set
                    || self.holds(hasher, &written);
                let listed = self.kept.contains_key(&(path.lower.clone(), *set));
                if !listed && anchored && below(&path.lower, &top.lower) {
                    if !self.passed(hasher, &path) {
                        beyond.insert(path.shown);
                        continue;
                    }
                    let reading = Reading {
                        line,
                        ..Reading::default()
                    };
                    missing.push((path, Use::Rules(key), reading));
                }
            }
        }
        missing
    }

    /// Whether the export goes on behind the place where this key would stand.
    fn passed(&self, hasher: &RandomState, path: &KeyPath) -> bool {
        let long = path.shown.replacen("HKLM", "HKEY_LOCAL_MACHINE", 1);
        let written = match path.control_set {
            Some(number) => {
                long.replacen("CurrentControlSet", &format!("ControlSet{number:03}"), 1)
            }
            None => long,
        };
        self.trail
            .passed(&written, |above| self.holds(hasher, above))
    }

    /// Whether one view certainly has a key that the other has not, as nobody is shown who sees the same under both.
    fn tells_apart(&self, hasher: &RandomState) -> bool {
        const NATIVE: &str = r"HKEY_LOCAL_MACHINE\SOFTWARE";
        const SECOND: &str = r"\Wow6432Node";
        if self.views != (true, true) {
            return false;
        }
        self.listed.iter().any(|(_, written)| {
            let Some((native, rest)) = written.split_at_checked(NATIVE.len()) else {
                return false;
            };
            if !native.eq_ignore_ascii_case(NATIVE) || !rest.starts_with('\\') {
                return false;
            }
            let inside = rest
                .split_at_checked(SECOND.len())
                .filter(|(second, _)| second.eq_ignore_ascii_case(SECOND));
            let other = match inside {
                Some((_, "")) => return false,
                Some((_, below)) if below.starts_with('\\') => format!("{NATIVE}{below}"),
                _ => format!("{NATIVE}{SECOND}{rest}"),
            };
            let holds = |path: &str| self.holds(hasher, path);
            !holds(&other) && self.trail.passed(&other, holds)
        })
    }

    /// The exported key, with its line.
    fn top(&self, hasher: &RandomState) -> Option<(u64, KeyPath)> {
        let (line, written) = self.listed.iter().find(|(_, written)| {
            let above = written.rsplit_once('\\').map_or("", |(above, _)| above);
            !self.holds(hasher, above)
        })?;
        Some((*line, KeyPath::read(written)?))
    }

    fn holds(&self, hasher: &RandomState, path: &str) -> bool {
        self.known.contains(&hash(hasher, path))
    }
}

/// Of a path, without case.
fn hash(hasher: &RandomState, path: &str) -> u64 {
    hasher.hash_one(path.to_ascii_lowercase())
}
