//! Signatures of messages, as the Standard Webhooks specification has them.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{domain::time::Timestamp, store::webhooks::Secret};

/// A secret as its holder gets it, once.
pub fn shown(secret: &Secret) -> String {
    format!("whsec_{}", STANDARD.encode(secret.bytes()))
}

/// The value of `webhook-signature`: one signature for each secret, with spaces between. `seconds` is the value of
/// `webhook-timestamp`.
pub fn signature(secrets: &[&Secret], id: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let each: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.bytes());
            format!(
                "v1,{}",
                STANDARD.encode(hmac::sign(&key, signed.as_bytes()))
            )
        })
        .collect();
    each.join(" ")
}

/// A time as `webhook-timestamp` has it.
pub const fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000)
}
