//! What the answer about one client is made of.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::contract::codes;
use crate::{
    domain::{
        assess::{self, ProtocolMask},
        evidence::{self, Brief, Change},
        facts::Facts,
        verdict::{CheckResult, Impact, Note, Verdict},
    },
    store::model::{ListedAs, SourceRow, Suspect},
};

/// One rule applied to the facts of a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Check)]
pub struct CheckJson {
    /// Id of the check, such as `winhttp.update`.
    id: &'static str,
    #[schema(value_type = codes::Outcome)]
    outcome: &'static str,
    /// Stable code of what was found. Those that stand against a client are the codes of `Reason`.
    reason: &'static str,
    /// A sentence that a person can act on.
    message: String,
    /// What would pass.
    expected: String,
    /// The value as it was found, or that it is absent, or that it was not collected.
    observed: String,
    /// What to do; empty: nothing.
    fix: String,
    /// What the rule rests on.
    sources: &'static [&'static str],
    /// Sources contradict each other here, and the careful reading was chosen.
    disputed: bool,
    /// A bit mask of protocols, taken apart; only where the check reads one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    protocols: Option<MaskJson>,
    /// Why the check matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    why: Option<&'static str>,
}

/// A bit mask of protocols, such as `DefaultSecureProtocols`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProtocolMask)]
struct MaskJson {
    #[schema(value_type = codes::MaskOrigin)]
    origin: &'static str,
    /// The number.
    decimal: u32,
    /// The same as `0x` and eight digits.
    hex: String,
    /// Every protocol that has a bit, the oldest first.
    bits: Vec<BitJson>,
    /// Protocols whose bit is set.
    on: Vec<&'static str>,
    /// Protocols whose bit is not set.
    off: Vec<&'static str>,
    /// Bits that are set and stand for nothing.
    unknown_bits: Vec<u32>,
    /// Whether TLS 1.2 is among them, which is all that decides.
    tls12: bool,
}

/// One bit of a mask.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProtocolBit)]
struct BitJson {
    /// Its value.
    bit: u32,
    /// The protocol it stands for.
    protocol: &'static str,
    /// Whether it is set.
    on: bool,
}

/// The checks of a verdict with why each matters and what its bit mask means; the same offline and from the server.
pub fn checks_json(verdict: &Verdict, facts: &Facts) -> Vec<CheckJson> {
    let masks = assess::protocol_masks(facts);
    let checks = verdict.checks.iter();
    checks.map(|check| CheckJson::of(check, &masks)).collect()
}

impl CheckJson {
    fn of(check: &CheckResult, masks: &[ProtocolMask]) -> Self {
        let mask = masks.iter().find(|mask| mask.check == check.id);
        Self {
            id: check.id,
            outcome: check.outcome.code(),
            reason: check.reason,
            message: check.message.clone(),
            expected: check.expected.clone(),
            observed: check.observed.clone(),
            fix: check.fix.clone(),
            sources: check.sources,
            disputed: check.disputed,
            protocols: mask.map(MaskJson::from),
            why: assess::check_info(check.id).map(|info| info.why),
        }
    }
}

impl From<&ProtocolMask> for MaskJson {
    fn from(mask: &ProtocolMask) -> Self {
        let bits = mask.mask.bits.into_iter().map(|bit| BitJson {
            bit: bit.bit,
            protocol: bit.name,
            on: bit.on,
        });
        Self {
            origin: if mask.by_default { "default" } else { "value" },
            decimal: mask.mask.number,
            hex: format!("0x{:08X}", mask.mask.number),
            bits: bits.collect(),
            on: mask.mask.on().collect(),
            off: mask.mask.off().collect(),
            unknown_bits: mask.mask.unknown_bits().collect(),
            tls12: mask.mask.has_tls12(),
        }
    }
}

/// Something worth knowing that decides nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Note)]
pub(super) struct NoteJson {
    /// Stable code.
    code: &'static str,
    /// A sentence.
    message: String,
}

impl From<&Note> for NoteJson {
    fn from(note: &Note) -> Self {
        Self {
            code: note.code,
            message: note.message.clone(),
        }
    }
}

/// One of several sources about a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub(super) struct SourceJson {
    /// When the facts were read.
    #[schema(format = DateTime)]
    collected_at: String,
    /// When they came in.
    #[schema(format = DateTime)]
    received_at: String,
    /// The newest time that the same was said.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// Who sent it: the name of a user or of a token.
    sent_by: String,
    #[schema(value_type = codes::Way)]
    way: String,
    #[schema(value_type = codes::Trust)]
    trust: &'static str,
    /// The facts of the verdict that rest on it, in words.
    decides: Vec<String>,
    /// What it said, as it came.
    #[schema(value_type = Option<Object>)]
    report: Option<Value>,
}

impl SourceJson {
    pub(super) fn of(source: &SourceRow, decides: &[String]) -> Self {
        Self {
            collected_at: source.collected_at.to_string(),
            received_at: source.received_at.to_string(),
            last_seen_at: source.said.seen_at.to_string(),
            sent_by: source.sent_by.clone(),
            way: source.way.clone(),
            trust: source.said.trust.code(),
            decides: decides.to_vec(),
            report: serde_json::from_slice(&source.said.raw).ok(),
        }
    }
}

/// Another record that may be the same machine.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suspect)]
pub(super) struct SuspectJson {
    /// Our id of the other record.
    #[schema(format = Uuid)]
    id: String,
    /// Its name.
    name: String,
    /// The first of `shared`.
    shares: Option<String>,
    /// What the two share: `smbios`, `serial`, `fqdn` or `name`.
    shared: Vec<String>,
    /// Since when this is suspected.
    #[schema(format = DateTime)]
    since: String,
    #[schema(value_type = codes::Standing)]
    standing: &'static str,
    #[schema(value_type = codes::Listing)]
    listing: &'static str,
    /// When its last report came in.
    #[schema(format = DateTime)]
    received_at: Option<String>,
    /// The GUID of its Configuration Manager client.
    sms_guid: Option<String>,
    /// UUID of its hardware.
    smbios_guid: Option<String>,
    /// Serial number of its hardware.
    serial_number: Option<String>,
    /// Its fully qualified domain name.
    fqdn: Option<String>,
}

impl From<&Suspect> for SuspectJson {
    fn from(suspect: &Suspect) -> Self {
        let row = &suspect.row;
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            shares: suspect.shares.first().cloned(),
            shared: suspect.shares.clone(),
            since: suspect.since.to_string(),
            standing: row.standing.code(),
            listing: row.listing.code(),
            received_at: row.received_at.map(|at| at.to_string()),
            sms_guid: row.ids.sms_guid.clone(),
            smbios_guid: row.ids.smbios_guid.clone(),
            serial_number: row.ids.serial_number.clone(),
            fqdn: row.ids.fqdn.clone(),
        }
    }
}

/// What one expected list says of a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedAs)]
pub(super) struct ListedJson {
    /// Name of the list.
    list: String,
    #[schema(value_type = codes::ListKind)]
    kind: &'static str,
    #[schema(value_type = codes::Listing)]
    listing: &'static str,
    /// Owner, if it names one.
    owner: Option<String>,
    /// Last contact, to the letter.
    last_contact: Option<String>,
    /// When the list came in.
    #[schema(format = DateTime)]
    uploaded_at: String,
    /// Who sent it: the name of a user or of a token.
    uploaded_by: String,
}

impl From<&ListedAs> for ListedJson {
    fn from(list: &ListedAs) -> Self {
        Self {
            list: list.list.clone(),
            kind: list.kind.code(),
            listing: list.listing.code(),
            owner: list.owner.clone(),
            last_contact: list.last_contact.clone(),
            uploaded_at: list.uploaded_at.to_string(),
            uploaded_by: list.uploaded_by.clone(),
        }
    }
}

/// A verdict in short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Brief)]
pub(super) struct BriefJson {
    #[schema(value_type = codes::Judgement)]
    verdict: &'static str,
    #[schema(value_type = Option<codes::Impact>)]
    impact: Option<&'static str>,
    #[schema(value_type = Vec<codes::Reason>)]
    reasons: Vec<&'static str>,
}

impl From<&Brief> for BriefJson {
    fn from(brief: &Brief) -> Self {
        Self {
            verdict: brief.standing.code(),
            impact: brief.impact.map(Impact::code),
            reasons: reason_codes(brief.reasons),
        }
    }
}

/// A fact that one report changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactChange)]
pub(super) struct ChangeJson {
    #[schema(value_type = codes::FactArea)]
    area: &'static str,
    /// The fact, in words.
    fact: String,
    before: StateJson,
    after: StateJson,
}

/// How a fact stood in one report.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactShown)]
struct StateJson {
    #[schema(value_type = codes::FactState)]
    state: &'static str,
    /// The value, or the state in words. Long values are cut.
    text: String,
}

impl From<&Change> for ChangeJson {
    fn from(change: &Change) -> Self {
        let state = |state: &evidence::State| StateJson {
            state: state.code(),
            text: state.words().to_owned(),
        };
        Self {
            area: change.area.code(),
            fact: change.fact.clone(),
            before: state(&change.before),
            after: state(&change.after),
        }
    }
}

/// The codes of the reasons in a mask.
pub(super) fn reason_codes(mask: i64) -> Vec<&'static str> {
    assess::reasons_in(mask).map(|reason| reason.code).collect()
}
