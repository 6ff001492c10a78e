//! Observed beside configured: logs read, connections told whose they are, boxes, pages and the command.

mod aged;
mod conflict;
mod kept;
mod place;
mod reading;
mod served;
