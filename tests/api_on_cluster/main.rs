//! What of the API asks the store most, once more: on a Redis Cluster of three primaries with a replica each. The tests are those
//! of `tests/api`, on another ground.

#![expect(dead_code, reason = "what the other tests of the API need of these files")]

mod ground;

#[path = "../api/answer.rs"]
mod answer;
#[path = "../api/assertion.rs"]
mod assertion;
#[path = "../api/authority.rs"]
mod authority;
#[path = "../api/clients.rs"]
mod clients;
#[path = "../api/documented.rs"]
mod documented;
#[path = "../api/raw.rs"]
mod raw;
#[path = "../api/spawn.rs"]
mod spawn;
#[path = "../api/watched.rs"]
mod watched;

#[path = "../api/introspection.rs"]
mod introspection;
#[path = "../api/people/mod.rs"]
mod people;
#[path = "../api/refresh.rs"]
mod refresh;
#[path = "../api/revocation.rs"]
mod revocation;
#[path = "../api/revocation_answer.rs"]
mod revocation_answer;
#[path = "../api/revocation_cascade.rs"]
mod revocation_cascade;
#[path = "../api/token.rs"]
mod token;
