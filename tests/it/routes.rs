//! What every address of the server answers, asked over HTTPS as programs and browsers do.

mod asked;
mod blockers_get;
mod client_get;
mod clients_get;
mod feeding_get;
mod feeds_get;
mod fixes_get;
mod health_get;
mod leaving;
mod lists;
mod nowhere;
mod population_put;
mod rejects_get;
mod reports_bombs;
mod reports_encodings;
mod reports_hostile;
mod reports_post;
mod site_codes;
mod sites_get;
pub mod summary_get;
mod trend_get;
mod uploads;
