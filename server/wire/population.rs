//! stub
use super::FieldError;
use crate::domain::{facts::OsVersion, identity::ClientIds};
pub struct RowError { pub line: u64, pub detail: String }
pub struct PopulationRow { pub ids: ClientIds, pub os_caption: Option<String>, pub os_version: Option<OsVersion>, pub last_contact: Option<String>, pub obsolete: bool, pub decommissioned: bool, pub owner: Option<String>, pub roles: Vec<String>, pub line: u64 }
pub struct PopulationList { pub rows: Vec<PopulationRow>, pub rejected: Vec<RowError>, pub columns: Vec<String>, pub ignored: Vec<String> }
pub fn parse_csv(_: &[u8]) -> Result<PopulationList, Vec<FieldError>> { Err(vec![]) }
pub fn parse_json(_: &[u8]) -> Result<PopulationList, Vec<FieldError>> { Err(vec![]) }
