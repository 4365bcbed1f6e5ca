//! What applications are told of people (`OpenID` Connect Core): in an ID token, and at the `UserInfo` endpoint.

use std::net::IpAddr;
use std::sync::Arc;

use super::answer::TokenText;
use super::{Authority, Session};
use crate::domain::client::{Client, Surface};
use crate::domain::error::{BearerFault, Error};
use crate::domain::family::Family;
use crate::domain::openid::id_token::{self, IdClaims, SignedIn};
use crate::domain::openid::{EMAIL, OPENID, PROFILE, Signer};
use crate::domain::scope::Scope;
use crate::domain::user::User;

/// Core section 5.3.2, as far as the token's scope goes and the directory knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo {
    pub subject: Box<str>,
    /// What is typed to sign in.
    pub username: Option<Arc<str>>,
    pub full_name: Option<Arc<str>>,
    pub email: Option<Arc<str>>,
}

impl Authority {
    /// What is known of the person who has let this access token be issued.
    pub async fn user_info(&self, token: &str, source: Option<IpAddr>) -> Result<UserInfo, Error> {
        let bearer = self.bearer(token, Surface::Standard, source).await?;
        let family = bearer.family();
        let scope = bearer.access_token().map_or(&family.scope, |access| family.scope_of(access));
        let subject = family.subject.clone().filter(|_| scope.contains(OPENID));
        let subject = subject.ok_or(Error::InvalidToken(BearerFault::InsufficientScope))?;
        let user = self.authenticator.user(&subject);
        let told = |by: &str, what: fn(&User) -> Option<Arc<str>>| user.filter(|_| scope.contains(by)).and_then(what);
        Ok(UserInfo {
            username: told(PROFILE, |user| Some(Arc::clone(&user.name))),
            full_name: told(PROFILE, |user| user.full_name.clone()),
            email: told(EMAIL, |user| user.email.clone()),
            subject,
        })
    }

    /// For a code that was redeemed just now; `family` is as it was before.
    pub(super) async fn id_token(&self, client: &Client, family: &Family) -> Result<Option<TokenText>, Error> {
        let (Some(subject), Some(login)) = (&family.subject, &family.login) else { return Ok(None) };
        if !family.scope.contains(OPENID) {
            return Ok(None);
        }
        let signed_in = SignedIn {
            client: &client.id,
            subject,
            at: login.at,
            session: client.openid.back_channel.as_ref().is_some_and(|it| it.needs_session).then_some(login.session),
            nonce: family.repeats(),
        };
        let claims = IdClaims::new(&self.issuer, signed_in, self.clock.now());
        Ok(Some(self.signer().sign(id_token::TYP, client.openid.algorithm, &claims).await?))
    }

    pub(super) fn signer(&self) -> Signer<'_> {
        Signer { keys: &self.keys, store: &*self.store, follower: &self.follower }
    }

    /// Writes down that this application hears of the end of the session, before it hears of the session.
    pub(super) async fn will_tell(&self, client: &Client, session: &Session, scope: &Scope) -> Result<(), Error> {
        if client.openid.back_channel.is_none() || !scope.contains(OPENID) {
            return Ok(());
        }
        let mut session = session.clone();
        // Most of the time it is known already, and then this is no trip.
        while let Some(next) = session.family().to_tell(&client.id) {
            if self.commit(session.stored(), &next, None).await? {
                return Ok(());
            }
            session = self.still(&session).await?;
        }
        Ok(())
    }
}
