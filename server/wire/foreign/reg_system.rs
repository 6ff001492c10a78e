//! What the registry says of the operating system.

use super::{
    super::document::{Data, Os, Value},
    naming,
    reg_device::text_of,
    reg_machine::{Machine, Reader},
    reg_paths::{ENVIRONMENT, PRODUCT, WOW, below},
};
use crate::domain::facts::Key;

/// Fills the `os` of a document from `Windows NT\CurrentVersion`, `ProductOptions` and the machine's environment.
pub(super) fn os(machine: &mut Machine, reader: &Reader) -> Os {
    let current = Key::CurrentVersion.path().to_ascii_lowercase();
    let version = version(machine, &current);
    let version = match (version, &reader.told_version) {
        (Some(read), Some(told)) if *told != read => {
            machine.note(format!(
                "The registry says that this is Windows {read}, the system's own command line that it is {told}. The version counts as not read."
            ));
            None
        }
        (read, told) => read.or_else(|| told.clone()),
    };
    let caption = text(machine, &current, "ProductName").and_then(naming::plain);
    let service_pack = text(machine, &current, "CSDVersion")
        .and_then(|text| text.rsplit(' ').next())
        .and_then(|number| number.parse().ok());
    Os {
        caption,
        version,
        product_type: product_type(machine, &current),
        architecture: architecture(machine, reader),
        service_pack,
        ..Os::default()
    }
}

/// `10.0.19045`. Windows 10 and later go on calling themselves 6.3 under an old name, which is never believed alone.
fn version(machine: &mut Machine, current: &str) -> Option<String> {
    let build: u32 = text(machine, current, "CurrentBuildNumber")
        .or_else(|| text(machine, current, "CurrentBuild"))?
        .parse()
        .ok()?;
    let number = |name| machine.value(current, name).and_then(number_of);
    let major = number("CurrentMajorVersionNumber");
    if let Some((major, minor)) = major.zip(number("CurrentMinorVersionNumber")) {
        return Some(format!("{major}.{minor}.{build}"));
    }
    let old = text(machine, current, "CurrentVersion")?;
    let (major, minor) = old.split_once('.')?;
    let (major, minor): (u32, u32) = (major.parse().ok()?, minor.parse().ok()?);
    if build > 9_600 {
        machine.note(format!(
            "Build {build} is newer than Windows {old}; CurrentMajorVersionNumber and CurrentMinorVersionNumber are missing, so the version counts as not read."
        ));
        return None;
    }
    Some(format!("{major}.{minor}.{build}"))
}

/// 1 workstation, 2 domain controller, 3 server.
fn product_type(machine: &mut Machine, current: &str) -> Option<u32> {
    let stated = match text(machine, PRODUCT, "ProductType") {
        Some(word) if word.eq_ignore_ascii_case("WinNT") => Some(1),
        Some(word) if word.eq_ignore_ascii_case("LanmanNT") => Some(2),
        Some(word) if word.eq_ignore_ascii_case("ServerNT") => Some(3),
        _ => None,
    };
    let installed = match text(machine, current, "InstallationType") {
        Some(word) if word.eq_ignore_ascii_case("Client") => Some(1),
        Some(word)
            if ["Server", "Server Core", "Nano Server"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word)) =>
        {
            Some(3)
        }
        _ => None,
    };
    match (stated, installed) {
        (Some(stated), Some(installed)) if (stated == 1) != (installed == 1) => {
            machine.note(
                "ProductOptions and InstallationType contradict each other about whether this is a server; the product type counts as not read.",
            );
            None
        }
        (stated, installed) => stated.or(installed),
    }
}

/// `AMD64` and the like. Where nothing states it, a 32-bit view that is there shows a 64-bit system.
fn architecture(machine: &Machine, reader: &Reader) -> Option<String> {
    let read = || text(machine, ENVIRONMENT, "PROCESSOR_ARCHITECTURE").map(str::to_owned);
    let second_view = || {
        machine
            .has(|lower| below(lower, WOW))
            .then(|| "64-bit".to_owned())
    };
    reader
        .architecture
        .clone()
        .or_else(read)
        .or_else(second_view)
}

fn text<'m>(machine: &'m Machine, key: &str, name: &str) -> Option<&'m str> {
    machine.value(key, name).and_then(text_of)
}

fn number_of(value: &Value) -> Option<u64> {
    match value {
        Value::Typed {
            r#type: "REG_DWORD",
            data: Data::Number(number),
        } => Some(*number),
        _ => None,
    }
}
