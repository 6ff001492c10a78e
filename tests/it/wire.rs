//! What comes in: every rule of reading reports, bodies and device lists, as data.

mod body;
mod kinds;
mod population;
mod report;
mod texts;
