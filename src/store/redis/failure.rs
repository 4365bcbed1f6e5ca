//! What a failed command says in the log.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use crate::domain::store::Unavailable;

/// The cause in a few words. A server's own words may repeat what it was sent; those are left out.
pub(super) fn failure(error: &RedisError) -> Unavailable {
    let words = error.to_string();
    let safe = words.split(", with args").next().unwrap_or_default();
    Unavailable(safe.to_owned())
}

/// The answer, unless it is an error.
pub(super) fn settle(value: Value) -> Result<Value, Unavailable> {
    value.extract_error().map_err(|error| failure(&error))
}

pub(super) fn unexpected(what: &str) -> Unavailable {
    Unavailable(format!("the answer to {what} has an unexpected form"))
}

/// The server does not have the script: it was restarted, or flushed its scripts, or is another one than before.
pub(super) fn lacks_script(value: &Value) -> bool {
    has_kind(value, ServerErrorKind::NoScript)
}

/// The server is not, or no longer, the primary.
pub(super) fn is_read_only(value: &Value) -> bool {
    has_kind(value, ServerErrorKind::ReadOnly)
}

fn has_kind(value: &Value, kind: ServerErrorKind) -> bool {
    matches!(value, Value::ServerError(error) if error.kind() == Some(kind))
}

/// The slot is elsewhere or on the move: the node did nothing, and somebody will do it soon.
pub(super) fn is_moving(error: &RedisError) -> bool {
    use ServerErrorKind::{Ask, Moved, TryAgain};
    matches!(error.kind(), ErrorKind::Server(Moved | Ask | TryAgain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_not_repeated() {
        let line = b"-ERR unknown command 'GETDEL', with args beginning with: 'a-key' 'a-record'\r\n";
        let error = settle(redis::parse_redis_value(line).unwrap()).unwrap_err();
        assert!(error.0.contains("unknown command"), "{error}");
        assert!(!error.0.contains("a-key") && !error.0.contains("a-record"), "{error}");
    }
}
