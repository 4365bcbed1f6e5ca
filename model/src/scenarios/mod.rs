//! The scenarios, by what happens in them. In each, a family and its tokens are meant by the name of the request list's
//! order: `F` is family 0, and so on.

pub mod exchange;
pub mod failover;
pub mod healing;
pub mod refresh;
pub mod wide;

use crate::names::{FamilyId, TokenId};
use crate::scenario::Call;

fn introspect(family: FamilyId) -> Call {
    Call::Introspect(TokenId::access(family))
}
