//! Two texts, on a line each: one that is registered, one that a request names.

use super::*;
use crate::fuzz::target;

#[test]
fn what_is_taken_for_a_registered_uri_leads_to_the_same_place() {
    target("redirect", |bytes| {
        let Some((one, other)) = std::str::from_utf8(bytes).ok().and_then(|text| text.split_once('\n')) else { return };
        let Ok(registered) = RedirectUri::register(one) else { return };
        assert!(registered.is(one));
        if one == other || !registered.is(other) {
            return;
        }
        // Nothing but the port of this very machine may differ.
        let (one, other) =
            (Url::parse(one).expect("it was registered"), Url::parse(other).expect("it was taken for one"));
        assert!(is_loopback(&one) && one.scheme() == "http" && other.scheme() == "http");
        let but_for_the_port = |mut url: Url| {
            url.set_port(None).expect("it has a host");
            url
        };
        assert_eq!(but_for_the_port(one), but_for_the_port(other));
    });
}
