//! An object is what every other reader of JSON takes it for, and no member of it is there twice.

use super::*;
use crate::fuzz::target;
use crate::http::form::Form;

/// Members at all depths, by the one character that only they have outside of texts.
fn written(json: &[u8]) -> usize {
    let (mut members, mut in_text, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b':' if !in_text => members += 1,
            _ => {}
        }
    }
    members
}

fn read(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(read).sum::<usize>(),
        Value::Array(array) => array.iter().map(read).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[test]
fn an_object_has_no_member_twice_and_is_read_as_elsewhere() {
    target("json", |body| {
        let elsewhere: Result<Value, _> = serde_json::from_slice(body);
        match (object(body), elsewhere) {
            (Ok(object), Ok(elsewhere)) => {
                if let Ok(form) = Form::of_json(&object) {
                    let texts = [("token", form.token), ("client_secret", form.client_secret)];
                    for (name, text) in texts {
                        let member = object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
                        assert_eq!(text.value(), member);
                    }
                }
                let value = Value::Object(object);
                assert_eq!(value, elsewhere);
                assert_eq!(read(&value), written(body), "a repeated member was accepted");
            }
            (Ok(_), Err(_)) => panic!("accepted what nobody else reads"),
            (Err(error), Ok(elsewhere)) => {
                assert!(matches!(error, Error::InvalidRequest(_)));
                assert!(!elsewhere.is_object() || read(&elsewhere) < written(body), "refused for nothing");
            }
            (Err(_), Err(_)) => {}
        }
    });
}
