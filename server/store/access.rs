//! Secrets of programs and of sessions: made up here, and stored hashed. Tokens are in `tokens`.

use sha2::{Digest as _, Sha256};

/// 32 random bytes as 64 hexadecimal digits.
pub fn random_secret() -> String {
    let bytes: [u8; 32] = rand::random();
    hex(&bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn hashed(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
