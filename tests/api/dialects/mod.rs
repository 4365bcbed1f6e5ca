//! The APIs of others, as their clients meet them (docs/conformance/dialects.md, section 18).

mod anghami;
mod bad_input;
mod bearer;
mod infisical;
mod invariants;
mod kajabi;
mod kajabi_password;
mod kajabi_token;
mod matrix;
mod spoken;
mod unread;
