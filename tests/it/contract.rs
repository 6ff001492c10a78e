//! The contract of the API: the document says what the server does, and the server what the document says.

mod answers;
mod breaking;
mod breaking_cases;
mod examples;
mod filled;
mod kept;
mod manners;
mod polling;
mod problems;
mod routes;
mod shapes;
