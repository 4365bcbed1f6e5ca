//! Answers one question of an operator.

use super::operation::{Answer, FamilyReport, KeyReport, Operation};
use super::tree::time;
use crate::domain::authority::Authority;
use crate::domain::error::Error;
use crate::domain::keys::{KeyError, KeyInfo, Status};
use crate::domain::{Cause, FamilyId, Target};

/// Never fails: what could not be done is an answer too.
pub async fn perform(authority: &Authority, operation: Operation) -> Answer {
    match operation {
        Operation::Family(id) => family(authority, id).await,
        Operation::FamilyOf(token) => match authority.token_id(&token).await {
            Ok(Some(id)) => family(authority, id.family).await,
            Ok(None) => Answer::NoToken,
            Err(error) => refused(&error),
        },
        Operation::Extent(target) => match authority.extent(&target).await {
            Ok(extent) => Answer::Extent(extent),
            Err(error) => refused(&error),
        },
        Operation::Revoke(target) => revoke(authority, target).await,
        Operation::RevokeToken(token) => match authority.token_target(&token).await {
            Ok(Some(target)) => revoke(authority, target).await,
            Ok(None) => Answer::NoToken,
            Err(error) => refused(&error),
        },
        Operation::Keys => keys(authority),
        Operation::RotateKey { kind, now } => match kind.parse() {
            Ok(kind) => changed(authority, authority.rotate_key(kind, now).await),
            Err(error) => Answer::Refused(format!("{error}")),
        },
        Operation::RetireKey(id) => changed(authority, authority.retire_key(id).await),
        Operation::Restored => match authority.restored().await {
            Ok(()) => Answer::Revoked(crate::domain::store::Receipt::default()),
            Err(error) => refused(&error),
        },
    }
}

async fn family(authority: &Authority, id: FamilyId) -> Answer {
    match authority.family(id).await {
        Ok(Some(view)) => {
            let now = authority.clock.now();
            Answer::Family(Box::new(FamilyReport { family: view.family, covered: view.covered, now }))
        }
        Ok(None) => Answer::NoSuchFamily,
        Err(error) => refused(&error),
    }
}

async fn revoke(authority: &Authority, target: Target) -> Answer {
    match authority.revoke_target(target, Cause::Administrator).await {
        Ok(receipt) => Answer::Revoked(receipt),
        Err(error) => refused(&error),
    }
}

fn keys(authority: &Authority) -> Answer {
    Answer::Keys(authority.keys.ring().list().iter().map(report).collect())
}

/// After a change, the keys as they are now.
fn changed<T>(authority: &Authority, outcome: Result<T, KeyError>) -> Answer {
    match outcome {
        Ok(_) => keys(authority),
        Err(error) => Answer::Refused(error.to_string()),
    }
}

fn report(key: &KeyInfo) -> KeyReport {
    let status = match key.status {
        Status::Current { signs_from } => format!("signs from {}", time(signs_from)),
        Status::Retiring { signs_until, verifies_until, .. } => {
            format!("signs until {}, verifies until {}", time(signs_until), time(verifies_until))
        }
    };
    KeyReport { id: key.id, kind: key.kind.to_string(), status }
}

fn refused(error: &Error) -> Answer {
    Answer::Refused(error.to_string())
}
