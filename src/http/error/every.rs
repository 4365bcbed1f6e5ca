//! Every fault of the domain, in the words of every surface: never a success, never a secret, always whole.

use actix_web::body::to_bytes;
use actix_web::test::TestRequest;
use actix_web::web::Data;
use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::*;
use crate::domain::client::Surface;
use crate::domain::error::{BearerFault, GrantFault, ManagementFault};
use crate::domain::store::Unavailable;
use crate::fuzz::server;
use crate::http::dialect::{anghami, infisical};
use crate::http::{introspect, shape};

/// Where each is answered, and in whose words.
const PATHS: [(&str, Option<Surface>); 13] = [
    ("/oauth/token", None),
    ("/oauth/revoke", None),
    ("/oauth/introspect", None),
    ("/oauth/login/accept", None),
    ("/nowhere", None),
    ("/v1/oauth/token", Some(Surface::Kajabi)),
    ("/v1/oauth/revoke", Some(Surface::Kajabi)),
    ("/v1/auth/token", Some(Surface::Anghami)),
    ("/v1/auth/token/refresh", Some(Surface::Anghami)),
    ("/v1/auth/token/revoke", Some(Surface::Anghami)),
    ("/api/v1/auth/universal-auth/login", Some(Surface::Infisical)),
    ("/api/v1/auth/token/renew", Some(Surface::Infisical)),
    ("/api/v1/auth/token-auth/identities/5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6d01/tokens", Some(Surface::Infisical)),
];

/// All values of a type, one after another. What follows a value is told by a `match` without a wildcard: a variant that is
/// new does not compile before it has its place here.
fn all<T: Copy>(first: T, after: fn(T) -> Option<T>) -> impl Iterator<Item = T> {
    std::iter::successors(Some(first), move |it| after(*it))
}

fn after_client(fault: ClientFault) -> Option<ClientFault> {
    match fault {
        ClientFault::Missing => Some(ClientFault::Malformed),
        ClientFault::Malformed => Some(ClientFault::UnknownClient),
        ClientFault::UnknownClient => Some(ClientFault::Disabled),
        ClientFault::Disabled => Some(ClientFault::WrongMethod),
        ClientFault::WrongMethod => Some(ClientFault::WrongSecret),
        ClientFault::WrongSecret => Some(ClientFault::InvalidAssertion),
        ClientFault::InvalidAssertion => Some(ClientFault::ReplayedAssertion),
        ClientFault::ReplayedAssertion => None,
    }
}

fn after_bearer(fault: BearerFault) -> Option<BearerFault> {
    match fault {
        BearerFault::Missing => Some(BearerFault::Malformed),
        BearerFault::Malformed => Some(BearerFault::Unknown),
        BearerFault::Unknown => Some(BearerFault::NoAccessToken),
        BearerFault::NoAccessToken => Some(BearerFault::OtherSurface),
        BearerFault::OtherSurface => Some(BearerFault::Expired),
        BearerFault::Expired => Some(BearerFault::Ended),
        BearerFault::Ended => Some(BearerFault::UntrustedAddress),
        BearerFault::UntrustedAddress => Some(BearerFault::InsufficientScope),
        BearerFault::InsufficientScope => None,
    }
}

fn after_management(fault: ManagementFault) -> Option<ManagementFault> {
    match fault {
        ManagementFault::UnknownIdentity => Some(ManagementFault::UnknownToken),
        ManagementFault::UnknownToken => Some(ManagementFault::NotPermitted),
        ManagementFault::NotPermitted => Some(ManagementFault::NotConfigured),
        ManagementFault::NotConfigured => Some(ManagementFault::AlreadyConfigured),
        ManagementFault::AlreadyConfigured => Some(ManagementFault::Disabled),
        ManagementFault::Disabled => Some(ManagementFault::LifetimeBeyondLongest),
        ManagementFault::LifetimeBeyondLongest => None,
    }
}

fn after_grant(fault: GrantFault) -> Option<GrantFault> {
    match fault {
        GrantFault::Unknown => Some(GrantFault::OtherClient),
        GrantFault::OtherClient => Some(GrantFault::OtherSurface),
        GrantFault::OtherSurface => Some(GrantFault::Expired),
        GrantFault::Expired => Some(GrantFault::Idle),
        GrantFault::Idle => Some(GrantFault::Ended),
        GrantFault::Ended => Some(GrantFault::ClientGone),
        GrantFault::ClientGone => Some(GrantFault::CredentialGone),
        GrantFault::CredentialGone => Some(GrantFault::ScopeRetired),
        GrantFault::ScopeRetired => Some(GrantFault::Reused),
        GrantFault::Reused => Some(GrantFault::OtherRequest),
        GrantFault::OtherRequest => Some(GrantFault::SuccessorGone),
        GrantFault::SuccessorGone => Some(GrantFault::CodeUsed),
        GrantFault::CodeUsed => Some(GrantFault::WrongVerifier),
        GrantFault::WrongVerifier => Some(GrantFault::OtherRedirectUri),
        GrantFault::OtherRedirectUri => Some(GrantFault::WrongPassword),
        GrantFault::WrongPassword => Some(GrantFault::UserDisabled),
        GrantFault::UserDisabled => Some(GrantFault::NotWaiting),
        GrantFault::NotWaiting => Some(GrantFault::OtherAnswer),
        GrantFault::OtherAnswer => None,
    }
}

/// What a fault can hold besides its kind. The text of [`Error::InvalidRequest`] is part of the program: it can hold
/// nothing that was sent.
#[derive(Clone, Debug)]
struct Contents {
    words: String,
    limit: u32,
    retry_after: Duration,
}

/// One error of each kind, with all the faults that it can have.
fn errors(contents: &Contents) -> Vec<Error> {
    let Contents { words, limit, retry_after } = contents.clone();
    let mut all_of_them = Vec::new();
    let mut next = Some(Error::InvalidRequest("a parameter is missing"));
    while let Some(error) = next {
        let (same, following) = match &error {
            Error::InvalidRequest(_) => (vec![], Some(Error::InvalidClient(ClientFault::Missing))),
            Error::InvalidClient(first) => {
                (all(*first, after_client).map(Error::InvalidClient).collect(), Some(Error::UnauthorizedClient))
            }
            Error::UnauthorizedClient => (vec![], Some(Error::UnsupportedGrantType)),
            Error::UnsupportedGrantType => (vec![], Some(Error::InvalidScope)),
            Error::InvalidScope => (vec![], Some(Error::InvalidTarget)),
            Error::InvalidTarget => (vec![], Some(Error::InvalidGrant(GrantFault::Unknown))),
            Error::InvalidGrant(first) => (
                all(*first, after_grant).map(Error::InvalidGrant).collect(),
                Some(Error::InvalidToken(BearerFault::Missing)),
            ),
            Error::InvalidToken(first) => (
                all(*first, after_bearer).map(Error::InvalidToken).collect(),
                Some(Error::Management(ManagementFault::UnknownIdentity)),
            ),
            Error::Management(first) => (
                all(*first, after_management).map(Error::Management).collect(),
                Some(Error::TooMany { limit, retry_after }),
            ),
            Error::TooMany { .. } => (vec![], Some(Error::Unavailable(Unavailable(words.clone())))),
            Error::Unavailable(_) => (vec![], None),
        };
        all_of_them.extend(if same.is_empty() { vec![error] } else { same });
        next = following;
    }
    all_of_them
}

/// Every way in which the handlers of a surface answer an error.
fn answers(error: &Error, surface: Option<Surface>, request: &HttpRequest, secret: &str) -> Vec<HttpResponse> {
    let failure = Failure::from(error.clone());
    let mut answers = vec![failure.answer(request)];
    match surface {
        None => answers.push(introspect::refuse(&failure, request)),
        Some(Surface::Anghami) if matches!(error, Error::InvalidGrant(_)) => {
            answers.push(anghami::foreign(error, request));
        }
        Some(Surface::Infisical) => {
            answers.push(infisical::about(error, secret, request));
        }
        Some(Surface::Standard | Surface::Kajabi | Surface::Anghami) => {}
    }
    answers
}

fn check(error: &Error, surface: Option<Surface>, answer: HttpResponse, secret: &str) {
    let debug = format!("{answer:?}");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = to_bytes(answer.into_body()).now_or_never().expect("it is all there").expect("bytes");
    shape::check(surface, status, &headers, &body);
    assert_eq!(status == StatusCode::SERVICE_UNAVAILABLE, matches!(error, Error::Unavailable(_)), "{error:?}");
    assert_eq!(status == StatusCode::TOO_MANY_REQUESTS, matches!(error, Error::TooMany { .. }), "{error:?}");
    let told = headers.iter().map(|(_, value)| String::from_utf8_lossy(value.as_bytes()));
    let told: String = told.chain([String::from_utf8_lossy(&body), debug.into()]).collect();
    assert!(!told.contains(secret), "{error:?}");
}

fn secret() -> impl Strategy<Value = String> {
    // Longer than an id, as tokens and the secrets that are made here are.
    "hunter2-[A-Za-z0-9_-]{32,80}"
}

fn contents(secret: String) -> impl Strategy<Value = (Contents, String)> {
    ("[ -~]{0,20}", any::<u32>(), any::<Duration>()).prop_map(move |(words, limit, retry_after)| {
        // A store whose words nobody has looked through.
        let words = format!("redis://default:{secret}@host: {words}");
        (Contents { words, limit, retry_after }, secret.clone())
    })
}

/// RFC7009-2.2.1-a, RFC7009-2.2.1-e, RFC6749-5.2-h
#[test]
fn no_fault_is_a_success_on_any_surface_or_tells_a_secret() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (app, _data) = runtime.block_on(server::start());
    let state = Data::new(app.state());
    let case = secret().prop_flat_map(contents);
    proptest!(ProptestConfig::with_cases(32), |((contents, secret) in case)| {
        for (path, surface) in PATHS {
            for scheme in ["Basic", "Bearer"] {
                let request = TestRequest::with_uri(&format!("{path}?token={secret}")).app_data(state.clone());
                let request = request.insert_header((header::AUTHORIZATION, format!("{scheme} {secret}")));
                let request = request.to_http_request();
                for error in errors(&contents) {
                    for answer in answers(&error, surface, &request, &secret) {
                        check(&error, surface, answer, &secret);
                    }
                }
            }
        }
    });
}

#[test]
fn all_faults_are_among_them() {
    let contents = Contents { words: String::new(), limit: 1, retry_after: Duration::ZERO };
    let errors = errors(&contents);
    let different: std::collections::BTreeSet<_> = errors.iter().map(|error| format!("{error:?}")).collect();
    assert_eq!((errors.len(), different.len()), (7 + 8 + 19 + 9 + 7, 7 + 8 + 19 + 9 + 7));
}
