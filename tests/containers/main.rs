//! What runs the server in containers: docker-compose.yml, the Dockerfile, and the settings and secrets that they mount.
//! Nothing here needs a container engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, in a function it shares, too")]

mod compose;
mod image;
mod parts;
mod stack;
