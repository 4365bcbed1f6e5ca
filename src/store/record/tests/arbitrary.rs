//! Any family and any revocation.

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::domain::client::{ClientId, Surface, TokenFormat};
use crate::domain::family::code::{Code, Redirect};
use crate::domain::family::managed::Managed;
use crate::domain::family::session::Login;
use crate::domain::family::{AccessToken, Family, Fingerprint, Nonce, RefreshToken, SpentToken, State, Tokens};
use crate::domain::network::Network;
use crate::domain::pkce::CodeChallenge;
use crate::domain::scope::Scope;
use crate::domain::{Cause, FamilyId, KeyId, Link, Position, Revocation, Shard, Tag, Target, Timestamp, TokenId};

pub(super) fn family() -> impl Strategy<Value = Family> {
    let holder = (family_id(), text(), option::of(text()), surface(), option::of(any::<[u8; 8]>()));
    let grant = (scope(), vec(text(), 0..3), any::<u64>(), timestamp(), vec(link(), 0..3));
    (holder, grant, state(), option::of(managed()), option::of(login())).prop_map(
        |((id, client, subject, surface, begotten_by), grant, state, managed, login)| {
            let (scope, audience, epoch, expires_at, ancestors) = grant;
            Family {
                id,
                client: ClientId::new(&client),
                subject: subject.map(Into::into),
                surface,
                begotten_by,
                scope,
                audience: audience.into_iter().map(Arc::from).collect(),
                epoch: Position(epoch),
                expires_at,
                ancestors,
                state,
                managed: managed.map(Box::new),
                login: login.map(Box::new),
            }
        },
    )
}

fn login() -> impl Strategy<Value = Login> {
    let to_tell = vec(text().prop_map(|id| ClientId::new(&id)), 0..3);
    (family_id(), timestamp(), option::of(text()), to_tell).prop_map(|(session, at, agent, to_tell)| Login {
        session,
        at,
        agent: agent.map(Into::into),
        to_tell,
    })
}

fn managed() -> impl Strategy<Value = Managed> {
    let times = (timestamp(), option::of(timestamp()), option::of(timestamp()));
    let counts = (any::<u64>(), any::<u64>(), any::<u64>());
    (option::of(text()), vec(network(), 0..3), counts, times).prop_map(|(name, trusted, counts, times)| {
        let ((millis, uses, limit), (updated, last_used, last_renewed)) = (counts, times);
        Managed {
            trusted,
            uses,
            uses_limit: NonZeroU64::new(limit),
            last_used,
            last_renewed,
            ..Managed::new(name.as_deref(), Duration::from_millis(millis), updated)
        }
    })
}

fn network() -> impl Strategy<Value = Network> {
    (any::<IpAddr>(), any::<u8>()).prop_map(|(address, prefix)| Network { address, prefix })
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        4 => tokens().prop_map(State::Live),
        1 => (timestamp(), cause()).prop_map(|(at, cause)| State::Ended { at, cause }),
    ]
}

fn tokens() -> impl Strategy<Value = Tokens> {
    let (code, refresh, spent) = (option::of(code()), option::of(refresh_token()), option::of(spent_token()));
    (any::<u32>(), code, refresh, spent, vec(access_token(), 0..5)).prop_map(
        |(next_serial, code, refresh, spent, access)| Tokens {
            next_serial,
            code: code.map(Box::new),
            refresh,
            spent,
            access,
        },
    )
}

fn code() -> impl Strategy<Value = Code> {
    let challenge = any::<[u8; 32]>().prop_map(|bytes| CodeChallenge::parse(&URL_SAFE_NO_PAD.encode(bytes)).unwrap());
    let redirect = (text(), any::<bool>()).prop_map(|(uri, is_named)| Redirect { uri: uri.into(), is_named });
    let key = any::<u32>().prop_map(KeyId);
    let times = (timestamp(), timestamp(), option::of(timestamp()));
    (any::<u32>(), nonce(), key, times, challenge, (redirect, option::of(text()))).prop_map(
        |(serial, nonce, key, (issued_at, expires_at, spent_at), challenge, (redirect, repeats))| Code {
            serial,
            nonce,
            key,
            issued_at,
            expires_at,
            challenge,
            redirect,
            repeats: repeats.map(Into::into),
            spent_at,
        },
    )
}

fn refresh_token() -> impl Strategy<Value = RefreshToken> {
    let key = any::<u32>().prop_map(KeyId);
    (any::<u32>(), nonce(), key, timestamp(), timestamp()).prop_map(|(serial, nonce, key, issued_at, expires_at)| {
        RefreshToken { serial, nonce, key, issued_at, expires_at }
    })
}

fn spent_token() -> impl Strategy<Value = SpentToken> {
    let request = any::<[u8; 16]>().prop_map(Fingerprint);
    (any::<u32>(), nonce(), timestamp(), request, any::<u32>())
        .prop_map(|(serial, nonce, at, request, access)| SpentToken { serial, nonce, at, request, access })
}

fn access_token() -> impl Strategy<Value = AccessToken> {
    let format = prop_oneof![Just(TokenFormat::Opaque), Just(TokenFormat::Jwt)];
    let key = any::<u32>().prop_map(KeyId);
    (any::<[u32; 2]>(), nonce(), format, key, [timestamp(), timestamp()], narrowed()).prop_map(
        |([serial, parent], nonce, format, key, [issued_at, expires_at], (scope, audience))| AccessToken {
            serial,
            nonce,
            parent,
            format,
            key,
            issued_at,
            expires_at,
            scope,
            audience,
        },
    )
}

fn narrowed() -> impl Strategy<Value = (Option<Scope>, Option<Vec<Arc<str>>>)> {
    let audience = vec(text(), 0..3).prop_map(|all| all.into_iter().map(Arc::from).collect());
    (option::of(scope()), option::of(audience))
}

pub(super) fn revocation() -> impl Strategy<Value = Revocation> {
    (target(), any::<([Option<u64>; 2], u64)>(), cause(), timestamp(), timestamp()).prop_map(
        |(target, ([bound, put_back], tag), cause, revoked_at, expires_at)| Revocation {
            target,
            bound: bound.map(Position),
            tag: Tag(tag),
            put_back: put_back.map(Tag),
            cause,
            revoked_at,
            expires_at,
        },
    )
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        token_id().prop_map(Target::Token),
        family_id().prop_map(Target::Family),
        text().prop_map(|subject| Target::Subject(subject.into())),
        text().prop_map(|client| Target::Client(client.into())),
        any::<u32>().prop_map(|key| Target::Key(KeyId(key))),
        Just(Target::Everything),
        text().prop_map(|client| Target::Identity(client.into())),
    ]
}

fn link() -> impl Strategy<Value = Link> {
    (token_id(), text(), any::<u32>()).prop_map(|(token, client, key)| Link {
        token,
        client: client.into(),
        key: KeyId(key),
    })
}

fn token_id() -> impl Strategy<Value = TokenId> {
    (family_id(), any::<u32>(), any::<u64>()).prop_map(|(family, serial, nonce)| TokenId { family, serial, nonce })
}

fn family_id() -> impl Strategy<Value = FamilyId> {
    (0..Shard::MOST, timestamp(), any::<u64>())
        .prop_map(|(shard, born, random)| FamilyId::new(Shard::new(shard).expect("it is in range"), born, random))
}

fn surface() -> impl Strategy<Value = Surface> {
    prop_oneof![Just(Surface::Standard), Just(Surface::Kajabi), Just(Surface::Anghami), Just(Surface::Infisical)]
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        Just(Cause::Requested),
        Just(Cause::Reuse),
        Just(Cause::Administrator),
        Just(Cause::KeyRetired),
        Just(Cause::Restored),
        Just(Cause::CodeReuse),
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    "[a-z:/.]{0,12}( [a-z:/.]{1,12}){0,3}".prop_map(|text| Scope::parse(&text).expect("it has only such characters"))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z0-9-]{0,20}", 1 => any::<String>()]
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_millis)
}

fn nonce() -> impl Strategy<Value = Nonce> {
    any::<u64>().prop_map(Nonce::from)
}
