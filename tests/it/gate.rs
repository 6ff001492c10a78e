//! The gate: what it asks of figures, what it answers over HTTPS, and how the command ends.

mod rules;
mod served;
