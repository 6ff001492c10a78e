//! `cutover loadgen`: sends a simulated fleet to a server, with progress and a latency summary.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
};

use super::load::{Encoding, LoadError, Plan, Secret, Trust, drive};
use crate::{domain::time::Timestamp, sim::Fleet};

/// Send a simulated fleet to a server and measure the answers.
#[derive(Clone, Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct LoadgenArgs {
    /// Address of the server.
    #[arg(long, value_name = "URL", default_value = "https://127.0.0.1:8443")]
    server: String,

    /// Token that may write reports.
    #[arg(long, env = "CUTOVER_TOKEN", hide_env_values = true)]
    token: Option<Secret>,

    /// Number of clients in the fleet; a few of them are silent.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    clients: u64,

    /// What the fleet is drawn from: the same number gives the same fleet.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Rounds: in each, every reporting client sends one report. Up to 31 are a day apart.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,

    /// Number of the first round: 0 for a fresh server, more to go on where an earlier run ended.
    #[arg(long, value_name = "N", default_value_t = 0)]
    first_round: u64,

    /// Share of clients whose facts change from one round to the next, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.02, value_parser = share)]
    changed_share: f64,

    /// End of the last round, such as 2026-11-23T08:15:00Z [default: now].
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,

    /// Reports in one request; more than one are sent as lines (NDJSON).
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=20_000))]
    batch: u64,

    /// Requests under way at the same time.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    connections: u64,

    /// Reports offered a second, whether or not the server keeps up; 0: as fast as the connections go.
    #[arg(long, value_name = "R", default_value_t = 0)]
    rate: u64,

    /// A new connection with a full handshake for every request, as real agents make.
    #[arg(long)]
    new_connection: bool,

    /// Stop after so many seconds, whatever is left.
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,

    /// Compress the requests with gzip.
    #[arg(long, conflicts_with = "zstd")]
    gzip: bool,

    /// Compress the requests with zstd.
    #[arg(long)]
    zstd: bool,

    /// Send the device list first; needs a token of that purpose.
    #[arg(long, requires = "population_token")]
    population: bool,

    /// Token that may replace the device list.
    #[arg(long, env = "CUTOVER_POPULATION_TOKEN", hide_env_values = true)]
    population_token: Option<Secret>,

    /// Accept what the certificates in this PEM file vouch for, and nothing else.
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,

    /// Accept any certificate; only for a server on this machine.
    #[arg(long)]
    insecure: bool,

    /// Append a line to this file for every acknowledged report: report id, client, time.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "not a share; give a number from 0 to 1, such as 0.1".to_owned())
}

impl LoadgenArgs {
    /// What to do, with `now` as the end of the last round unless `--at` says otherwise.
    fn plan(self, now: Timestamp) -> Result<Plan, LoadError> {
        let fleet = Fleet::new(self.seed, self.clients).changing(self.changed_share);
        let mut plan = Plan {
            token: Some(self.token.ok_or(LoadError::NoToken)?),
            trust: match self.ca {
                Some(path) => Trust::File(path),
                None if self.insecure => Trust::Anything,
                None => Trust::System,
            },
            first_round: self.first_round,
            rounds: self.rounds,
            batch: self.batch,
            connections: self.connections,
            rate: self.rate,
            new_connection: self.new_connection,
            encoding: match (self.gzip, self.zstd) {
                (true, _) => Encoding::Gzip,
                (_, true) => Encoding::Zstd,
                _ => Encoding::Plain,
            },
            population: self.population_token.filter(|_| self.population),
            ledger: self.ledger,
            seconds: self.seconds,
            progress: io::stderr().is_terminal(),
            ..Plan::new(self.server, fleet, self.at.unwrap_or(now))
        };
        plan.fleet = fleet
            .anchored(plan.time_of(plan.first_round))
            .exported(plan.until);
        Ok(plan)
    }
}

/// Runs the command and prints the result on standard output.
///
/// # Errors
/// A setting is wrong, the server cannot be reached or refuses, or the result cannot be printed.
pub async fn run(args: LoadgenArgs) -> Result<(), LoadError> {
    let is_json = args.json;
    let now = crate::clock::now();
    let outcome = drive(&args.plan(now)?).await?;
    let mut out = io::stdout().lock();
    if is_json {
        serde_json::to_writer(&mut out, &outcome).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{outcome}")?;
    }
    match outcome.stopped {
        None => Ok(()),
        Some(why) => Err(LoadError::Stopped(why)),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    fn parsed(words: &[&str]) -> Result<LoadgenArgs, clap::Error> {
        let command = LoadgenArgs::augment_args(Command::new("loadgen"));
        let matches = command.try_get_matches_from([&["loadgen"], words].concat())?;
        LoadgenArgs::from_arg_matches(&matches)
    }

    #[test]
    fn the_flags_make_the_plan() -> Result<(), Box<dyn std::error::Error>> {
        LoadgenArgs::augment_args(Command::new("loadgen")).debug_assert();
        let words = "--token t --clients 500 --rounds 3 --first-round 4 --batch 20 --rate 100 --zstd --insecure \
                     --population --population-token p --at 2026-11-23T08:15:00Z";
        let words: Vec<_> = words.split_whitespace().collect();
        let args = parsed(&words)?;
        assert!(!format!("{args:?}").contains("\"t\""));
        let plan = args.plan(Timestamp(0))?;
        assert_eq!(plan.server, "https://127.0.0.1:8443");
        assert_eq!((plan.first_round, plan.rounds), (4, 3));
        assert_eq!((plan.batch, plan.rate), (20, 100));
        assert_eq!(plan.encoding, Encoding::Zstd);
        assert_eq!(plan.trust, Trust::Anything);
        assert_eq!(plan.until.to_string(), "2026-11-23T08:15:00Z");
        assert!(plan.population.is_some());
        Ok(())
    }

    #[test]
    fn contradictions_are_refused() {
        for words in [
            &["--gzip", "--zstd"][..],
            &["--ca", "x", "--insecure"],
            &["--population"],
            &["--batch", "0"],
            &["--rounds", "0"],
            &["--changed-share", "10"],
        ] {
            assert!(parsed(words).is_err(), "{words:?}");
        }
    }
}
