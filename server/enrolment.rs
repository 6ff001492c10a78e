//! The server's own key, which the keys of enrolled machines come from: a file that nobody else reads.

use std::{io, path::Path};

use crate::domain::enrolment::{Master, SHORTEST};

/// More than any key has; what is longer is no key.
const LONGEST: u64 = 4_096;

/// Reads the key, or makes one where there is none.
///
/// # Errors
/// One sentence naming the setting and the file.
pub fn open_or_make(path: &Path) -> Result<Master, String> {
    match make(path) {
        Ok(()) => tracing::info!(
            file = %path.display(),
            "a key for enrolled machines was made; several servers on one database need the same one"
        ),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => {
            return Err(format!(
                "enrolment_key {} cannot be made: {error}",
                path.display()
            ));
        }
    }
    open(path)
}

/// Reads the key.
///
/// # Errors
/// One sentence naming the setting and the file.
pub fn open(path: &Path) -> Result<Master, String> {
    use io::Read as _;
    let wrong = |why: &dyn std::fmt::Display| {
        format!("enrolment_key {} cannot be used: {why}", path.display())
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| wrong(&error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(wrong(&format!("it has more than {LONGEST} bytes")));
    }
    Master::of(&bytes).ok_or_else(|| {
        wrong(&format!(
            "it has {} bytes, and {SHORTEST} random ones are needed at least",
            bytes.len()
        ))
    })
}

/// Written whole under another name first, so that nobody ever reads half a key.
fn make(path: &Path) -> io::Result<()> {
    use io::Write as _;
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or_else(|| Path::new(".")))?;
    let bytes: [u8; SHORTEST] = rand::random();
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}
