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
        let Value::BulkString(text) = value else { panic!("no stretch") };
        assert!(stretch.joins, "nothing had to join");
        assert_eq!(*text, written_down(&stretch, text), "an answer has one spelling");
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

/// The text that tells it. Of the clock, which is told to the microsecond, only the milliseconds are kept.
fn written_down(stretch: &Stretch, text: &[u8]) -> Vec<u8> {
    let head = script::head_text(stretch.head);
    let mut bytes = [&text[..8], &[u8::try_from(head.len()).unwrap()], head.as_bytes()].concat();
    if text.len() > bytes.len() {
        bytes.push(u8::from(stretch.more));
    }
    for entry in &stretch.entries {
        let revocation = record::encode_revocation(&entry.revocation);
        bytes.extend(u32::try_from(8 + revocation.len()).unwrap().to_be_bytes());
        #[expect(clippy::cast_precision_loss, reason = "positions are below 2^53")]
        bytes.extend((entry.position.0 as f64).to_be_bytes());
        bytes.extend(revocation);
    }
    bytes
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
