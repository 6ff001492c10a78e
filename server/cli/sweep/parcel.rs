//! One file, read once: what is sent is what was looked at.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _},
    path::Path,
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256 as Hasher};

use super::{
    memory::Sha256,
    settling::{Found, Look},
};
use crate::domain::time::Timestamp;

/// Bytes that the server takes in one file.
pub const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// All of it.
    pub bytes: Bytes,
    /// Its SHA-256.
    pub sha256: Sha256,
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is not there any more.
    Gone,
    /// It is not what was looked at, or somebody writes it.
    Changing,
    /// It is larger than the server takes.
    TooLarge,
    /// The system refuses it, for this reason.
    Refused(String),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        /// Windows: somebody has the file open and does not share it.
        const SHARING_VIOLATION: i32 = 32;
        match error.kind() {
            io::ErrorKind::NotFound => Self::Gone,
            // What a file server says of a file that its writer does not share.
            io::ErrorKind::ResourceBusy | io::ErrorKind::ExecutableFileBusy => Self::Changing,
            _ if cfg!(windows) && error.raw_os_error() == Some(SHARING_VIOLATION) => Self::Changing,
            _ => Self::Refused(error.to_string()),
        }
    }
}

/// Reads the file into memory, if it is still the one that was looked at when all of it is read.
///
/// # Errors
/// It is not, or it cannot be read.
pub fn read(folder: &Path, found: &Found) -> Result<Parcel, Unread> {
    let path = folder.join(&found.name);
    let before = fs::symlink_metadata(&path)?;
    still(&before, found)?;
    if found.look.size > MOST_BYTES {
        return Err(Unread::TooLarge);
    }
    let mut file = open(&path)?;
    let opened = file.metadata()?;
    // A link put in its place since then leads to another file.
    if identity(&before) != identity(&opened) {
        return Err(Unread::Changing);
    }
    still(&opened, found)?;
    let mut bytes = Vec::new();
    // One byte more than was seen is enough to know that it grows.
    (&mut file)
        .take(found.look.size.saturating_add(1))
        .read_to_end(&mut bytes)?;
    still(&file.metadata()?, found)?;
    if u64::try_from(bytes.len()).ok() != Some(found.look.size) {
        return Err(Unread::Changing);
    }
    let sha256 = Hasher::digest(&bytes).into();
    Ok(Parcel {
        bytes: bytes.into(),
        sha256,
    })
}

/// Whether this is still the regular file that was looked at.
fn still(metadata: &Metadata, found: &Found) -> Result<(), Unread> {
    if metadata.is_file() && Look::of(metadata)? == found.look {
        return Ok(());
    }
    Err(Unread::Changing)
}

/// The time that is told to the server: that of the last writing, and whether it was ahead of now and had to be cut.
pub fn collected_at(look: &Look, now: Timestamp) -> (Timestamp, bool) {
    let millis = look
        .modified
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        });
    let at = Timestamp(millis);
    (at.min(now), at > now)
}

/// Opens without following a link and without waiting for the other end of a pipe: anybody may put one there between
/// the look and the opening.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags::NO_FOLLOW_NO_WAIT)
        .open(path)
}

/// Opens only when nobody else has it open for writing, and never what a link leads to.
#[cfg(windows)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt as _;
    const SHARE_READ: u32 = 0x1;
    const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    OpenOptions::new()
        .read(true)
        .share_mode(SHARE_READ)
        .custom_flags(OPEN_REPARSE_POINT)
        .open(path)
}

#[cfg(not(any(unix, windows)))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// The flags of `open` by their numbers, where these are known; elsewhere the comparison of both files must do.
#[cfg(unix)]
mod flags {
    #[cfg(all(
        any(target_os = "linux", target_os = "android"),
        any(target_arch = "x86", target_arch = "x86_64", target_arch = "riscv64")
    ))]
    pub const NO_FOLLOW_NO_WAIT: i32 = 0o400_000 | 0o4_000;
    #[cfg(all(
        any(target_os = "linux", target_os = "android"),
        any(target_arch = "arm", target_arch = "aarch64")
    ))]
    pub const NO_FOLLOW_NO_WAIT: i32 = 0o100_000 | 0o4_000;
    #[cfg(target_vendor = "apple")]
    pub const NO_FOLLOW_NO_WAIT: i32 = 0x100 | 0x4;
    #[cfg(not(any(
        target_vendor = "apple",
        all(
            any(target_os = "linux", target_os = "android"),
            any(
                target_arch = "x86",
                target_arch = "x86_64",
                target_arch = "riscv64",
                target_arch = "arm",
                target_arch = "aarch64"
            )
        )
    )))]
    pub const NO_FOLLOW_NO_WAIT: i32 = 0;
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

/// Where the system gives a file no number; there the opening itself follows no link.
#[cfg(not(unix))]
const fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
