//! The reader of each format, and what is asked of all of them.

use super::{
    Overview, Piece, Refused, Sink, Source, Unreadable, cmpivot, format::Format, health_checker,
    hotfix_list, inspec, mapping::Mapping, osquery, reg_export, reg_query, run_scripts, systeminfo,
    wide,
};

/// Whether a file of this format has one piece a device by itself, so that alone it need not be held to be joined.
pub(super) fn is_one_a_device(format: Format, mapping: Option<&Mapping>) -> bool {
    match format {
        Format::Table => mapping.is_some_and(|mapping| !wide::needs_joining(mapping)),
        Format::RegExport
        | Format::RegQuery
        | Format::HotfixList
        | Format::InSpec
        | Format::HealthChecker => true,
        Format::Report
        | Format::RunScripts
        | Format::CmPivot
        | Format::SystemInfo
        | Format::Osquery => false,
    }
}

/// Refuses what names nobody, by whatever id.
pub(super) fn about_somebody(piece: Piece) -> Result<Piece, Refused> {
    let client = &piece.document.client;
    let names = [&client.sms_guid, &client.name, &client.fqdn];
    if names.iter().any(|name| name.is_some()) || client.resource_id.is_some() {
        return Ok(piece);
    }
    Err(Refused::new(
        piece.place,
        "Nothing here says which device it is about. Say the device with the file, or name the file after the computer, such as PC-0042.txt.",
        &piece.raw.unwrap_or_else(|| piece.document.to_json()),
    ))
}

/// Gives a file to the reader of its format.
pub(super) fn by_reader(
    format: Format,
    source: &Source<'_>,
    mapping: Option<&Mapping>,
    key: Option<&str>,
    sink: &mut Sink<'_>,
) -> Result<Overview, Unreadable> {
    match format {
        Format::CmPivot => cmpivot::read(source, mapping, key, sink),
        Format::Table => wide::read(source, mapping, sink),
        Format::RunScripts => run_scripts::read(source, mapping, sink),
        Format::RegExport => reg_export::read(source, sink),
        Format::RegQuery => reg_query::read(source, sink),
        Format::SystemInfo => systeminfo::read(source, sink),
        Format::HotfixList => hotfix_list::read(source, sink),
        Format::Osquery => osquery::read(source, sink),
        Format::InSpec => inspec::read(source, sink),
        Format::HealthChecker => health_checker::read(source, sink),
        // Never text: they are cut into records.
        Format::Report => Err(Unreadable(
            "Reports are read record by record, not as a text.".to_owned(),
        )),
    }
}
