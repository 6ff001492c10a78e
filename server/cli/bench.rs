//! stub
use super::{Error, loadgen};
/// Send a simulated fleet.
#[derive(Clone, Debug, clap::Args)]
pub struct LoadgenCommand { #[command(flatten)] load: loadgen::LoadgenArgs }
/// Runs.
pub async fn run(c: LoadgenCommand) -> Result<(), Error> { loadgen::run(c.load).await.map_err(|e| Error::Failed(e.to_string())) }
