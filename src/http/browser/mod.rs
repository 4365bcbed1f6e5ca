//! What people meet in a browser: the authorization endpoint, and the pages on which they sign in and approve.
//!
//! - `authorize`: an application's request. `login`: the person's side of it. `logout`: an application's request to sign out.
//!   `account`: where the person is signed in, `agent`: with what. `answer`: the way back. `handover`: to where else people
//!   sign in, and back.
//! - `page`: what is shown, and what a page may do. `cookies`: how a browser is known again. `fault`: when something is wrong.

pub(super) mod account;
mod agent;
mod answer;
pub(super) mod authorize;
mod cookies;
mod fault;
pub(super) mod handover;
pub(super) mod login;
pub(super) mod logout;
mod page;

pub(super) use self::page::Pages;
