//! The program: reads the command line, does what it says, and ends with 0 (fine), 1 (failed), 2 (wrong usage) or 3 (a gate
//! that is not passed).

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};
use cutover::{
    cli::{self, Command},
    logging,
};

/// Shows which Configuration Manager clients block disabling TLS 1.0/1.1 on site servers, why, and what fixes them.
#[derive(Parser)]
#[command(
    version,
    about,
    propagate_version = true,
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Without a command the server is run; these are the settings of `serve`.
    #[command(flatten)]
    serve: cutover::config::ServeArgs,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let command = arguments
        .command
        .unwrap_or_else(|| Command::Serve(Box::new(arguments.serve)));
    logging::start(command.logs_json());
    // More than one library could choose another; this is the one that is tested.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("cutover: the TLS provider could not be installed");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cutover: the program cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli::run(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cli::Error::Failed(why)) => {
            eprintln!("cutover: {why}");
            ExitCode::FAILURE
        }
        Err(cli::Error::Usage(why)) => {
            eprintln!("cutover: {why}");
            eprintln!("{}", Arguments::command().render_usage());
            ExitCode::from(2)
        }
        // Everything was said already.
        Err(cli::Error::Said) => ExitCode::FAILURE,
        Err(cli::Error::NotMet) => ExitCode::from(3),
    }
}
