//! People: what they meet in a browser, and what applications get by it.

mod account;
mod anghami;
mod authorization;
mod browser;
mod code;
mod pages;
mod pushed;
