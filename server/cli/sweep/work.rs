//! One pass after the other: look, wait, look again, bring what has settled, move it.

use std::{collections::HashSet, ffi::OsString, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    super::Error,
    choose::{self, Listing, MOST},
    memory::{Memory, Sha256},
    names::shown,
    office::{Counts, Fate, Hopeless, Office, Stored},
    parcel::{self, MOST_BYTES, Parcel, Unread},
    places::{Place, Places, Unmoved},
    settling::{Found, Judged, Settling},
    voice, writing,
};
use crate::clock;

/// After so many files in a row that the server could not take, the pass ends: it is the server and not the file.
const IN_A_ROW: u32 = 3;
/// A file that has waited for so many passes is spoken of.
const LONG: u32 = 3;

/// What one pass came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    done: u64,
    failed: u64,
    /// Neither taken nor refused: the server or the folder is at fault.
    stuck: u64,
    /// Still being written.
    waiting: u64,
}

/// What was found out about one file, for the line and the reason.
struct Facts<'a> {
    found: &'a Found,
    content: Option<Sha256>,
    note: String,
}

/// Sweeps one folder.
pub struct Sweeper {
    places: Places,
    office: Office,
    settle: Duration,
    settling: Settling,
    memory: Memory,
    started: Instant,
    /// What was said last of the folder as a whole, so that it is not said again every pass.
    told: Vec<String>,
    tally: Tally,
    in_a_row: u32,
    /// There is another pass after this one.
    goes_on: bool,
}

impl Sweeper {
    pub fn new(places: Places, office: Office, settle: Duration) -> Self {
        Self {
            places,
            office,
            settle,
            settling: Settling::new(settle),
            memory: Memory::default(),
            started: Instant::now(),
            told: Vec::new(),
            tally: Tally::default(),
            in_a_row: 0,
            goes_on: false,
        }
    }

    /// One pass.
    ///
    /// # Errors
    /// The settings are at fault, or something failed.
    pub async fn once(&mut self) -> Result<(), Error> {
        self.pass().await?;
        let Tally {
            done,
            failed,
            stuck,
            waiting,
        } = self.tally;
        let counts = format!(
            "{done} done, {failed} failed, {stuck} could not be dealt with, {waiting} still being written"
        );
        if failed + stuck > 0 {
            return Err(Error::Failed(format!("{counts}; the lines above say why")));
        }
        voice::note(&counts);
        Ok(())
    }

    /// Pass after pass, for ever.
    ///
    /// # Errors
    /// The settings are at fault.
    pub async fn forever(&mut self, every: Duration) -> Result<(), Error> {
        self.goes_on = true;
        voice::note(&format!(
            "watching {}, every {} seconds",
            shown(self.places.folder().as_os_str()),
            every.as_secs()
        ));
        loop {
            self.pass().await?;
            sleep(every).await;
        }
    }

    async fn pass(&mut self) -> Result<(), Error> {
        self.tally = Tally::default();
        self.in_a_row = 0;
        let mut said = Vec::new();
        if let Err(why) = self.places.check() {
            self.tally.stuck += 1;
            said.push(why);
        } else if let Some(judged) = self.look_twice(&mut said).await {
            self.tell(said);
            return self.bring_all(judged).await;
        }
        self.tell(said);
        Ok(())
    }

    /// Says about the folder what was not said after the look before.
    fn tell(&mut self, said: Vec<String>) {
        for words in &said {
            if !self.told.contains(words) {
                voice::note(words);
            }
        }
        self.told = said;
    }

    async fn look_twice(&mut self, said: &mut Vec<String>) -> Option<Judged> {
        let mut judged = self.look(said)?;
        if !judged.moving.is_empty() {
            sleep(self.settle).await;
            judged = self.look(said)?;
        }
        Some(judged)
    }

    fn look(&mut self, said: &mut Vec<String>) -> Option<Judged> {
        said.clear();
        let began = self.started.elapsed();
        let listing = match choose::list(self.places.folder(), &mut self.memory) {
            Ok(listing) => listing,
            Err(error) => {
                self.tally.stuck += 1;
                said.push(format!("the folder cannot be listed: {error}"));
                return None;
            }
        };
        let Listing {
            files,
            in_all,
            strange,
            unclear,
        } = listing;
        if in_all > files.len() as u64 {
            said.push(format!(
                "the folder holds {in_all} files; one pass takes the oldest {MOST}, the next pass those that are left"
            ));
        }
        if strange > 0 {
            said.push(format!(
                "links and other things that are no regular files were left alone: {strange}"
            ));
        }
        if unclear > 0 {
            said.push(format!(
                "files that the system does not describe were left alone: {unclear}"
            ));
        }
        Some(self.settling.judge(began, self.started.elapsed(), files))
    }

    async fn bring_all(&mut self, judged: Judged) -> Result<(), Error> {
        let written = if judged.settled.is_empty() {
            HashSet::new()
        } else {
            writing::being_written(self.places.folder())
        };
        for found in &judged.moving {
            self.still_written(found)?;
        }
        let mut left = judged.settled.len();
        for found in &judged.settled {
            if written.contains(&found.name) {
                self.still_written(found)?;
            } else {
                self.bring(found).await?;
            }
            left -= 1;
            if self.in_a_row >= IN_A_ROW && left > 0 {
                voice::note(&format!(
                    "the server took none of {IN_A_ROW} files in a row; the {left} files behind them wait for the next pass"
                ));
                self.tally.stuck += left as u64;
                return Ok(());
            }
        }
        Ok(())
    }

    fn still_written(&mut self, found: &Found) -> Result<(), Error> {
        self.tally.waiting += 1;
        // A file that has just come is nothing to speak of when the next pass is near.
        let passes = self.memory.put_behind(&found.name);
        if self.goes_on && passes < LONG {
            return Ok(());
        }
        self.say_once("waits", found, "it is new, or still being written")
    }

    /// One file, from reading to moving.
    async fn bring(&mut self, found: &Found) -> Result<(), Error> {
        let mut facts = Facts {
            found,
            content: None,
            note: String::new(),
        };
        let parcel = match parcel::read(self.places.folder(), found) {
            Ok(parcel) => parcel,
            // Somebody else took it away, which is their right.
            Err(Unread::Gone) => return Ok(()),
            Err(Unread::Changing) => return self.still_written(found),
            Err(Unread::TooLarge) => {
                let reason = format!(
                    "it has {} bytes, and the server takes at most {} MiB in one file; cut it into smaller ones",
                    found.look.size,
                    MOST_BYTES / 1024 / 1024
                );
                return self.finish(&facts, Place::Failed, &reason, &[]);
            }
            Err(Unread::Refused(why)) => {
                return self.stuck(found, &format!("it cannot be read: {why}"));
            }
        };
        let Parcel { sha256, .. } = parcel;
        if self.memory.was_sent(&found.name, &sha256) {
            self.memory.set_aside(&found.name, found.look, sha256);
            return Ok(());
        }
        facts.content = Some(sha256);
        let (at, ahead) = parcel::collected_at(&found.look, clock::now());
        if ahead {
            facts.note = format!(
                "; its time of last writing is ahead of the clock here, and {at} was told to the server"
            );
        }
        let fate = self.office.bring(&found.name, &parcel, at).await;
        drop(parcel);
        let fate = fate.map_err(|Hopeless(why)| {
            let name = shown(&found.name);
            Error::Failed(format!("{name} could not be brought: {why}"))
        })?;
        if !matches!(fate, Fate::Later(_)) {
            self.in_a_row = 0;
        }
        match fate {
            Fate::Later(why) => {
                self.in_a_row += 1;
                self.stuck(found, &format!("{why}; it stays and is brought again"))
            }
            Fate::Done(counts) => self.finish(&facts, Place::Done, &taken(counts), &[]),
            Fate::Partly(counts, reasons) => {
                let refused = match counts.rejected {
                    1 => "1 record was refused".to_owned(),
                    many => format!("{many} records were refused"),
                };
                let summary = format!("{refused}; {}", taken(counts));
                self.finish(&facts, Place::Failed, &summary, &reasons)
            }
            Fate::Refused(why) => self.finish(&facts, Place::Failed, &why, &[]),
        }
    }

    /// Moves a file that the server has dealt with, and says so.
    fn finish(
        &mut self,
        facts: &Facts<'_>,
        place: Place,
        summary: &str,
        reasons: &[String],
    ) -> Result<(), Error> {
        let found = facts.found;
        let note = &facts.note;
        let name = match self.places.carry(found, place) {
            Ok(name) => name,
            Err(Unmoved::Changed) => {
                // What lies there now has not been seen by anybody yet.
                self.tally.waiting += 1;
                let words = format!(
                    "{summary}{note}; it was replaced meanwhile, and what is there now is brought in the next pass"
                );
                return voice::line("waits", &found.name, &words);
            }
            Err(Unmoved::Refused(why)) => {
                if let Some(content) = facts.content {
                    self.memory.set_aside(&found.name, found.look, content);
                }
                let words = format!(
                    "{summary}{note}; it cannot be moved to {}: {why}; it is not sent again before this program is \
                     started again",
                    place.folder()
                );
                return self.stuck(found, &words);
            }
        };
        self.memory.forget(&found.name);
        let moved = if name == found.name {
            String::new()
        } else {
            format!(" (as {})", shown(&name))
        };
        match place {
            Place::Done => self.tally.done += 1,
            Place::Failed => {
                self.tally.failed += 1;
                let text = reason(facts, summary, reasons);
                if let Err(why) = self.places.explain(&name, &text) {
                    voice::note(&why);
                }
            }
        }
        let first = reasons
            .first()
            .map(|reason| format!("; {reason}"))
            .unwrap_or_default();
        let words = format!("{summary}{note}{moved}{first}");
        voice::line(place.folder(), &found.name, &words)
    }

    fn stuck(&mut self, found: &Found, words: &str) -> Result<(), Error> {
        self.tally.stuck += 1;
        self.memory.put_behind(&found.name);
        self.say_once("stays", found, words)
    }

    /// A line that is not said again while it stays true.
    fn say_once(&mut self, what: &str, found: &Found, words: &str) -> Result<(), Error> {
        let name: &OsString = &found.name;
        if self.memory.is_news(name, words) {
            return voice::line(what, name, words);
        }
        Ok(())
    }
}

fn taken(counts: Counts) -> String {
    let Stored {
        new,
        changed,
        unchanged,
        late,
    } = counts.stored;
    if [new, changed, unchanged, late] == [0; 4] {
        return "no record was stored".to_owned();
    }
    format!("{new} new, {changed} changed, {unchanged} unchanged, {late} late")
}

/// The text beside a file in `failed`, with the line ends that every Windows shows.
fn reason(facts: &Facts<'_>, summary: &str, reasons: &[String]) -> String {
    let mut lines = vec![shown(&facts.found.name), format!("{summary}{}", facts.note)];
    lines.extend(reasons.iter().cloned());
    lines.push(String::new());
    lines.push(format!("looked at: {}", clock::now()));
    lines.push(format!("size: {} bytes", facts.found.look.size));
    if let Some(content) = facts.content {
        let hex: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
        lines.push(format!("SHA-256: {hex}"));
    }
    lines.push("To have it brought again, move it back one folder.".to_owned());
    lines.join("\r\n") + "\r\n"
}
