//! `cutover gate`: asks a server whether a pipeline may go on, and says so with the exit code.

use std::{fmt::Write as _, path::PathBuf};

use clap::builder::NonEmptyStringValueParser;
use serde::Deserialize;

use super::{
    Error,
    load::{Plan, Secret, Trust, connect, unreached},
    out::say,
};
use crate::{clock, domain::gate::Criteria, sim::Fleet};

/// Ask a server whether a pipeline may go on: exit 0 when every criterion is met, 3 when not, 1 when nobody knows
#[derive(Clone, Debug, clap::Args)]
pub struct GateArgs {
    /// The server
    #[arg(long, value_name = "URL", env = "CUTOVER_SERVER")]
    server: String,
    /// Read token
    #[arg(long, env = "CUTOVER_TOKEN", hide_env_values = true)]
    token: Secret,
    /// Only clients of this site; `none`: whose site is not known
    #[arg(long, value_name = "CODE", value_parser = NonEmptyStringValueParser::new())]
    site: Option<String>,
    /// Only clients of this OS version, by its key
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    os: Option<String>,
    /// Only site systems with this role
    #[arg(long, value_name = "ROLE", value_parser = NonEmptyStringValueParser::new())]
    role: Option<String>,
    /// Only clients of this owner
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    owner: Option<String>,
    /// Limits in place of the usual ones, such as blocking:0,no_verdict:2%,silent:any
    #[arg(long, value_name = "LIST")]
    criteria: Option<String>,
    /// The answer as JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Accept what the certificates in this PEM file vouch for, and nothing else
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Accept any certificate; only for a server on this machine
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
}

/// The part of the answer that decides and is shown.
#[derive(Deserialize)]
struct Answer {
    pass: bool,
    scope: String,
    as_of: String,
    ruleset: String,
    criteria: Vec<Line>,
    not_covered: Vec<String>,
    population: Population,
}

/// What the figures are out of.
#[derive(Deserialize)]
struct Population {
    rule: String,
}

#[derive(Deserialize)]
struct Line {
    asked: bool,
    met: bool,
    says: String,
}

/// Runs the command.
///
/// # Errors
/// The gate is not passed, or there is no answer: then nobody knows, and nobody passes.
pub async fn run(args: GateArgs) -> Result<(), Error> {
    if let Some(criteria) = &args.criteria {
        criteria
            .parse::<Criteria>()
            .map_err(|why| Error::Usage(format!("--criteria: {why}")))?;
    }
    let mut plan = Plan::new(args.server.as_str(), Fleet::new(1, 1), clock::now());
    plan.trust = match args.ca {
        Some(path) => Trust::File(path),
        None if args.insecure => Trust::Anything,
        None => Trust::System,
    };
    plan.token = Some(args.token);
    let (client, mut url) =
        connect(&plan, "gate").map_err(|error| Error::Failed(error.to_string()))?;
    let asked = [
        ("site", args.site),
        ("os", args.os),
        ("role", args.role),
        ("owner", args.owner),
        ("criteria", args.criteria),
    ];
    url.query_pairs_mut().extend_pairs(
        asked
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let answer = client
        .get(url)
        .send()
        .await
        .map_err(|error| Error::Failed(unreached(&error)))?;
    let status = answer.status();
    let text = answer
        .text()
        .await
        .map_err(|error| Error::Failed(error.to_string()))?;
    if !status.is_success() {
        return Err(Error::Failed(refused(status.as_u16(), &text)));
    }
    let answer: Answer = serde_json::from_str(&text).map_err(|_| {
        Error::Failed(format!(
            "the server answered {status}, which is no answer of cutover"
        ))
    })?;
    say(&if args.json { text } else { answer.text() })?;
    if answer.pass {
        Ok(())
    } else {
        Err(Error::NotMet)
    }
}

fn refused(status: u16, text: &str) -> String {
    let problem: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or_default();
    if [401, 403].contains(&status) {
        return format!(
            "the server refuses the token ({detail}); make one with `cutover token create --purpose read` and give it with \
             --token or CUTOVER_TOKEN"
        );
    }
    let errors = problem["errors"].as_array().into_iter().flatten();
    let errors: Vec<String> = errors
        .filter_map(|error| {
            Some(format!(
                "{} {}",
                error["pointer"].as_str()?,
                error["detail"].as_str()?
            ))
        })
        .collect();
    if errors.is_empty() {
        format!("the server answered {status}: {detail}")
    } else {
        format!("the server answered {status}: {}", errors.join("; "))
    }
}

impl Answer {
    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |words: std::fmt::Arguments<'_>| {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{words}");
        };
        for held in &self.criteria {
            let mark = match (held.asked, held.met) {
                (false, _) => "  -  ",
                (true, true) => "met  ",
                (true, false) => "NOT  ",
            };
            line(format_args!("{mark} {}", held.says));
        }
        line(format_args!(""));
        for not in &self.not_covered {
            line(format_args!("not covered: {not}"));
        }
        let scope = if self.scope.is_empty() {
            "everybody"
        } else {
            &self.scope
        };
        line(format_args!("scope: {scope}. {}", self.population.rule));
        line(format_args!("as of {}, rules {}", self.as_of, self.ruleset));
        line(format_args!(
            "{}",
            if self.pass { "PASSED" } else { "NOT PASSED" }
        ));
        text.truncate(text.trim_end().len());
        text
    }
}
