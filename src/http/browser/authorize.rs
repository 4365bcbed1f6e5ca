//! The authorization endpoint (RFC 6749 section 3.1): GET and POST alike.

use actix_web::web::Payload;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::answer::{answer, see_other};
use super::cookies::{self, Browser};
use super::fault::Fault;
use crate::domain::authority::{Asked, Came, Next};
use crate::domain::authorization::answer::Answer;
use crate::domain::authorization::check::Unanswerable;
use crate::domain::authorization::parameters::Parameters;
use crate::domain::client::{ClientId, Surface};
use crate::http::state::State;
use crate::http::{body, form, path, source};

pub(in crate::http) async fn asked(request: HttpRequest) -> HttpResponse {
    by_link(&request, Surface::Standard).await
}

/// ANG-13: the vendor's own, which asks the same in the same words.
pub(in crate::http) async fn asked_by_anghami(request: HttpRequest) -> HttpResponse {
    by_link(&request, Surface::Anghami).await
}

async fn by_link(request: &HttpRequest, surface: Surface) -> HttpResponse {
    let query = request.query_string().as_bytes();
    authorize(request, query, surface).await.unwrap_or_else(|fault| fault.answer())
}

pub(in crate::http) async fn posted(request: HttpRequest, payload: Payload) -> HttpResponse {
    let outcome = async {
        let body = body::read_form(&request, payload).await?;
        authorize(&request, &body, Surface::Standard).await
    };
    outcome.await.unwrap_or_else(|fault: Fault| fault.answer())
}

async fn authorize(request: &HttpRequest, text: &[u8], surface: Surface) -> Result<HttpResponse, Fault> {
    let state = State::of(request);
    let authority = &state.authority;
    let issuer = authority.issuer();
    // What cannot be read could be read as something else by somebody else.
    if !form::is_well_formed(text) {
        return Err(Fault::Unanswerable(Unanswerable::Client));
    }
    let parameters = Parameters::new(form_urlencoded::parse(text));
    let (asked, pushed) = authority.read_authorization(surface, &parameters).await?;
    let asked = match asked {
        Asked::Unanswerable(why) => return Err(Fault::Unanswerable(why)),
        Asked::Refused(return_to, error) => {
            return Ok(answer(&Answer { return_to, outcome: Err(error) }, issuer));
        }
        Asked::May(asked) => *asked,
    };
    request.extensions_mut().insert::<ClientId>(asked.client.clone());
    let session = cookies::session(request).await?;
    let came = Came { surface, at: authority.clock.now(), pushed };
    match authority.proceed(&asked, came, session.as_ref(), false).await? {
        Next::Answer(done) => return Ok(answer(&done, issuer)),
        Next::Unanswerable(why) => return Err(Fault::Unanswerable(why)),
        Next::SignIn | Next::Approve => {}
    }
    let browser = Browser::of(request);
    let id = authority.await_person(asked, came, &browser.text, source::address(request)).await?;
    browser.answer(see_other(&format!("{}/login/{id}", path(issuer))))
}
