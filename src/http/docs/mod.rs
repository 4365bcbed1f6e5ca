//! What can be asked here, told in full: for programs (`/openapi.json`) and for people (`/docs`). Both are made once, of
//! what is written in `openapi/`.

mod curl;
mod document;
mod fields;
mod model;
mod page;

use std::collections::BTreeSet;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, EntityTag, HeaderName, HeaderValue, IfNoneMatch,
};
use actix_web::mime;
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::metadata::CACHED;
use super::state::State;
use crate::domain::client::Surface;

/// Both documents, as they go out.
pub(super) struct Docs {
    pub(super) openapi: Bytes,
    openapi_tag: EntityTag,
    page: Bytes,
    page_tag: EntityTag,
    policy: HeaderValue,
}

impl Docs {
    pub(super) fn new(issuer: &str, surfaces: &BTreeSet<Surface>) -> Self {
        let openapi = document::assemble(issuer, surfaces);
        let page = page::render(&openapi);
        // The one style sheet there is, and nothing else: no script, no picture, no frame, no form.
        let style = STANDARD.encode(Sha256::digest(page::STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Self {
            openapi_tag: tag(&openapi),
            openapi: openapi.into(),
            page_tag: tag(page.as_bytes()),
            page: page.into(),
            policy: HeaderValue::try_from(policy).expect("ASCII"),
        }
    }

    fn of(request: &HttpRequest) -> &Self {
        State::of(request).docs.as_ref().expect("mounted only where they are made")
    }
}

fn tag(bytes: &[u8]) -> EntityTag {
    EntityTag::new_strong(URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..16]))
}

pub(super) async fn openapi(request: HttpRequest) -> HttpResponse {
    let docs = Docs::of(&request);
    answer(&request, &docs.openapi_tag, mime::APPLICATION_JSON, &docs.openapi, None)
}

pub(super) async fn page(request: HttpRequest) -> HttpResponse {
    let docs = Docs::of(&request);
    let policy = (CONTENT_SECURITY_POLICY, docs.policy.clone());
    answer(&request, &docs.page_tag, mime::TEXT_HTML_UTF_8, &docs.page, Some(policy))
}

fn answer(
    request: &HttpRequest,
    tag: &EntityTag,
    kind: mime::Mime,
    body: &Bytes,
    header: Option<(HeaderName, HeaderValue)>,
) -> HttpResponse {
    let known = match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        None => false,
    };
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, CACHED)).insert_header((ETAG, tag.to_string()));
    if known {
        return response.finish();
    }
    if let Some(header) = header {
        response.insert_header(header);
    }
    response.content_type(kind).body(body.clone())
}
