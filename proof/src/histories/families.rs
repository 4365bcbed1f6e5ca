//! A history, family by family: what touches different families only commutes, so each can be checked for itself.

use std::collections::BTreeMap;

use super::model::{Answer, Call, Owner, Token};
use super::record::Operation;

/// The histories of single families, each with what operators did to it.
pub fn of_each(operations: &[Operation]) -> Vec<Vec<Operation>> {
    let (family_of, owners) = families(operations);
    let touches = |family: usize, operation: &Operation| match (operation.call, operation.answer) {
        (Call::End(whose), _) => whose.is_none_or(|owner| owner == owners[family]),
        (Call::Refresh(token) | Call::Revoke(token) | Call::Introspect(token), _) => family_of[&token] == family,
        (Call::Issue(_), Answer::Given(pair)) => family_of[&pair.refresh] == family,
        (Call::Issue(_), _) => false,
    };
    let history = |family| operations.iter().filter(|operation| touches(family, operation)).cloned().collect();
    (0..owners.len()).map(history).collect()
}

/// Which family a token is of, and whose each family is. Whoever names a token was told of it by what began before.
fn families(operations: &[Operation]) -> (BTreeMap<Token, usize>, Vec<Owner>) {
    let (mut family_of, mut owners) = (BTreeMap::new(), Vec::new());
    for operation in operations {
        let Answer::Given(pair) = operation.answer else { continue };
        let family = match operation.call {
            Call::Issue(owner) => {
                owners.push(owner);
                owners.len() - 1
            }
            Call::Refresh(token) => family_of[&token],
            Call::Revoke(_) | Call::Introspect(_) | Call::End(_) => continue,
        };
        family_of.insert(pair.access, family);
        family_of.insert(pair.refresh, family);
    }
    (family_of, owners)
}
