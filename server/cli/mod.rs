//! The commands of the program.

pub mod admin;
pub mod assess;
mod assess_joint;
mod assess_print;
pub mod bench;
pub mod demo;
mod demo_history;
pub mod dictionary;
pub mod enrol;
pub mod gate;
pub mod import;
pub mod load;
pub mod loadgen;
pub mod observe;
mod out;
pub mod quarantine;
pub mod sweep;
pub mod token;
pub mod user;
pub mod verify;
pub mod verify_record;
pub mod webhook;

use crate::{config::ServeArgs, serve};

/// How a command ends badly.
#[derive(Debug)]
pub enum Error {
    /// It failed, for this reason.
    Failed(String),
    /// It was called wrongly.
    Usage(String),
    /// It failed and has said why.
    Said,
    /// It worked, and what it asked for is not so; it has said why.
    NotMet,
}

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What the program can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Run the server (also without any command)
    Serve(Box<ServeArgs>),
    /// Judge files offline: no server, no database
    Assess(assess::AssessArgs),
    /// Store files of any format, through a server or straight into the database
    Import(import::ImportArgs),
    /// Read logs of IIS, HTTP.sys and load balancers: what clients used on the wire, beside what is configured
    Observe(observe::ObserveArgs),
    /// Bring the files that computers drop into a folder to a server, each once
    Sweep(sweep::SweepArgs),
    /// Ask a server whether a pipeline may go on: exit 0 when every criterion is met, 3 when not, 1 when nobody knows
    Gate(gate::GateArgs),
    /// Run a server on a throw-away database with a simulated fleet
    Demo(demo::DemoArgs),
    /// Send a simulated fleet to a server and measure the answers
    Loadgen(Box<bench::LoadgenCommand>),
    /// Make, list and revoke tokens for programs
    Token(token::TokenArgs),
    /// Set aside what a token sent and judge its clients anew without it, and the other way round
    Quarantine(quarantine::QuarantineArgs),
    /// Give machines that cannot do TLS 1.2 a key to sign their reports with
    Enrol(enrol::EnrolArgs),
    /// Make, list, try and remove webhooks: other programs that are told what happens
    Webhook(webhook::WebhookCommandArgs),
    /// Make, list, change and remove accounts of people
    User(user::UserArgs),
    /// Copy the SQLite database, consistently, beside a running server
    Backup(admin::BackupArgs),
    /// Bring the database up to date without starting the server
    Migrate(admin::MigrateArgs),
    /// Look whether the audit log, or the record of a decision, is what it was: exit 0 when it is, 1 when anything was changed
    Verify(verify::VerifyArgs),
    /// Train the dictionary that stored reports are compressed with
    #[command(hide = true)]
    TrainDictionary(dictionary::TrainArgs),
}

impl Command {
    /// Whether the command asks for log lines in JSON.
    pub fn logs_json(&self) -> bool {
        matches!(self, Self::Serve(args) if args.log_format.as_deref() == Some("json"))
    }
}

/// Does what the command says.
///
/// # Errors
/// What went wrong, in one sentence.
pub async fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Serve(args) => {
            let config = args.settle().map_err(Error::Usage)?;
            serve::serve(config, |_, _| ()).await.map_err(Error::Failed)
        }
        Command::Assess(args) => assess::run(&args),
        Command::Gate(args) => gate::run(args).await,
        Command::Import(args) => import::run(args).await,
        Command::Observe(args) => observe::run(args).await,
        Command::Sweep(args) => sweep::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Loadgen(args) => bench::run(*args).await,
        Command::Token(args) => token::run(args).await,
        Command::Quarantine(args) => quarantine::run(args).await,
        Command::Enrol(args) => enrol::run(args).await,
        Command::Webhook(args) => webhook::run(args).await,
        Command::User(args) => user::run(args).await,
        Command::Backup(args) => admin::backup(args).await,
        Command::Migrate(args) => admin::migrate(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::TrainDictionary(args) => dictionary::run(&args),
    }
}
