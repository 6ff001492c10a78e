//! stub
use super::FieldError;
pub enum Shape { Single, Array, Lines }
#[derive(Debug, thiserror::Error)]
#[error("bad")]
pub struct BodyError;
pub fn for_each_record<'b>(b: &'b [u8], mut each: impl FnMut(usize, Result<&'b [u8], FieldError>)) -> Result<Shape, BodyError> {
  if b.first()==Some(&b'{') && !b.contains(&b'\n') { each(0, Ok(b)); return Ok(Shape::Single); }
  let mut i=0; for l in b.split(|c| *c==b'\n') { if !l.is_empty() { each(i, Ok(l)); i+=1; } } Ok(Shape::Lines) }
