use super::*;
use crate::fuzz::target;

#[test]
fn a_row_is_the_bytes_that_it_is_written_as_or_nothing() {
    target("row", |bytes| {
        if let Ok((frame, body)) = Frame::split(bytes) {
            assert_eq!(frame.around(body), bytes);
            assert!(Frame::is_due(Some(bytes), frame.kept_until));
        }
        if let Ok(head) = decode_head(bytes) {
            assert_eq!(encode_head(head), bytes);
        }
        if let Ok(document) = decode_document(bytes) {
            assert_eq!(encode_document(&document), bytes);
        }
        let _ = version_of(bytes);
    });
}
