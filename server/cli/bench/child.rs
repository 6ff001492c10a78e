//! A server in a process of its own, as in real life, so that its memory can be told from the load generator's.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child as Process, Command},
};

use super::Error;

/// A running server.
pub(super) struct Child {
    process: Process,
    address: String,
    data_dir: PathBuf,
}

impl Child {
    /// Starts it and waits until it takes connections.
    pub(super) async fn start(url: &str, directory: &Path) -> Result<Self, Error> {
        let failed = |what: String| Error::Failed(format!("the server cannot be started: {what}"));
        let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
        let data_dir = directory.join("server");
        let mut process = Command::new(program)
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--rate-limit", "0"])
            .arg("--data-dir")
            .arg(&data_dir)
            .env("CUTOVER_DATABASE_URL", url)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let out = process
            .stdout
            .take()
            .ok_or_else(|| failed("it has no output".to_owned()))?;
        let mut lines = BufReader::new(out).lines();
        let mut address = None;
        while address.is_none()
            && let Ok(Some(line)) = lines.next_line().await
        {
            address = line
                .split_once("listening on ")
                .map(|(_, found)| found.trim().to_owned());
        }
        Ok(Self {
            process,
            address: address.ok_or_else(|| failed("it said no address".to_owned()))?,
            data_dir,
        })
    }

    pub(super) fn address(&self) -> String {
        self.address.clone()
    }

    pub(super) fn certificate(&self) -> PathBuf {
        self.data_dir.join("cert.pem")
    }

    /// The most memory it ever had, in MB.
    pub(super) fn peak_mb(&self) -> Result<f64, Error> {
        let id = self.process.id().unwrap_or_default();
        let text = std::fs::read_to_string(format!("/proc/{id}/status"))
            .map_err(|error| Error::Failed(format!("the server's memory is not known: {error}")))?;
        let kb: f64 = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
            .ok_or_else(|| Error::Failed("the server's memory is not known".to_owned()))?;
        Ok(kb / 1_000.0)
    }

    /// Ends it.
    pub(super) async fn stop(mut self) -> Result<(), Error> {
        self.process
            .kill()
            .await
            .map_err(|error| Error::Failed(format!("the server cannot be stopped: {error}")))
    }
}
