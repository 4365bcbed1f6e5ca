//! What it takes for a change to be safe.

use std::time::Duration;

use redis::{Cmd, Value};

use super::failure::{settle, unexpected};
use super::script;
use crate::domain::store::Unavailable;

/// What a change waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The primary's disk.
    Fsync,
    Replicas(u8),
}

impl Wait {
    pub(super) fn command(self, limit: Duration) -> Cmd {
        // Ends before its caller's patience does, so that the log says what was missing.
        let millis = script::millis(limit * 4 / 5);
        let mut command = redis::cmd(match self {
            Self::Fsync => "WAITAOF",
            Self::Replicas(_) => "WAIT",
        });
        match self {
            Self::Fsync => command.arg(1).arg(0).arg(millis),
            Self::Replicas(count) => command.arg(count).arg(millis),
        };
        command
    }

    /// A wait that ran out is answered like any other, with a smaller number.
    pub(super) fn judge(self, answer: Value) -> Result<(), Unavailable> {
        let answer = settle(answer)?;
        match self {
            Self::Fsync => match redis::from_redis_value::<(i64, i64)>(answer) {
                Ok((1.., _)) => Ok(()),
                Ok(_) => Err(Unavailable("a change was not on the primary's disk in time".to_owned())),
                Err(_) => Err(unexpected("WAITAOF")),
            },
            Self::Replicas(wanted) => match answer {
                Value::Int(count) if count >= i64::from(wanted) => Ok(()),
                Value::Int(count) => {
                    Err(Unavailable(format!("{count} replicas of {wanted} acknowledged a change in time")))
                }
                _ => Err(unexpected("WAIT")),
            },
        }
    }
}
