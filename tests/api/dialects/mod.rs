//! The APIs of others, as their clients meet them (docs/conformance/dialects.md, section 18).

mod bearer;
mod kajabi;
mod spoken;
