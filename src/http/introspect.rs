//! The introspection endpoint (RFC 7662).

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType, WWW_AUTHENTICATE};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::error::Failure;
use super::form::Form;
use super::state::State;
use super::{bearer, body, client_auth};
use crate::domain::TokenId;
use crate::domain::authority::{ActiveToken, Introspection, TokenKind};
use crate::domain::error::{BearerFault, Error};

/// The same bytes for every cause (section 2.2).
static INACTIVE: Bytes = Bytes::from_static(br#"{"active":false}"#);

pub(super) async fn handle(request: HttpRequest, payload: Payload) -> HttpResponse {
    introspect(&request, payload).await.unwrap_or_else(|failure| refuse(&failure, &request))
}

/// No access token lets its bearer ask about others here. Who shows one is told so in its scheme, too (section 2.3).
pub(super) fn refuse(failure: &Failure, request: &HttpRequest) -> HttpResponse {
    let mut answer = failure.answer(request);
    if answer.status() == StatusCode::UNAUTHORIZED && bearer::is_shown(request.headers()) {
        let challenge = bearer::challenge(BearerFault::NoAccessToken);
        answer.headers_mut().append(WWW_AUTHENTICATE, challenge);
    }
    answer
}

async fn introspect(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    let body = body::read_form(request, payload).await?;
    let form = Form::parse(&body)?;
    let caller = client_auth::authenticate(request, &form).await?;
    let token = form.token.value().ok_or(Error::InvalidRequest("token is missing"))?;
    let introspection = State::of(request).authority.introspect(&caller, token).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "no-store"));
    Ok(match introspection {
        Introspection::Inactive => response.content_type(ContentType::json()).body(INACTIVE.clone()),
        Introspection::Active(token) => response.json(IntrospectionResponse::of(&token)),
    })
}

/// RFC 7662 section 2.2; times in seconds.
#[derive(Serialize)]
struct IntrospectionResponse<'a> {
    active: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    client_id: &'a str,
    /// Only for access tokens: it says how a resource is shown the token (RFC 6749 section 7.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    exp: u64,
    iat: u64,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience<'a>>,
    iss: &'a str,
    jti: TokenId,
}

/// RFC 7519 section 4.1.3: one is a string, several are an array.
#[derive(Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(&'a str),
    Several(Vec<&'a str>),
}

impl<'a> IntrospectionResponse<'a> {
    fn of(token: &'a ActiveToken) -> Self {
        Self {
            active: true,
            scope: token.scope.as_str(),
            client_id: token.client.as_str(),
            token_type: match token.kind {
                TokenKind::Access => Some("Bearer"),
                TokenKind::Refresh => None,
            },
            exp: token.expires_at.as_secs(),
            iat: token.issued_at.as_secs(),
            sub: &token.subject,
            aud: match token.audience.as_slice() {
                [] => None,
                [one] => Some(Audience::One(one)),
                several => Some(Audience::Several(several.iter().map(|audience| &**audience).collect())),
            },
            iss: &token.issuer,
            jti: token.id,
        }
    }
}
