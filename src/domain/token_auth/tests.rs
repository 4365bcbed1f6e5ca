use super::*;
use crate::domain::client::{Reach, TokenFormat};

const DAY: Duration = Duration::from_hours(24);

fn own() -> TokenPolicy {
    TokenPolicy {
        format: TokenFormat::Opaque,
        access_token_lifetime: Duration::from_hours(1),
        refresh_token_idle: DAY,
        code_lifetime: Duration::from_mins(1),
        family_lifetime: 90 * DAY,
        replay_window: Duration::ZERO,
        access_tokens_per_family: 4,
        client_credentials_refresh: false,
        revoke_access_token: Reach::Token,
    }
}

fn terms(lifetime: Duration, longest: Duration) -> Terms {
    Terms { lifetime, longest, uses_limit: 0, trusted: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()] }
}

fn token_auth() -> TokenAuth {
    let now = Timestamp::from_secs(1_800_000_000);
    TokenAuth { id: Uuid::from_u128(7), terms: terms(DAY, 2 * DAY), created: now, updated: now }
}

#[test]
fn terms_are_bounded_by_what_the_client_may_have() {
    for (asked, given) in [
        ((30 * DAY, 60 * DAY), (30 * DAY, 60 * DAY)),
        ((30 * DAY, 3650 * DAY), (30 * DAY, 90 * DAY)),
        ((3650 * DAY, 3650 * DAY), (90 * DAY, 90 * DAY)),
        ((Duration::ZERO, 60 * DAY), (60 * DAY, 60 * DAY)),
        ((Duration::ZERO, Duration::ZERO), (90 * DAY, 90 * DAY)),
        ((30 * DAY, Duration::ZERO), (30 * DAY, 90 * DAY)),
    ] {
        let policy = terms(asked.0, asked.1).policy(&own());
        assert_eq!((policy.access_token_lifetime, policy.family_lifetime), given, "{asked:?}");
    }
}

#[test]
fn no_token_lives_longer_than_it_may_be_renewed() {
    assert!(terms(DAY, DAY).check().is_ok() && terms(DAY, Duration::ZERO).check().is_ok());
    assert_eq!(terms(2 * DAY, DAY).check(), Err(ManagementFault::LifetimeBeyondLongest));
    let change = TermsChange { longest: Some(Duration::from_secs(1)), ..TermsChange::default() };
    assert!(terms(DAY, 2 * DAY).changed(change).check().is_err());
}

#[test]
fn a_restriction_to_everything_is_none() {
    let managed = |terms: &Terms| terms.managed(Some("ci"), &own(), Timestamp::default());
    assert!(managed(&terms(DAY, DAY)).trusted.is_empty());
    let restricted = Terms { trusted: vec!["10.0.0.0/8".parse().unwrap()], ..terms(DAY, DAY) };
    assert_eq!(managed(&restricted).trusted, restricted.trusted);
}

#[test]
fn a_document_comes_back_as_it_was_and_a_torn_one_not_at_all() {
    for configured in [Configured::Attached(token_auth()), Configured::Removed(token_auth())] {
        let document = configured.encode(Version(3));
        assert_eq!(Configured::decode(&document), Ok(configured));
        for length in 0..document.bytes.len() {
            let torn = Document { bytes: document.bytes[..length].to_vec(), ..document };
            assert!(Configured::decode(&torn).is_err(), "{length}");
        }
        let longer = Document { bytes: [&*document.bytes, &[0]].concat(), ..document };
        assert!(Configured::decode(&longer).is_err());
    }
}
