//! Which files of the folder somebody on this machine has open for writing, as far as the system tells.

use std::{collections::HashSet, ffi::OsString, path::Path};

/// Names of files directly in the folder that a process has open for writing. Linux tells it of the processes of the
/// same user, and root of all; of writers on other machines it knows nothing. Elsewhere the set is empty.
#[cfg(target_os = "linux")]
pub fn being_written(folder: &Path) -> HashSet<OsString> {
    let mut names = HashSet::new();
    let Ok(folder) = folder.canonicalize() else {
        return names;
    };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let is_process = process
            .file_name()
            .as_encoded_bytes()
            .iter()
            .all(u8::is_ascii_digit);
        if !is_process {
            continue;
        }
        let path = process.path();
        // Of a process of somebody else, or one that has ended, nothing is told.
        let open = std::fs::read_dir(path.join("fd")).into_iter().flatten();
        for descriptor in open.flatten() {
            // The link is only read: what it points to may lie on a server that does not answer.
            let Ok(target) = std::fs::read_link(descriptor.path()) else {
                continue;
            };
            if target.parent() != Some(folder.as_path()) {
                continue;
            }
            let info = path.join("fdinfo").join(descriptor.file_name());
            let writes = std::fs::read_to_string(info).is_ok_and(|info| is_for_writing(&info));
            if let Some(name) = target.file_name().filter(|_| writes) {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// Names of files that a process has open for writing: this system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn being_written(_: &Path) -> HashSet<OsString> {
    HashSet::new()
}

/// Whether the flags in this text of `/proc` are those of a descriptor that may write.
#[cfg(target_os = "linux")]
fn is_for_writing(info: &str) -> bool {
    const ACCESS: u32 = 0o3;
    info.lines()
        .find_map(|line| line.strip_prefix("flags:"))
        .and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok())
        .is_some_and(|flags| flags & ACCESS != 0)
}
