//! `cutover sweep`: brings the files of a share drop to a server, each once, and moves them out of the way.

pub mod choose;
pub mod memory;
pub mod names;
mod office;
pub mod parcel;
pub mod places;
pub mod settling;
mod voice;
mod work;
pub mod writing;

use std::{path::PathBuf, time::Duration};

use self::{office::Office, places::Places, work::Sweeper};
use super::{
    Error,
    load::{Plan, Secret, Trust, connect},
};
use crate::{clock, serve, sim::Fleet};

/// Watch a folder into which computers drop files, and bring each file to a server once.
///
/// A file is taken when it looked the same twice and nobody is known to write it. It goes to `done` in the same folder
/// when the server took all of it, and to `failed`, with the reason beside it, when not. Hidden files, *.part, *.tmp,
/// folders and links are left alone. After a crash a file may be brought twice, which is harmless.
#[derive(Clone, Debug, clap::Args)]
pub struct SweepArgs {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The server that gets the files
    #[arg(long, value_name = "URL")]
    server: String,
    /// Import token for the server
    #[arg(long, env = "CUTOVER_TOKEN", hide_env_values = true)]
    token: Option<Secret>,
    /// Accept what the certificates in this PEM file vouch for, and nothing else
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Accept any certificate; only for a server on this machine
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
    /// You vouch that 64-bit programs read the registry values in all files of the folder that do not say how they were
    /// read; nothing in the folder can say that by itself
    #[arg(long)]
    read_by_64_bit: bool,
    /// Make one pass and end: with 0, or with 1 when a file failed or could not be brought
    #[arg(long)]
    once: bool,
    /// Seconds during which a file may not change before it is taken
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    settle: u64,
    /// Seconds from one pass to the next
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
}

/// Runs until it is told to stop, or for one pass.
///
/// # Errors
/// The settings are wrong or refused by the server, the folder cannot be used, or a file failed in the one pass.
pub async fn run(args: SweepArgs) -> Result<(), Error> {
    let Some(token) = args.token else {
        return Err(Error::Usage(
            "no token: give --token or CUTOVER_TOKEN; `cutover token create --purpose import` makes one"
                .to_owned(),
        ));
    };
    let mut plan = Plan::new(args.server, Fleet::new(1, 1), clock::now());
    plan.trust = match args.ca {
        Some(path) => Trust::File(path),
        None if args.insecure => Trust::Anything,
        None => Trust::System,
    };
    plan.token = Some(token);
    let (client, uploads) =
        connect(&plan, "uploads").map_err(|error| Error::Failed(error.to_string()))?;
    let places = Places::open(&args.folder).map_err(Error::Failed)?;
    let settle = Duration::from_secs(args.settle);
    let mut sweeper = Sweeper::new(
        places,
        Office::new(client, uploads, args.read_by_64_bit),
        settle,
    );
    let work = async {
        if args.once {
            return sweeper.once().await;
        }
        sweeper.forever(Duration::from_secs(args.every)).await
    };
    // Files are moved between two points where the work can be left, never across one.
    tokio::select! {
        ended = work => ended,
        () = serve::asked_to_stop() => {
            voice::note(
                "asked to stop; a file that was on its way stays and is brought again, which is harmless",
            );
            if args.once {
                return Err(Error::Failed("the pass was not completed".to_owned()));
            }
            Ok(())
        }
    }
}
