//! A bit mask of protocols, bit by bit.

use crate::domain::assess::ProtocolMask;

/// One bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitView {
    /// The protocol.
    pub name: &'static str,
    /// `0x800`.
    pub hex: String,
    /// `2048`.
    pub decimal: u32,
    /// Set or not.
    pub on: bool,
    /// It is the one that decides.
    pub decides: bool,
}

/// A mask, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskView {
    /// `0x000000A0`.
    pub hex: String,
    /// `160`.
    pub decimal: u32,
    /// The value is absent, and this is what Windows does by itself.
    pub by_default: bool,
    /// Every protocol, oldest first.
    pub bits: Vec<BitView>,
    /// Bits without a meaning, in words.
    pub unknown: Option<String>,
    /// In one sentence.
    pub words: String,
}

impl MaskView {
    /// Dresses a mask.
    pub fn new(read: &ProtocolMask) -> Self {
        let mask = &read.mask;
        let list = |names: Vec<&'static str>| {
            if names.is_empty() {
                "nothing".to_owned()
            } else {
                names.join(", ")
            }
        };
        let unknown: Vec<String> = mask
            .unknown_bits()
            .map(|bit| format!("0x{bit:X}"))
            .collect();
        Self {
            hex: format!("0x{:08X}", mask.number),
            decimal: mask.number,
            by_default: read.by_default,
            bits: mask
                .bits
                .iter()
                .map(|bit| BitView {
                    name: bit.name,
                    hex: format!("0x{:X}", bit.bit),
                    decimal: bit.bit,
                    on: bit.on,
                    decides: bit.bit == crate::domain::protocols::TLS12,
                })
                .collect(),
            words: format!(
                "On: {}. Off: {}.",
                list(mask.on().collect()),
                list(mask.off().collect())
            ),
            unknown: (!unknown.is_empty()).then(|| {
                format!(
                    "Bits without a known meaning: {}. A number typed in the wrong base looks like this.",
                    unknown.join(", ")
                )
            }),
        }
    }
}
