//! stub
use std::borrow::Cow;
#[derive(Debug, thiserror::Error)]
#[error("bad")]
pub struct DecodeError;
pub fn to_utf8<'b>(b: Cow<'b, [u8]>) -> Result<Cow<'b, [u8]>, DecodeError> { Ok(b) }
