//! Reading a record with suspicion: line by line, in constant memory, and each thing that is wrong is named.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    canonical,
    record::{FORMAT, Ground, foot, signed},
};

/// What a record that holds together says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its number.
    pub number: i64,
    /// Its hash.
    pub hash: String,
    /// The hash of the record before it; empty: it is the first.
    pub before: String,
    /// The public key that it is signed with.
    pub key: String,
    /// Name of its scope.
    pub scope: String,
    /// What was decided, as its code.
    pub decided: String,
    /// How that stands to what followed from the criteria; where the record does not say, against them.
    pub ground: Ground,
    /// By whom.
    pub by: String,
    /// When.
    pub at: String,
    /// Clients in it.
    pub clients: u64,
}

/// A record as it is read.
#[derive(Debug)]
pub struct Reading {
    head: Value,
    hash: String,
    lines: Sha256,
    wanted: u64,
    seen: u64,
    foot: Option<Vec<u8>>,
}

impl Reading {
    /// Begins with the first line, which has its end of line.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn of(first: &[u8]) -> Result<Self, String> {
        let line = first
            .strip_suffix(b"\n")
            .ok_or("The file ends within its first line.")?;
        let head: Value = serde_json::from_slice(line)
            .map_err(|_| "The first line is no head of a decision record.".to_owned())?;
        if head["format"].as_str() != Some(FORMAT) {
            return Err(format!(
                "The first line does not say that this is a record of the format {FORMAT}."
            ));
        }
        let wanted = head["lines"]["count"].as_u64();
        Ok(Self {
            hash: canonical::sha256(line),
            wanted: wanted.ok_or("The head does not say how many clients follow.")?,
            head,
            lines: Sha256::new(),
            seen: 0,
            foot: None,
        })
    }

    /// Takes the next line, with its end of line.
    ///
    /// # Errors
    /// There are more lines than there can be.
    pub fn take(&mut self, line: &[u8]) -> Result<(), String> {
        if self.seen < self.wanted {
            self.lines.update(line);
            self.seen += 1;
            return Ok(());
        }
        if self.foot.is_some() {
            return Err("Something follows behind the last line.".to_owned());
        }
        self.foot = Some(line.to_vec());
        Ok(())
    }

    /// Ends, and says whether it all holds together. `key`: the public key that it has to be signed with.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn end(self, key: Option<&str>) -> Result<Verified, String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = format!("record {}", self.head["number"]);
        if self.seen < self.wanted {
            return Err(format!(
                "The {name} is cut short: {} of {} clients are there.",
                self.seen, self.wanted
            ));
        }
        let lines = canonical::hex(&self.lines.finalize());
        let given = self
            .foot
            .ok_or_else(|| format!("In the {name} a line is missing: that of a client, or the last one with the signature."))?;
        let end: Value = serde_json::from_slice(&given)
            .map_err(|_| format!("The last line of the {name} cannot be read."))?;
        if self.head["lines"]["sha256"].as_str() != Some(lines.as_str()) {
            return Err(format!(
                "A client of the {name} was changed: its lines do not have the hash that its head names."
            ));
        }
        if end["hash"].as_str() != Some(self.hash.as_str()) {
            return Err(format!(
                "The head of the {name} was changed: it does not have the hash that its last line names."
            ));
        }
        let own = text(&self.head["key"]);
        if let Some(key) = key
            && key != own
        {
            return Err(format!("The {name} is signed with another key: {own}."));
        }
        let signature = text(&end["signature"]);
        let bytes = canonical::unhex(&signature).zip(canonical::unhex(&own));
        let good = bytes.is_some_and(|(signature, own)| {
            let own = UnparsedPublicKey::new(&ED25519, own);
            own.verify(&signed(&self.hash), &signature).is_ok()
        });
        if !good {
            return Err(format!(
                "The signature of the {name} is not made by the key that it names."
            ));
        }
        // Anything else in that line, a blank even, is not ours.
        if given != format!("{}\n", foot(&self.hash, &signature)).into_bytes() {
            return Err(format!("The last line of the {name} was changed."));
        }
        Ok(Verified {
            number: self.head["number"].as_i64().unwrap_or_default(),
            before: text(&self.head["before"]),
            key: own,
            scope: text(&self.head["scope"]["name"]),
            decided: text(&self.head["decision"]["decided"]),
            ground: Ground::of(
                self.head["decision"]["overruled"].as_bool().unwrap_or(true),
                self.head["recommendation"]["loosened"]
                    .as_i64()
                    .unwrap_or_default()
                    > 0,
            ),
            by: text(&self.head["decision"]["by"]),
            at: text(&self.head["decision"]["at"]),
            clients: self.wanted,
            hash: self.hash,
        })
    }
}
