//! Sends a simulated fleet to a server and measures the answers: the engine behind `loadgen`, `demo` and the benchmark.

mod batch;
mod drive;
mod histogram;
mod outcome;
mod pace;
mod plan;
mod sender;
mod tls;
mod unreached;

pub use drive::drive;
pub use histogram::Histogram;
pub use outcome::{Latency, Outcome};
pub use plan::{Encoding, LoadError, Plan, Secret, Trust};
pub use sender::connect;
pub(super) use sender::{problem, retry_after, told};
pub(super) use unreached::{distrust, unreached};
