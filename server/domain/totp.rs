//! Codes that an authenticator app shows: six digits, another every thirty seconds (RFC 6238), and codes for when it is lost.

use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use super::time::Timestamp;

/// How long one code is shown.
const STEP: i64 = 30_000;
/// So many steps before and after are taken, for clocks that go wrong and fingers that are slow.
const DRIFT: i64 = 1;
/// Bytes of a secret: as many as the hash has.
pub const SECRET: usize = 20;
/// Codes for when the app is lost.
pub const RECOVERY_CODES: usize = 10;

/// Letters of RFC 4648.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of a step.
fn code(secret: &[u8], step: i64) -> Option<u32> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last()? & 0x0f);
    let four: [u8; 4] = hash.get(offset..offset + 4)?.try_into().ok()?;
    Some((u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// The step that a typed code belongs to, if it is one of now and later than `last`: no code is good twice, and none that is
/// older than one that was used.
pub fn accepted(secret: &[u8], typed: &str, now: Timestamp, last: i64) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if typed.len() != 6 || !typed.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let current = now.0.div_euclid(STEP);
    let mut found = None;
    // All of them, so that time does not tell which it was.
    for step in current - DRIFT..=current + DRIFT {
        let right = code(secret, step).is_some_and(|code| {
            let shown = format!("{code:06}");
            shown.as_bytes().ct_eq(typed.as_bytes()).into()
        });
        if right && step > last && found.is_none() {
            found = Some(step);
        }
    }
    found
}

/// A secret as apps take it.
pub fn base32(secret: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut push = |five: u32| {
        let letter = LETTERS.get(five as usize & 31).copied().unwrap_or(b'A');
        text.push(char::from(letter));
    };
    for byte in secret {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push(bits >> held);
            bits &= (1 << held) - 1;
        }
    }
    if held > 0 {
        push(bits << (5 - held));
    }
    text
}

/// A code for when the app is lost, of ten random bytes: sixteen letters in groups of four.
pub fn recovery_code(random: [u8; 10]) -> String {
    let mut code = String::new();
    for (n, letter) in base32(&random).to_ascii_lowercase().chars().enumerate() {
        if n > 0 && n % 4 == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    code
}

/// What was typed as such a code, as it is compared: letters only, in whatever case and groups. `None`: it is none.
pub fn typed_recovery_code(typed: &str) -> Option<String> {
    let letters: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let ours = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
    (letters.len() == 16 && letters.bytes().all(ours)).then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the RFC: "12345678901234567890".
    const KEY: &[u8; 20] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1; the last six of its eight digits.
        for (seconds, eight) in [
            (59_i64, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let shown = code(KEY, seconds / 30).map(|code| format!("{code:06}"));
            assert_eq!(shown.as_deref(), eight.get(2..), "{seconds}");
        }
        // RFC 4226, appendix D.
        for (count, six) in (0..).zip([
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871,
            520_489,
        ]) {
            assert_eq!(code(KEY, count), Some(six));
        }
    }

    #[test]
    fn a_code_is_good_for_a_minute_and_a_half_and_once() {
        let at = |step: i64| Timestamp(step * STEP + 7_000);
        let shown = |step: i64| format!("{:06}", code(KEY, step).expect("a code"));
        let step = 58_000_000;
        for (off, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = accepted(KEY, &shown(step + off), at(step), 0);
            assert_eq!(found, good.then_some(step + off), "{off}");
        }
        // Used, or older than one that was.
        assert_eq!(accepted(KEY, &shown(step), at(step), step), None);
        assert_eq!(accepted(KEY, &shown(step - 1), at(step), step), None);
        assert_eq!(
            accepted(KEY, &shown(step + 1), at(step), step),
            Some(step + 1)
        );
        let typed = shown(step);
        let spaced = format!(" {} {} ", &typed[..3], &typed[3..]);
        assert_eq!(accepted(KEY, &spaced, at(step), 0), Some(step));
        for wrong in [
            "", "00000", "0000000", "abcdef", "１２", "-12345", "12345\0",
        ] {
            assert_eq!(accepted(KEY, wrong, at(step), 0), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_are_written_as_apps_take_them() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "MY"),
            (b"fo", "MZXQ"),
            (b"foo", "MZXW6"),
            (b"foob", "MZXW6YQ"),
            (b"fooba", "MZXW6YTB"),
            (b"foobar", "MZXW6YTBOI"),
            (KEY, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
        ] {
            assert_eq!(base32(bytes), text);
        }
    }

    #[test]
    fn recovery_codes_can_be_typed_in_any_case() {
        let code = recovery_code(*b"0123456789");
        assert_eq!(code.len(), 19);
        let plain = typed_recovery_code(&code).expect("a code");
        let shouted = format!(" {} ", code.to_uppercase());
        assert_eq!(typed_recovery_code(&shouted), Some(plain.clone()));
        assert_eq!(typed_recovery_code(&plain), Some(plain.clone()));
        for wrong in ["", "123456", "aaaa-aaaa-aaaa-aaa", "aaaa-aaaa-aaaa-aaa1"] {
            assert_eq!(typed_recovery_code(wrong), None, "{wrong}");
        }
    }
}
