//! The server as its clients meet it: HTTP in, HTTP out. Each test names the statements of docs/conformance that it
//! proves.

mod answer;
mod assertion;
mod authority;
mod clients;
mod documented;
mod ground;
mod raw;
mod spawn;
mod watched;

mod administration;
mod bad_input;
mod bad_wire;
mod client_authentication;
mod cors;
mod described;
mod dialects;
mod golden;
mod introspection;
mod jwt;
mod logging;
mod metadata;
mod operations;
mod people;
mod refresh;
mod resource;
mod revocation;
mod revocation_answer;
mod revocation_cascade;
mod token;
