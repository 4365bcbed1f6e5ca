use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

fn refusal(body: &[u8]) -> &'static str {
    match object(body) {
        Err(Error::InvalidRequest(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_member_that_is_repeated_is_refused_at_any_depth() {
    for body in [
        r#"{"token":"a","token":"b"}"#,
        r#"{"token":"a","token":"a"}"#,
        r#"{"token":"a","t\u006fken":"b"}"#,
        r#"{"unknown":1,"unknown":1}"#,
        r#"{"list":[{"a":1,"a":2}]}"#,
    ] {
        assert_eq!(refusal(body.as_bytes()), "a member is included more than once", "{body}");
    }
    assert!(object(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#).is_ok());
}

#[test]
fn what_is_no_object_is_refused() {
    for body in ["[]", "5", "null", "\"text\"", "true"] {
        assert_eq!(refusal(body.as_bytes()), "the body is not a JSON object", "{body}");
    }
    for body in [&b""[..], b" ", b"{", b"{}{}", b"{\"a\":1,}", b"token=a", b"\xff", b"{\"a\":\"\xff\"}", b"{'a':1}"] {
        assert_eq!(refusal(body), "the body is not JSON in UTF-8", "{}", body.escape_ascii());
    }
}

/// A body is at most as deep as its reader is willing to go, not as deep as the stack.
#[test]
fn a_body_without_bottom_is_refused() {
    let body = format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(refusal(body.as_bytes()), "the body is not JSON in UTF-8");
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn everything_else_is_read_as_it_was_written(members in btree_map(any::<String>(), value(), 0..4)) {
        let written: Map<String, Value> = members.into_iter().collect();
        let body = serde_json::to_vec(&written).expect("JSON");
        prop_assert_eq!(object(&body), Ok(written));
    }

    #[test]
    fn any_bytes_are_an_answer(body in vec(any::<u8>(), 0..100)) {
        let _ = object(&body);
    }
}
