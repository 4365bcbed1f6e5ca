//! What a Redis answers, from its bytes on.

use super::*;
use crate::fuzz::target;
use crate::store::redis::script;

/// Whatever it was asked.
fn doubt(value: &Value) {
    if let Ok(head) = head(value.clone()) {
        let text = optional_bytes(value.clone(), "GET").expect("it was read");
        let written = script::head_text(head).into_bytes();
        assert!(text.is_none() || text == Some(written), "a head has one spelling");
    }
    if let Ok(Some(stretch)) = stretch(value.clone(), None, &[]) {
        let Value::Array(parts) = value else { panic!("no stretch") };
        let told = parts.get(3).map_or(0, |members| match members {
            Value::Array(members) => members.len(),
            _ => panic!("no entries"),
        });
        assert!(stretch.joins && stretch.entries.len() == told, "an entry was left out");
    }
    if let Ok(Loaded { stored: Some(stored), .. }) = loaded(value.clone()) {
        let Value::Array(parts) = value else { panic!("no record") };
        assert_eq!(parts[0], Value::BulkString(record::encode(stored.version, &stored.family)));
    }
    if let Ok(Some(document)) = document(value.clone()) {
        let bytes = [&document.version.0.to_be_bytes(), document.bytes.as_slice()].concat();
        assert_eq!(*value, Value::BulkString(bytes));
    }
    if let Ok(listed) = listed(value.clone()) {
        #[expect(clippy::cast_precision_loss, reason = "a place is below 2^53")]
        let written = listed.iter().map(|listed| {
            let id = Value::BulkString(listed.family.as_bytes().to_vec());
            Value::Array(vec![id, Value::Double(listed.place as f64)])
        });
        assert_eq!(*value, Value::Array(written.collect()));
    }
    let _ = (time(value.clone()), written(value.clone()), step(value.clone()).map(|step| step.records.len()));
}

#[test]
fn an_answer_of_redis_has_the_expected_form_or_is_none() {
    target("redis", |bytes| {
        if let Ok(value) = redis::parse_redis_value(bytes) {
            doubt(&value);
        }
        // A value of which only the inside is in doubt.
        doubt(&Value::BulkString(bytes.to_vec()));
    });
}
