//! Two documents of one device made one: what only one of them says is taken, what both say must agree.
//!
//! A fact that was told in two ways is not collected, and stays so whatever comes later: the result is the same in
//! whatever order documents are joined.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    mem,
};

use super::{
    document::{Client, Collector, Document, Os},
    machine::bits,
    raw::Scalar,
};
use crate::domain::time::Timestamp;

impl Document {
    /// Takes what another document says of the same device. What the two say differently becomes not collected; each
    /// such contradiction comes back as a sentence.
    ///
    /// Of times the careful one is kept: the earlier collection, the earlier start, the later write.
    pub fn absorb(&mut self, other: Self) -> Vec<String> {
        join_collectors(self, &other.collector, other.reads_native());
        let known = mem::take(&mut self.contradicted);
        let whole = |known: &BTreeSet<String>| -> BTreeSet<String> {
            let marks = known.range(WHOLE.to_owned()..);
            let marks = marks.take_while(|fact| fact.starts_with(WHOLE));
            marks.cloned().collect()
        };
        let mut clash = Clash {
            whole: (whole(&known), whole(&other.contradicted)),
            known,
            said: Vec::new(),
        };
        clash.known.extend(other.contradicted);
        // Facts without a time do not become as fresh as those beside them.
        self.undated |=
            other.undated || self.collected_at.is_some() != other.collected_at.is_some();
        self.time_open |= other.time_open;
        let theirs = other.collected_at.clone();
        self.collected_at = careful(self.collected_at.take(), other.collected_at, Ord::min);
        if self.collected_at == theirs {
            self.time_from = other.time_from;
        }
        clash.client(&mut self.client, other.client);
        clash.os(&mut self.os, other.os);
        for key in other.registry {
            clash.key(&mut self.registry, key);
        }
        clash.purge(&mut self.registry);
        // The same facts are the same bytes, in whatever order they came.
        self.registry.sort_by(|a, b| a.key.cmp(&b.key));
        let cut = (self.hotfixes_cut, other.hotfixes_cut);
        (self.hotfixes, self.hotfixes_cut) =
            clash.hotfixes(self.hotfixes.take(), other.hotfixes, cut);
        self.files = clash.files(self.files.take(), other.files);
        clash.whole(
            "cipher_suites",
            &mut self.cipher_suites,
            other.cipher_suites,
        );
        clash.whole("software", &mut self.software, other.software);
        self.contradicted = clash.known;
        clash.said
    }
}

/// Begins the mark of a key that somebody read as a whole, which the key itself no longer says.
pub(super) const WHOLE: &str = "whole:";

/// What is known to be contradicted, and the sentences about what has become so just now.
pub(super) struct Clash {
    pub(super) known: BTreeSet<String>,
    /// Marks of keys read as a whole, on either side.
    pub(super) whole: (BTreeSet<String>, BTreeSet<String>),
    said: Vec<String>,
}

impl Clash {
    pub(super) fn differ(&mut self, fact: &str, title: &str, mine: &str, theirs: &str) {
        if self.known.insert(fact.to_owned()) {
            self.said.push(format!(
                "{title} is {mine} in one place and {theirs} in another, so it was taken from neither. Find out which is right, and upload that one alone."
            ));
        }
    }

    /// Whether anything that begins like this is contradicted.
    pub(super) fn any(&self, start: &str) -> bool {
        let mut from = self.known.range(start.to_owned()..);
        from.next().is_some_and(|fact| fact.starts_with(start))
    }

    /// One fact; of two spellings of the same the smaller is kept.
    fn one<T: Ord + Display>(
        &mut self,
        fact: &str,
        mine: &mut Option<T>,
        theirs: Option<T>,
        same: impl Fn(&T, &T) -> bool,
    ) {
        *mine = match (mine.take(), theirs) {
            _ if self.known.contains(fact) => None,
            (mine, None) => mine,
            (None, theirs) => theirs,
            (Some(mine), Some(theirs)) if same(&mine, &theirs) => Some(mine.min(theirs)),
            (Some(mine), Some(theirs)) => {
                self.differ(fact, fact, &format!("`{mine}`"), &format!("`{theirs}`"));
                None
            }
        };
    }

    /// A list that is only the same or another.
    fn whole<T: PartialEq>(
        &mut self,
        fact: &str,
        mine: &mut Option<Vec<T>>,
        theirs: Option<Vec<T>>,
    ) {
        *mine = match (mine.take(), theirs) {
            _ if self.known.contains(fact) => None,
            (mine, None) => mine,
            (None, theirs) => theirs,
            (Some(mine), Some(theirs)) if mine == theirs => Some(mine),
            (Some(mine), Some(theirs)) => {
                let count = |list: &[T]| format!("a list of {}", list.len());
                self.differ(fact, fact, &count(&mine), &count(&theirs));
                None
            }
        };
    }

    fn client(&mut self, mine: &mut Client, theirs: Client) {
        let letters = |a: &String, b: &String| a.to_lowercase() == b.to_lowercase();
        self.one(
            "client.sms_guid",
            &mut mine.sms_guid,
            theirs.sms_guid,
            letters,
        );
        self.one(
            "client.resource_id",
            &mut mine.resource_id,
            theirs.resource_id,
            i64::eq,
        );
        self.one(
            "client.site_code",
            &mut mine.site_code,
            theirs.site_code,
            letters,
        );
        self.one("client.name", &mut mine.name, theirs.name, letters);
        self.one("client.fqdn", &mut mine.fqdn, theirs.fqdn, letters);
        self.one("client.domain", &mut mine.domain, theirs.domain, letters);
        self.one(
            "client.smbios_guid",
            &mut mine.smbios_guid,
            theirs.smbios_guid,
            letters,
        );
        let (number, version) = (theirs.serial_number, theirs.client_version);
        self.one(
            "client.serial_number",
            &mut mine.serial_number,
            number,
            letters,
        );
        self.one(
            "client.client_version",
            &mut mine.client_version,
            version,
            String::eq,
        );
        join_lists(&mut mine.ip_addresses, theirs.ip_addresses);
        join_lists(&mut mine.roles, theirs.roles);
    }

    fn os(&mut self, mine: &mut Os, theirs: Os) {
        self.one("os.caption", &mut mine.caption, theirs.caption, String::eq);
        self.one("os.version", &mut mine.version, theirs.version, |a, b| {
            a.split('.').take(3).eq(b.split('.').take(3))
        });
        self.one(
            "os.product_type",
            &mut mine.product_type,
            theirs.product_type,
            u32::eq,
        );
        let width = |text: &str| bits(&Scalar::Text(text.into()));
        self.one(
            "os.architecture",
            &mut mine.architecture,
            theirs.architecture,
            |a, b| a == b || (width(a).is_some() && width(a) == width(b)),
        );
        self.one(
            "os.service_pack",
            &mut mine.service_pack,
            theirs.service_pack,
            u32::eq,
        );
        self.one("os.sku", &mut mine.sku, theirs.sku, u32::eq);
        self.one(
            "os.suite_mask",
            &mut mine.suite_mask,
            theirs.suite_mask,
            u32::eq,
        );
        mine.last_boot_at = careful(mine.last_boot_at.take(), theirs.last_boot_at, Ord::min);
    }

    /// The updates of both lists, and whether the list proves nothing by what is missing from it.
    fn hotfixes(
        &mut self,
        mine: Option<Vec<String>>,
        theirs: Option<Vec<String>>,
        cut: (bool, bool),
    ) -> (Option<Vec<String>>, bool) {
        let mark = format!("{WHOLE}hotfixes");
        let cut = (
            cut.0 && !self.whole.0.contains(&mark),
            cut.1 && !self.whole.1.contains(&mark),
        );
        let (mut mine, theirs, cut) = match (mine, theirs) {
            (None, None) => return (None, false),
            (Some(mine), None) => (mine, Vec::new(), cut.0),
            (None, Some(theirs)) => (Vec::new(), theirs, cut.1),
            (Some(mine), Some(theirs)) => {
                let lacks = |list: &[String], name: &String| !list.contains(name);
                for name in theirs.iter().filter(|name| !cut.0 && lacks(&mine, name)) {
                    self.differ(&format!("hotfix:{name}"), name, "not listed", "listed");
                }
                for name in mine.iter().filter(|name| !cut.1 && lacks(&theirs, name)) {
                    self.differ(&format!("hotfix:{name}"), name, "listed", "not listed");
                }
                (mine, theirs, cut.0 && cut.1)
            }
        };
        if !mine.is_sorted() {
            mine.sort_unstable();
        }
        for name in theirs {
            if let Err(at) = mine.binary_search(&name) {
                mine.insert(at, name);
            }
        }
        let some_clash = self.any("hotfix:");
        if some_clash {
            if !cut {
                self.known.insert(mark);
            }
            mine.retain(|name| !self.known.contains(&format!("hotfix:{name}")));
        }
        (Some(mine), cut || some_clash)
    }

    fn files(
        &mut self,
        mine: Option<BTreeMap<String, String>>,
        theirs: Option<BTreeMap<String, String>>,
    ) -> Option<BTreeMap<String, String>> {
        let mut mine = mine.unwrap_or_default();
        for (path, version) in theirs.unwrap_or_default() {
            let known = mine
                .keys()
                .find(|known| known.eq_ignore_ascii_case(&path))
                .cloned();
            let mut before = known.as_ref().and_then(|known| mine.remove(known));
            let fact = format!("file:{}", path.to_lowercase());
            self.one(&fact, &mut before, Some(version), String::eq);
            if let Some(version) = before {
                mine.insert(known.map_or(path.clone(), |known| known.min(path)), version);
            }
        }
        if self.any("file:") {
            mine.retain(|path, _| {
                !self
                    .known
                    .contains(&format!("file:{}", path.to_lowercase()))
            });
        }
        (!mine.is_empty()).then_some(mine)
    }
}

/// Whose registry readings are whose: a width says something only of keys that have two views, and is kept while all of
/// these were read by a process of that width.
fn join_collectors(mine: &mut Document, theirs: &Collector, their_native: bool) {
    let native = mine.reads_native();
    if their_native && !native {
        mine.collector.process_bits = theirs.process_bits;
        mine.collector.explicit_views = theirs.explicit_views;
    } else if their_native == native {
        if mine.collector.process_bits != theirs.process_bits {
            mine.collector.process_bits = None;
        }
        mine.collector.explicit_views &= theirs.explicit_views;
    }
    let names = mine
        .collector
        .name
        .split(" and ")
        .chain(theirs.name.split(" and "));
    let names: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    mine.collector.name = names.join(" and ");
    if mine.collector.version != theirs.version {
        mine.collector.version = None;
    }
}

/// The more careful of two times.
pub(super) fn careful(
    mine: Option<String>,
    theirs: Option<String>,
    choose: fn(Timed, Timed) -> Timed,
) -> Option<String> {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) => {
            let timed = |text: String| (Timestamp::parse(&text).unwrap_or_default(), text);
            Some(choose(timed(mine), timed(theirs)).1)
        }
        (mine, theirs) => mine.or(theirs),
    }
}

/// A time and how it is written.
pub(super) type Timed = (Timestamp, String);

fn join_lists(mine: &mut Vec<String>, theirs: Vec<String>) {
    mine.extend(theirs);
    if !mine.is_sorted_by(|a, b| a < b) {
        mine.sort_unstable();
        mine.dedup();
    }
}
