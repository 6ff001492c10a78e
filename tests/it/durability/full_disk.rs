//! The disk fills up under a running server, and is emptied again.

use std::{
    env, fs,
    io::Write as _,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use super::{
    check,
    ledger::Ledger,
    load::{Fate, Load, Rounds},
};
use crate::support::process::Home;

const CLIENTS: u64 = 400;
/// How often the disk is filled.
const TIMES: u32 = 3;

/// A small disk of its own, gone with this value.
pub struct Disk(tempfile::TempDir);

impl Disk {
    /// A disk of so many MiB; `None` where nobody may mount one, which is said, and a failure in CI as root.
    pub fn of(mib: u32) -> Option<Self> {
        match Self::mounted(mib) {
            Ok(disk) => Some(disk),
            Err(why) => {
                assert!(
                    env::var_os("CI").is_none() || !is_root(),
                    "in CI the full disk is tested, but: {why}"
                );
                eprintln!("NOT RUN: a full disk needs the right to mount: {why}");
                None
            }
        }
    }

    fn mounted(mib: u32) -> Result<Self, String> {
        let directory = tempfile::tempdir().expect("a directory");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o"]);
        mount.args([format!("size={mib}m,mode=700"), "tmpfs".to_owned()]);
        let Output { status, stderr, .. } = mount
            .arg(directory.path())
            .output()
            .map_err(|error| error.to_string())?;
        if status.success() {
            Ok(Self(directory))
        } else {
            Err(String::from_utf8_lossy(&stderr).trim().to_owned())
        }
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the test itself may still have the database open.
        let unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} was not unmounted", self.path().display());
        }
    }
}

/// Takes every byte that is left.
pub fn fill(file: &Path) {
    let mut file = fs::File::create(file).expect("a file");
    for piece in [vec![7_u8; 64 << 10], vec![7; 512]] {
        while file.write_all(&piece).is_ok() {}
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    let Some(disk) = Disk::of(16) else {
        return;
    };
    let home = Home::sqlite_in(&disk.path().join("data"));
    let url = home.database_url();
    let mut server = home.start();
    let ledger = Arc::new(Ledger::default());
    let rounds = Rounds::new(11, CLIENTS);
    let numbers = 0..CLIENTS;
    let first = Load::start((&home, &server), rounds, numbers, &ledger, Fate::Lives);
    assert!(first.finish().await > 0);

    let mut next = CLIENTS;
    for _ in 0..TIMES {
        let filler = disk.path().join("filler");
        fill(&filler);
        let numbers = next..u64::MAX;
        let load = Load::start((&home, &server), rounds, numbers, &ledger, Fate::Lives);
        load.is_refused(200).await;
        // A small report may still fit into a page that is there. Seen from a connection of our own: what only
        // the server's connection sees is not kept.
        check::verify(&url, &ledger.promises()).await;
        fs::remove_file(&filler).expect("the filler goes");
        load.acknowledges(200).await;
        next = load.next();
        load.end().await;
        assert!(server.is_alive());
        check::verify(&url, &ledger.promises()).await;
    }
    server.kill();
    let promises = ledger.promises();
    check::verify(&url, &promises).await;
    let server = home.start();
    check::verify(&url, &promises).await;
    server.kill();
    check::sqlite_is_whole(&url).await;
    assert!(!home.log().contains("panicked"), "{}", home.log());
    println!(
        "the disk was full {TIMES} times; {} acknowledged reports: all there",
        promises.count
    );
}
