//! People: what they meet in a browser, and what applications get by it.

mod account;
mod anghami;
mod authorization;
mod back_channel;
mod browser;
mod code;
mod device;
mod handover;
mod logout;
mod openid;
mod pages;
mod pushed;
mod signed;
