//! The settings that say how long things are kept, and how often they are looked at.

use clap::Args;

use super::FromFile;
use crate::domain::time::MINUTE;

/// How long things are kept, and how often they are looked at.
#[derive(Args, Clone, Debug, Default)]
pub struct KeepingArgs {
    /// Days for which each day's numbers, and who moved, are kept [default: 400]
    #[arg(long, env = "CUTOVER_TREND_DAYS", value_name = "DAYS")]
    pub trend_days: Option<u32>,
    /// Days for which the changes of the list of blockers are kept for programs that follow it [default: 90]
    #[arg(long, env = "CUTOVER_KEEP_CHANGES", value_name = "DAYS")]
    pub keep_changes: Option<u32>,
    /// Days for which entries of the audit log are kept, at least 90 [default: 1095, three years]
    #[arg(long, env = "CUTOVER_KEEP_AUDIT", value_name = "DAYS")]
    pub keep_audit: Option<u32>,
    /// Days for which is kept what logs showed, and who had which address, at least 30 [default: 400]
    #[arg(long, env = "CUTOVER_KEEP_OBSERVED", value_name = "DAYS")]
    pub keep_observed: Option<u32>,
    /// Minutes after which a decision to switch off is held against its clients again; 0: as soon as may be [default: 60]
    #[arg(long, env = "CUTOVER_WATCH_MINUTES", value_name = "MINUTES")]
    pub watch_minutes: Option<u32>,
}

/// The same, settled.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// Days for which each day's numbers are kept.
    pub trend_days: i64,
    /// Days for which the changes of the list of blockers are kept.
    pub keep_changes: i64,
    /// Days for which the audit log is kept.
    pub keep_audit: i64,
    /// Days for which is kept what was seen on the wire.
    pub keep_observed: i64,
    /// Milliseconds after which a decision to switch off is held against its clients again.
    pub watch_pause: i64,
}

pub(super) fn settle_keeping(args: &KeepingArgs, file: &FromFile) -> Result<Keeping, String> {
    let trend_days = args.trend_days.or(file.trend_days).unwrap_or(400);
    // Fewer would never do for a forecast.
    if !(60..=3_650).contains(&trend_days) {
        return Err(format!(
            "trend_days must be from 60 to 3650, not {trend_days}"
        ));
    }
    let keep_changes = args.keep_changes.or(file.keep_changes).unwrap_or(90);
    if !(1..=3_650).contains(&keep_changes) {
        return Err(format!(
            "keep_changes must be from 1 to 3650, not {keep_changes}"
        ));
    }
    let keep_audit = args.keep_audit.or(file.keep_audit).unwrap_or(1_095);
    // The database lets go of nothing that is younger.
    if !(90..=36_500).contains(&keep_audit) {
        return Err(format!(
            "keep_audit must be from 90 to 36500, not {keep_audit}"
        ));
    }
    let keep_observed = args.keep_observed.or(file.keep_observed).unwrap_or(400);
    // Decisions and conflicts look back as far.
    if !(30..=3_650).contains(&keep_observed) {
        return Err(format!(
            "keep_observed must be from 30 to 3650, not {keep_observed}"
        ));
    }
    let watch_minutes = args.watch_minutes.or(file.watch_minutes).unwrap_or(60);
    // Whoever has stopped is to be known within hours.
    if watch_minutes > 360 {
        return Err(format!(
            "watch_minutes must be from 0 (as soon as may be) to 360, not {watch_minutes}"
        ));
    }
    Ok(Keeping {
        trend_days: i64::from(trend_days),
        keep_changes: i64::from(keep_changes),
        keep_audit: i64::from(keep_audit),
        keep_observed: i64::from(keep_observed),
        watch_pause: i64::from(watch_minutes) * MINUTE,
    })
}
