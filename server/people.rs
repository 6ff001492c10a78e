//! Settings about people: how the first administrator is made, and how long sessions last.

use std::{fs, path::PathBuf};

use clap::Args;

use crate::domain::{
    passwords,
    time::{HOUR, MINUTE},
};

/// The same as flags and environment.
#[derive(Args, Clone, Debug, Default)]
pub struct PeopleArgs {
    /// First start without a browser: makes the administrator `admin` with the password in this file, while nobody has an account
    #[arg(long, env = "CUTOVER_FIRST_ADMIN_PASSWORD_FILE", value_name = "FILE")]
    pub first_admin_password_file: Option<PathBuf>,
    /// Minutes without a request after which somebody has to sign in again, 5 to 1440 [default: 60]
    #[arg(long, env = "CUTOVER_SESSION_IDLE_MINUTES", value_name = "MINUTES")]
    pub session_idle_minutes: Option<u32>,
    /// Hours after which somebody has to sign in again in any case, 1 to 168 [default: 12]
    #[arg(long, env = "CUTOVER_SESSION_HOURS", value_name = "HOURS")]
    pub session_hours: Option<u32>,
}

/// How the first administrator is made, while nobody has an account.
#[derive(Clone, Default)]
pub enum FirstAdministrator {
    /// By whoever opens the link that is printed.
    #[default]
    Link,
    /// `admin`, with this password.
    Password(String),
    /// The same, and the password is printed, because what it opens is thrown away.
    Told(String),
}

/// The password is nobody's business.
impl std::fmt::Debug for FirstAdministrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Link => "Link",
            Self::Password(_) => "Password",
            Self::Told(_) => "Told",
        })
    }
}

/// Settled.
#[derive(Clone, Debug)]
pub struct PeopleSettings {
    /// How the first administrator is made.
    pub first: FirstAdministrator,
    /// Milliseconds after which an unused session has ended.
    pub session_idle: i64,
    /// Milliseconds after which any session has ended.
    pub session_whole: i64,
}

impl PeopleArgs {
    /// Settles them; what comes from the settings file stands behind.
    ///
    /// # Errors
    /// One sentence naming the wrong setting.
    pub fn settle(
        &self,
        password_file: Option<&PathBuf>,
        idle_minutes: Option<u32>,
        hours: Option<u32>,
    ) -> Result<PeopleSettings, String> {
        let idle = self.session_idle_minutes.or(idle_minutes).unwrap_or(60);
        if !(5..=1_440).contains(&idle) {
            return Err(format!(
                "session_idle_minutes must be from 5 to 1440, not {idle}"
            ));
        }
        let hours = self.session_hours.or(hours).unwrap_or(12);
        if !(1..=168).contains(&hours) {
            return Err(format!("session_hours must be from 1 to 168, not {hours}"));
        }
        let file = self.first_admin_password_file.as_ref().or(password_file);
        let first = match file {
            None => FirstAdministrator::Link,
            Some(file) => {
                let wrong =
                    |why: &str| format!("first_admin_password_file {}: {why}", file.display());
                let text = fs::read_to_string(file).map_err(|error| wrong(&error.to_string()))?;
                let password = text.lines().next().unwrap_or_default();
                passwords::check("admin", password).map_err(|why| wrong(&why))?;
                FirstAdministrator::Password(password.to_owned())
            }
        };
        Ok(PeopleSettings {
            first,
            session_idle: i64::from(idle) * MINUTE,
            session_whole: i64::from(hours) * HOUR,
        })
    }
}
