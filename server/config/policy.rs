//! The settings that are switches of the rules; the server and the commands that judge take the same.

use clap::Args;

use super::FromFile;
use crate::domain::{
    assess::{AbsentPolicy, DotnetPolicy, Policy},
    time::DAY,
};

/// The switches of the rules; the server and `cutover assess` take the same.
#[derive(Args, Clone, Debug, Default)]
pub struct PolicyArgs {
    /// A client silent for more days than this is stale [default: 14]
    #[arg(long, env = "CUTOVER_FRESHNESS_DAYS", value_name = "DAYS")]
    pub freshness_days: Option<u32>,
    /// What failed .NET settings do: block or warn [default: block]
    #[arg(long, env = "CUTOVER_DOTNET", value_name = "block|warn")]
    pub dotnet: Option<String>,
    /// Windows 7 and Server 2008 without DisabledByDefault=0: fail or warn (disputed) [default: fail]
    #[arg(
        long,
        env = "CUTOVER_GROUP_B_SCHANNEL_ABSENT",
        value_name = "fail|warn"
    )]
    pub group_b_schannel_absent: Option<String>,
    /// Lowest .NET release number that passes; 379893 (4.5.2) for sites before 2107 [default: 394802, which is 4.6.2]
    #[arg(long, env = "CUTOVER_MIN_DOTNET_RELEASE", value_name = "NUMBER")]
    pub min_dotnet_release: Option<u32>,
    /// TLS 1.2 cipher suites that the site servers accept, comma separated; known ones make cipher overlap a check
    #[arg(long, env = "CUTOVER_SERVER_SUITES", value_name = "SUITES")]
    pub server_suites: Option<String>,
}

impl PolicyArgs {
    /// Settles the rules' switches without a file.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn settle(&self) -> Result<(Policy, i64), String> {
        settle_policy(self, &FromFile::default())
    }
}

pub(super) fn settle_policy(args: &PolicyArgs, file: &FromFile) -> Result<(Policy, i64), String> {
    let mut policy = Policy::default();
    match args.dotnet.as_deref().or(file.dotnet.as_deref()) {
        None | Some("block") => policy.dotnet = DotnetPolicy::Block,
        Some("warn") => policy.dotnet = DotnetPolicy::Warn,
        Some(other) => return Err(format!("dotnet must be block or warn, not {other:?}")),
    }
    let absent = args.group_b_schannel_absent.as_deref();
    match absent.or(file.group_b_schannel_absent.as_deref()) {
        None | Some("fail") => policy.group_b_schannel_absent = AbsentPolicy::Fail,
        Some("warn") => policy.group_b_schannel_absent = AbsentPolicy::Warn,
        Some(other) => {
            return Err(format!(
                "group_b_schannel_absent must be fail or warn, not {other:?}"
            ));
        }
    }
    if let Some(release) = args.min_dotnet_release.or(file.min_dotnet_release) {
        if release < 379_893 {
            return Err(format!(
                "min_dotnet_release {release} is below 379893 (.NET 4.5.2), which no site version ever accepted"
            ));
        }
        policy.min_dotnet_release = release;
    }
    if let Some(suites) = args.server_suites.as_ref().or(file.server_suites.as_ref()) {
        let suites: Vec<String> = suites
            .split(',')
            .map(|suite| suite.trim().to_ascii_uppercase())
            .filter(|suite| !suite.is_empty())
            .collect();
        if suites.is_empty() || suites.iter().any(|suite| !suite.starts_with("TLS_")) {
            return Err(
                "server_suites must be names like TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, separated by commas"
                    .to_owned(),
            );
        }
        policy.server_suites = Some(suites);
    }
    let days = args.freshness_days.or(file.freshness_days).unwrap_or(14);
    if !(1..=365).contains(&days) {
        return Err(format!("freshness_days must be from 1 to 365, not {days}"));
    }
    Ok((policy, i64::from(days) * DAY))
}
