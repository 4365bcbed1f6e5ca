//! Kajabi's API: a session of an API key, begun by it, refreshed by whoever holds its refresh token, and ended as a whole
//! by whoever shows one of its access tokens.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::Dialect;
use crate::domain::authority::{
    AuthenticationMethod, ClientCredentials, Issued, Presented, Refresh, SignIn, TokenText,
};
use crate::domain::client::Surface;
use crate::domain::error::{Error, GrantFault};
use crate::http::error::{Failure, Told};
use crate::http::form::Form;
use crate::http::state::State;
use crate::http::{bearer, body, client_auth, source, token};

const SURFACE: Surface = Surface::Kajabi;

pub(in crate::http) const DIALECT: Dialect = Dialect { surface: SURFACE, prefix: "/v1/oauth/", refuse };

pub(in crate::http) async fn token(request: HttpRequest, payload: Payload) -> HttpResponse {
    issue(&request, payload).await.unwrap_or_else(|failure| failure.answer(&request))
}

async fn issue(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    let body = body::read_either(request, payload).await?;
    let form = body.parameters()?;
    let authority = &State::of(request).authority;
    let issued = match form.grant_type.value() {
        Some("client_credentials") => {
            let caller = client_auth::prove(request, api_key(&form)?).await?;
            let scope = token::requested_scope(&form)?;
            authority
                .client_credentials(&caller, ClientCredentials { surface: SURFACE, scope, resources: Vec::new() })
                .await?
        }
        Some("refresh_token") => {
            let refresh_token = form.refresh_token.value().ok_or(Error::InvalidRequest("refresh_token is missing"))?;
            let refresh = Refresh {
                surface: SURFACE,
                refresh_token,
                scope: token::requested_scope(&form)?,
                resources: Vec::new(),
            };
            authority.refresh_by_possession(refresh, source::address(request)).await?
        }
        // A name and a password come without a grant type, or with the one that RFC 6749 has for them.
        Some("password") => sign_in(request, &form).await?,
        None if form.username.value().is_some() || form.password.value().is_some() => sign_in(request, &form).await?,
        Some(_) => return Err(Error::UnsupportedGrantType.into()),
        None => return Err(Error::InvalidRequest("grant_type is missing").into()),
    };
    Ok(render(&issued))
}

async fn sign_in(request: &HttpRequest, form: &Form<'_>) -> Result<Issued, Failure> {
    let authority = &State::of(request).authority;
    if authority.clients.for_passwords().is_none() {
        return Err(Error::UnsupportedGrantType.into());
    }
    let username = form.username.value().ok_or(Error::InvalidRequest("username is missing"))?;
    let password = form.password.value().ok_or(Error::InvalidRequest("password is missing"))?;
    let scope = token::requested_scope(form)?;
    let sign_in = SignIn { surface: SURFACE, username, password, scope };
    Ok(authority.sign_in(sign_in, source::address(request)).await?)
}

/// The API key stands in the body; the dialect knows no other place for it.
fn api_key<'a>(form: &'a Form<'_>) -> Result<Presented<'a>, Error> {
    match (form.client_id.value(), form.client_secret.value()) {
        (Some(client_id), Some(secret)) => {
            Ok(Presented::Secret { method: AuthenticationMethod::ClientSecretPost, client_id, secret })
        }
        (Some(client_id), None) => Ok(Presented::ClientId(client_id)),
        (None, Some(_)) => Err(Error::InvalidRequest("client_secret is sent without client_id")),
        (None, None) => Ok(Presented::Nothing),
    }
}

/// No `scope`: the vendor's schema has four members.
#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    token_type: &'static str,
    expires_in: u64,
}

fn render(issued: &Issued) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache")).json(
        TokenResponse {
            access_token: issued.access_token.expose(),
            refresh_token: issued.refresh_token.as_ref().map(TokenText::expose),
            token_type: "Bearer",
            expires_in: issued.expires_in,
        },
    )
}

pub(in crate::http) async fn revoke(request: HttpRequest, payload: Payload) -> HttpResponse {
    log_out(&request, payload).await.unwrap_or_else(|failure| failure.answer(&request))
}

/// Whoever proves nothing hears that first; whoever shows a token hears what is wrong with the request before the token
/// costs a trip, unless it is only that nothing was said to be revoked.
async fn log_out(request: &HttpRequest, payload: Payload) -> Result<HttpResponse, Failure> {
    let shown = bearer::token(request.headers())?;
    let body = body::read_either(request, payload).await?;
    let form = body.parameters()?;
    if form.access_token.value().is_some() {
        return Err(Error::InvalidRequest("the access token is sent by more than one method").into());
    }
    let bearer = bearer::authenticate(request, shown, SURFACE).await?;
    let token = form.token.value().ok_or(Error::InvalidRequest("token is missing"))?;
    State::of(request).authority.revoke_by_bearer(bearer, token).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish())
}

/// What a client of OAuth reads, and beside it what a client of JSON:API reads.
#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: &'static str,
    errors: [JsonApiError; 1],
}

#[derive(Serialize)]
struct JsonApiError {
    status: String,
    title: &'static str,
    detail: &'static str,
}

fn refuse(failure: &Failure, _: &HttpRequest) -> HttpResponse {
    let Told { status, error, error_description } = told(failure);
    let title = status.canonical_reason().unwrap_or_default();
    let described = JsonApiError { status: status.as_str().to_owned(), title, detail: error_description };
    let mut response = HttpResponse::build(status).json(ErrorBody { error, error_description, errors: [described] });
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(bearer::ASK));
    }
    response
}

/// As the standard has it, but for what this API declares: whatever is wrong with a credential is 401.
fn told(failure: &Failure) -> Told {
    let told = failure.told();
    match failure {
        Failure::Domain(Error::InvalidGrant(GrantFault::WrongPassword | GrantFault::UserDisabled)) => Told {
            status: StatusCode::UNAUTHORIZED,
            error_description: "the user name or the password is wrong",
            ..told
        },
        Failure::Domain(Error::InvalidGrant(_) | Error::UnauthorizedClient) => {
            Told { status: StatusCode::UNAUTHORIZED, ..told }
        }
        Failure::Domain(Error::UnsupportedGrantType) => {
            Told { error_description: "the grants here are client_credentials and refresh_token", ..told }
        }
        Failure::Domain(
            Error::InvalidRequest(_)
            | Error::InvalidClient(_)
            | Error::InvalidScope
            | Error::InvalidTarget
            | Error::InvalidToken(_)
            | Error::Management(_)
            | Error::TooMany { .. }
            | Error::Unavailable(_),
        )
        | Failure::BodyTooLarge
        | Failure::BodyTooSlow
        | Failure::NotFound
        | Failure::MethodNotAllowed { .. }
        | Failure::Misdirected
        | Failure::Draining
        | Failure::Rejected(_) => told,
    }
}
