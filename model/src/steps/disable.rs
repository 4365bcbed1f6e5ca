//! Disabling a client: its record in the store. What it already has is ended by a cut that follows.

use super::Next;
use crate::names::Client;
use crate::node::Turn;
use crate::state::Answer;

impl Turn<'_> {
    pub(super) fn disable(&mut self, client: Client) -> Next {
        self.upstream().disabled.push(client);
        Next::Answer(Answer::Done)
    }
}
