//! Nothing acknowledged is lost, whatever happens to the process, the disk or the database.

mod check;
mod crash;
mod full_disk;
#[cfg(unix)]
mod goodbye;
mod large;
mod ledger;
mod load;
mod poison;
mod postgres_gone;
mod quarantine;
mod several;
mod sqlite_beside;
mod stampede;
mod uploads;
