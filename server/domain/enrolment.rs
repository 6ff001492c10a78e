//! Machines that sign their reports: which key each has, and what a signature is over.
//!
//! A key is worked out from the server's own and the machine's name, so that none has to be kept; which machines have one,
//! and which of their keys holds, is kept beside the clients.

use std::fmt;

use aws_lc_rs::hmac;

/// Fewest bytes of the server's own key.
pub const SHORTEST: usize = 32;
/// Longest name, as the name system of the internet allows it.
const LONGEST_NAME: usize = 253;

/// Said before what is signed, so that a signature of something else is never one of a report.
const KEY_FOR: &str = "cutover key of a machine 1\n";
const REPORT_OF: &str = "cutover report 1\n";

/// The server's own key, which the keys of all machines are worked out from.
pub struct Master(hmac::Key);

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Master")
    }
}

/// What one machine signs with. Shown once, to whoever enrols it.
pub struct MachineKey([u8; 32]);

impl fmt::Debug for MachineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MachineKey")
    }
}

/// A machine's name as it is kept: lower case, without the dot at the end; `None`: no machine is called so.
pub fn name(text: &str) -> Option<String> {
    let name = text.trim().trim_end_matches('.').to_lowercase();
    let fits = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name
            .chars()
            .all(|sign| sign.is_alphanumeric() || matches!(sign, '-' | '.' | '_'))
        && !name.starts_with('.')
        && !name.contains("..");
    fits.then_some(name)
}

impl Master {
    /// A key of these bytes; `None`: they are too few.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= SHORTEST).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// The key of a machine, the so-maniest that it was given.
    pub fn key_of(&self, name: &str, generation: i64) -> MachineKey {
        let mut key = [0; 32];
        let said = format!("{KEY_FOR}{generation}\n{name}");
        let tag = hmac::sign(&self.0, said.as_bytes());
        for (to, from) in key.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        MachineKey(key)
    }
}

impl MachineKey {
    /// Its bytes, for whoever gives it to the machine.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn signing(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }

    /// The signature of a report that the machine of this name sends.
    pub fn sign(&self, name: &str, body: &[u8]) -> Vec<u8> {
        hmac::sign(&self.signing(), &signed(name, body))
            .as_ref()
            .to_vec()
    }

    /// Whether this is the machine's signature of that report; takes as long whether it is or not.
    pub fn has_signed(&self, name: &str, body: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.signing(), &signed(name, body), signature).is_ok()
    }
}

/// What a signature is over: what it is for, whose it is, and the report byte by byte.
fn signed(name: &str, body: &[u8]) -> Vec<u8> {
    let mut whole = format!("{REPORT_OF}{name}\n").into_bytes();
    whole.extend_from_slice(body);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_one_way_and_only_those_of_machines() {
        for (text, kept) in [
            ("PC-1.Corp.Example.", Some("pc-1.corp.example")),
            (" pc_1 ", Some("pc_1")),
            ("", None),
            (".", None),
            ("a..b", None),
            ("*.corp.example", None),
            ("pc 1", None),
            ("pc-1\nx", None),
        ] {
            assert_eq!(name(text).as_deref(), kept, "{text:?}");
        }
        assert_eq!(name(&"x".repeat(254)), None);
    }

    #[test]
    fn a_signature_is_of_one_machine_one_key_and_one_report() {
        let master = Master::of(&[7; 32]).expect("long enough");
        assert!(Master::of(&[7; 31]).is_none());
        let key = master.key_of("pc-1", 1);
        let signature = key.sign("pc-1", b"{}");
        assert!(key.has_signed("pc-1", b"{}", &signature));
        assert!(!key.has_signed("pc-1", b"{ }", &signature));
        assert!(!key.has_signed("pc-2", b"{}", &signature));
        assert!(!key.has_signed("pc-1", b"{}", &signature[..31]));
        assert!(!key.has_signed("pc-1", b"{}", &[]));
        for (name, generation) in [("pc-1", 2), ("pc-2", 1), ("pc-1", 11)] {
            let other = master.key_of(name, generation);
            assert!(
                !other.has_signed("pc-1", b"{}", &signature),
                "{name} {generation}"
            );
        }
        // Neither a name nor a number can be taken for part of the other.
        assert_ne!(
            master.key_of("1\npc", 1).bytes(),
            master.key_of("pc", 1).bytes()
        );
    }

    #[test]
    fn a_signature_is_what_the_collector_makes() {
        // By an implementation of its own: HMAC-SHA-256 with the key 00 01 … 1f over the text below.
        let key = MachineKey(std::array::from_fn(|n| u8::try_from(n).unwrap_or(0)));
        assert_eq!(
            key.sign("pc-1.corp.example", b"{\"v\":1}"),
            EXPECTED,
            "the text is \"cutover report 1\", the name and the body, each on its line"
        );
    }

    const EXPECTED: [u8; 32] = [
        0x7c, 0x35, 0xf4, 0xbe, 0x1d, 0x6e, 0x43, 0xdb, 0xa8, 0x99, 0xa4, 0x34, 0x59, 0x50, 0xae,
        0x9d, 0x7c, 0x39, 0x84, 0x0f, 0x52, 0x8f, 0x69, 0x34, 0xb8, 0x54, 0x1a, 0x34, 0x1f, 0x60,
        0x79, 0x49,
    ];
}
