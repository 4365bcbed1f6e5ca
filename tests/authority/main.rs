//! The authority on real stores: rules of the protocol, races, and random histories against a plain model.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod codes;
mod handovers;
mod history;
mod interposed;
mod logouts;
mod machine;
mod node;
mod places;
mod races;
mod rules;
mod told;
