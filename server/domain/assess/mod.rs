//! The judgement: facts in, verdict out. No IO, no clock, no database.
