//! The folder, and `done` and `failed` in it: moves files there, and never over another.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{
    names::{shown, with_behind},
    settling::{Found, Look},
};

/// Files of one name that a folder keeps.
const MOST_OF_ONE_NAME: u32 = 10_000;

/// Where a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everything in it was taken.
    Done,
    /// It was refused, or something in it was.
    Failed,
}

impl Place {
    /// Name of the folder.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// Why a file was not moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmoved {
    /// It is not the file any more that was sent; what lies there now is another.
    Changed,
    /// The system refuses it, for this reason.
    Refused(String),
}

/// The folder that is swept.
#[derive(Clone, Debug)]
pub struct Places {
    folder: PathBuf,
}

impl Places {
    /// Makes `done` and `failed` where they are missing.
    ///
    /// # Errors
    /// One sentence: the folder is none, or these two cannot be made in it.
    pub fn open(folder: &Path) -> Result<Self, String> {
        let said = folder.display();
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(format!("{said} is not a folder; name the folder to sweep")),
            Err(error) => return Err(format!("the folder {said} cannot be read: {error}")),
        }
        let places = Self {
            folder: folder.to_owned(),
        };
        for place in [Place::Done, Place::Failed] {
            let path = places.path(place);
            match fs::create_dir(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(format!(
                        "the folder {} cannot be made: {error}; give this user the right to make folders in {said}, or \
                         make it by hand",
                        path.display()
                    ));
                }
            }
        }
        places.check()?;
        Ok(places)
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, place: Place) -> PathBuf {
        self.folder.join(place.folder())
    }

    /// Looks whether `done` and `failed` are there and real folders: a link would carry files to where somebody else
    /// wants them, and a share that is not mounted has neither.
    ///
    /// # Errors
    /// One sentence that names the one that is not.
    pub fn check(&self) -> Result<(), String> {
        [Place::Done, Place::Failed]
            .into_iter()
            .try_for_each(|place| self.check_one(place))
    }

    fn check_one(&self, place: Place) -> Result<(), String> {
        let path = self.path(place);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(format!(
                "{} is not a folder but something else of that name; move it away",
                path.display()
            )),
            Err(error) => Err(format!(
                "the folder {} cannot be read: {error}; is the share still mounted?",
                path.display()
            )),
        }
    }

    /// Moves a file that is still the one that was looked at; gives back its new name. A name that is taken gets a
    /// number behind.
    ///
    /// # Errors
    /// It is another file by now, or the system refuses.
    pub fn carry(&self, found: &Found, place: Place) -> Result<OsString, Unmoved> {
        self.check_one(place).map_err(Unmoved::Refused)?;
        let from = self.folder.join(&found.name);
        if !is_still(&from, &found.look) {
            return Err(Unmoved::Changed);
        }
        let target = self.path(place);
        let (name, empty) = reserve(&target, &found.name, "")?;
        drop(empty);
        let to = target.join(&name);
        if let Err(error) = fs::rename(&from, &to) {
            // Nothing but the empty file of a moment ago.
            drop(fs::remove_file(&to));
            return Err(Unmoved::Refused(error.to_string()));
        }
        if is_still(&to, &found.look) {
            return Ok(name);
        }
        // Somebody put a newer file there in between; nobody has sent that one.
        self.put_back(&to, &found.name)?;
        Err(Unmoved::Changed)
    }

    fn put_back(&self, from: &Path, name: &OsStr) -> Result<(), Unmoved> {
        let (name, empty) = reserve(&self.folder, name, "")?;
        drop(empty);
        let to = self.folder.join(name);
        fs::rename(from, &to).map_err(|error| {
            drop(fs::remove_file(&to));
            Unmoved::Refused(format!(
                "a newer file of that name was moved to {} unsent, and cannot be put back: {error}",
                shown(from.as_os_str())
            ))
        })
    }

    /// Writes beside a file in `failed` why it is there.
    ///
    /// # Errors
    /// One sentence.
    pub fn explain(&self, name: &OsStr, reason: &str) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| {
            format!("the reason could not be written beside the file: {error}")
        };
        let (_, mut file) =
            reserve(&self.path(Place::Failed), name, ".reason.txt").map_err(|why| match why {
                Unmoved::Changed => failed(&"it changed"),
                Unmoved::Refused(why) => failed(&why),
            })?;
        file.write_all(reason.as_bytes())
            .map_err(|error| failed(&error))
    }
}

fn is_still(path: &Path, look: &Look) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| {
        metadata.is_file() && Look::of(&metadata).is_ok_and(|now| now == *look)
    })
}

/// A new empty file of this name, or of this name with a number behind. Renaming replaces what is there, so the name
/// is taken first, in a way that fails when somebody has it.
fn reserve(folder: &Path, name: &OsStr, behind: &str) -> Result<(OsString, fs::File), Unmoved> {
    for number in 1..=MOST_OF_ONE_NAME {
        let behind = if number == 1 {
            behind.to_owned()
        } else {
            format!("{behind}.{number}")
        };
        let name = with_behind(name, &behind);
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(folder.join(&name));
        match made {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Unmoved::Refused(error.to_string())),
        }
    }
    Err(Unmoved::Refused(format!(
        "the folder {} has {MOST_OF_ONE_NAME} files of that name already; tidy it up",
        folder.display()
    )))
}
