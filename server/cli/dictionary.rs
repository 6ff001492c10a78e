//! `cutover train-dictionary`: makes the dictionary that stored reports are compressed with.

use std::{fs, path::PathBuf};

use super::Error;
use crate::sim::{DEFAULT_EPOCH, Fleet};

/// Size of the dictionary.
const SIZE: usize = 64 * 1024;

/// Train the dictionary on simulated reports. A new dictionary needs a new number in `store/evidence.rs`.
#[derive(Clone, Debug, clap::Args)]
pub struct TrainArgs {
    /// File to write
    file: PathBuf,
    /// Reports to train on
    #[arg(long, default_value_t = 4_000)]
    reports: u64,
}

/// Runs the command.
///
/// # Errors
/// Training failed, or the file cannot be written.
pub fn run(args: &TrainArgs) -> Result<(), Error> {
    let fleet = Fleet::new(20_261_123, args.reports);
    let samples: Vec<Vec<u8>> = fleet
        .clients()
        .map(|client| client.report(DEFAULT_EPOCH, 0))
        .collect();
    let dictionary = zstd::dict::from_samples(&samples, SIZE)
        .map_err(|error| Error::Failed(format!("training failed: {error}")))?;
    fs::write(&args.file, &dictionary)
        .map_err(|error| Error::Failed(format!("{}: {error}", args.file.display())))?;
    eprintln!("{} bytes in {}", dictionary.len(), args.file.display());
    Ok(())
}
