//! RP-Initiated Logout: an application sends a person here to sign out.

use std::sync::Arc;

use super::{Authority, Session};
use crate::domain::authorization::answer::with_query;
use crate::domain::client::Client;
use crate::domain::openid::hint;
use crate::domain::openid::id_token::IdClaims;

/// What an application says (section 2). What else it may say, of languages and of names, changes nothing here.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogoutRequest<'a> {
    pub id_token_hint: Option<&'a str>,
    pub client_id: Option<&'a str>,
    pub post_logout_redirect_uri: Option<&'a str>,
    pub state: Option<&'a str>,
}

/// A request to sign out, as far as it is to be believed.
#[derive(Clone, Debug)]
pub struct Logout {
    /// Who asks, if it is known here.
    pub client: Option<Arc<Client>>,
    /// Where the person goes afterwards: registered, byte for byte, or nowhere.
    pub return_to: Option<Box<str>>,
    /// Somewhere else was asked for.
    pub is_astray: bool,
    hint: Option<IdClaims>,
}

/// The application that is named is not the one that the ID token was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherClient;

impl Authority {
    /// A hint that is none of ours says nothing.
    pub fn read_logout(&self, request: LogoutRequest<'_>) -> Result<Logout, OtherClient> {
        let hint = request.id_token_hint.and_then(|hint| hint::read(&self.keys, hint));
        if let (Some(hint), Some(named)) = (&hint, request.client_id)
            && hint.aud.as_str() != named
        {
            return Err(OtherClient);
        }
        let id = hint.as_ref().map(|hint| hint.aud.as_str()).or(request.client_id);
        let client = id.and_then(|id| self.clients.find(id)).filter(|client| client.enabled);
        let registered = client.map_or(&[][..], |client| &client.openid.post_logout_redirect_uris);
        let asked = request.post_logout_redirect_uri;
        let found = asked.filter(|uri| registered.iter().any(|known| **known == **uri));
        Ok(Logout {
            client: client.cloned(),
            return_to: found.map(|uri| with_state(uri, request.state)),
            is_astray: asked.is_some() && found.is_none(),
            hint,
        })
    }
}

impl Logout {
    /// Whether the person who is signed in is known to be the one who is to be signed out. Anybody can send a browser here:
    /// without an ID token of that very person it has to be asked (section 2).
    pub fn is_certain(&self, session: &Session) -> bool {
        let Some(hint) = &self.hint else { return false };
        let is_session = hint.sid.is_none_or(|sid| sid == session.family().id);
        *hint.sub == *session.subject() && is_session
    }
}

/// Section 3.
fn with_state(uri: &str, state: Option<&str>) -> Box<str> {
    let Some(state) = state else { return uri.into() };
    with_query(uri, [("state", state)]).into()
}
