//! The certificate that the server makes for itself where it was given none.

use std::fs;

use super::{Error, file, write_private};
use crate::{
    domain::{
        days::date_of,
        feeds::day_of,
        time::{DAY, Timestamp},
    },
    transport::PairFiles,
};

/// Whom it names, and who signed it.
pub(super) const SUBJECT: &str = "CN=cutover";

/// So long it is valid. It is trusted by itself, so each new one has to be brought to whoever trusts the old one.
const VALID: i64 = 2 * 365 * DAY;

/// Makes a self-signed ECDSA P-256 certificate unless the files are there. P-256 because Windows 7 to 8.1 and
/// Server 2008 R2 to 2012 R2 share no TLS 1.2 suite with us under an RSA certificate.
///
/// # Errors
/// The files cannot be written, or only one of them is there.
pub(super) fn ensure(files: &PairFiles, names: &[String], now: Timestamp) -> Result<bool, Error> {
    match (files.cert.exists(), files.key.exists()) {
        (true, true) => return Ok(false),
        (false, false) => {}
        _ => {
            return Err(Error::Certificate(format!(
                "of {} and {} only one is there; put the other beside it, or remove both to get new ones",
                files.cert.display(),
                files.key.display()
            )));
        }
    }
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(cannot)?;
    let cert = signed(&pair, names, now)?;
    write_private(&files.key, pair.serialize_pem().as_bytes())
        .map_err(|error| file("cannot write", &files.key, error))?;
    fs::write(&files.cert, cert).map_err(|error| file("cannot write", &files.cert, error))?;
    Ok(true)
}

/// Makes the certificate anew with the key that is there, so that whoever trusts the key goes on trusting it.
///
/// # Errors
/// The key cannot be read, or the certificate cannot be written; the old one stays.
pub(super) fn renew(files: &PairFiles, names: &[String], now: Timestamp) -> Result<(), Error> {
    let pem = fs::read_to_string(&files.key)
        .map_err(|error| file("cannot read the key", &files.key, error))?;
    let pair = rcgen::KeyPair::from_pem(&pem).map_err(cannot)?;
    let cert = signed(&pair, names, now)?;
    // Whole or not at all: a name is given to a file that is complete.
    let beside = files.cert.with_extension("pem.new");
    fs::write(&beside, cert).map_err(|error| file("cannot write", &beside, error))?;
    fs::rename(&beside, &files.cert).map_err(|error| file("cannot write", &files.cert, error))
}

fn signed(pair: &rcgen::KeyPair, names: &[String], now: Timestamp) -> Result<String, Error> {
    let mut params = rcgen::CertificateParams::new(names.to_vec()).map_err(cannot)?;
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "cutover");
    // A clock that is a day behind ours shall not refuse it.
    (params.not_before, params.not_after) = match (day(now.plus(-DAY)), day(now.plus(VALID))) {
        (Some(from), Some(until)) => (
            rcgen::date_time_ymd(from.0, from.1, from.2),
            rcgen::date_time_ymd(until.0, until.1, until.2),
        ),
        _ => {
            return Err(Error::Certificate(
                "this machine's clock is wrong".to_owned(),
            ));
        }
    };
    Ok(params.self_signed(pair).map_err(cannot)?.pem())
}

/// Year, month and day of a moment.
fn day(at: Timestamp) -> Option<(i32, u8, u8)> {
    let text = date_of(day_of(at));
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    // What makes a date of it panics at others; no clock of ours gets there.
    ((1_970..=9_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day))
        .then_some((year, month, day))
}

fn cannot(error: rcgen::Error) -> Error {
    Error::Certificate(error.to_string())
}
