//! People, signed in at this server in a browser: the session that the cookie is of.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::answer::TokenText;
use super::issue::Grant;
use super::kept::Evidence;
use super::{Authority, Bounded};
use crate::domain::client::{ClientId, Surface};
use crate::domain::error::{Error, GrantFault};
use crate::domain::family::Family;
use crate::domain::family::alive::Found;
use crate::domain::family::birth::First;
use crate::domain::family::session::Login;
use crate::domain::scope::Scope;
use crate::domain::store::Stored;
use crate::domain::token::{OpaqueKind, Reading};
use crate::domain::{KeyId, Link, Timestamp, TokenId};

/// Whom the families of sessions name as their client. Nobody can register it.
pub const BROWSER: &str = "urn:atropos:browser";

pub(super) fn is_browser(client: &ClientId) -> bool {
    client.as_str() == BROWSER
}

/// A session that was alive when its record was read.
#[derive(Clone, Debug)]
pub struct Session {
    stored: Stored,
    token: TokenId,
    key: KeyId,
}

impl Session {
    pub fn family(&self) -> &Family {
        &self.stored.family
    }

    /// As its record was read.
    pub(super) fn stored(&self) -> &Stored {
        &self.stored
    }

    /// The person.
    pub fn subject(&self) -> &str {
        self.family().subject.as_deref().unwrap_or_default()
    }

    /// When the person last proved who it is.
    pub fn signed_in_at(&self) -> Timestamp {
        self.family().login.as_ref().map_or_else(|| self.family().id.born_at(), |login| login.at)
    }

    pub fn ends(&self) -> Timestamp {
        self.family().expires_at
    }

    pub(super) fn login(&self) -> Login {
        Login { session: self.family().id, at: self.signed_in_at(), agent: None, to_tell: Vec::new() }
    }

    pub(super) fn link(&self) -> Link {
        Link { token: self.token, client: BROWSER.into(), key: self.key }
    }
}

impl Authority {
    /// Whose cookie this is. `None`: nobody's, or of a session that has ended.
    pub async fn session(&self, cookie: &str) -> Result<Option<Session>, Error> {
        match self.read(cookie).await? {
            Reading::Opaque { kind: OpaqueKind::Session, id, key } => {
                self.find_session(id, key).within(self.deadline).await
            }
            _ => Ok(None),
        }
    }

    /// What the person types to sign in, if it is one of the directory; else who it is in tokens.
    pub fn name_of<'a>(&'a self, session: &'a Session) -> &'a str {
        self.authenticator.name_of(session.subject()).unwrap_or_else(|| session.subject())
    }

    /// What a form of this server's holds, so that no other site can send it: a function of what only the browser has.
    pub fn form_proof(&self, browser: &str, session: Option<&Session>) -> String {
        let session = session.map(|session| session.family().id.to_string()).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(self.keyed("form", &[browser, &session]))
    }

    /// Whether a form was made here, for this browser and this session.
    pub fn is_form_proof(&self, proof: &str, browser: &str, session: Option<&Session>) -> bool {
        proof.as_bytes().ct_eq(self.form_proof(browser, session).as_bytes()).into()
    }

    async fn find_session(&self, token: TokenId, key: KeyId) -> Result<Option<Session>, Error> {
        let loaded = self.load(token.family).await?;
        let is_session = |family: &Family| {
            let may_sign_in = |subject: &str| !self.authenticator.is_disabled(subject);
            is_browser(&family.client) && family.subject.as_deref().is_some_and(may_sign_in)
        };
        let Some(stored) = loaded.stored.filter(|stored| is_session(&stored.family)) else { return Ok(None) };
        if !matches!(stored.family.find_alive(token, self.clock.now()), Some(Found::Access(_))) {
            return Ok(None);
        }
        let is_covered = self.covering(&stored.family.credential(token, key), loaded.head).await?.is_some();
        Ok((!is_covered).then_some(Session { stored, token, key }))
    }

    /// Whether the person is still signed in there: the session, as its record is now.
    pub(super) async fn still(&self, session: &Session) -> Result<Session, Error> {
        let found = self.find_session(session.token, session.key).await?;
        found.ok_or(Error::InvalidGrant(GrantFault::Ended))
    }

    /// Signs a person in, whose password or whose own login application said who it is. In the session that there is, if it
    /// is the same person's: what was granted in it lives on.
    pub async fn begin(
        &self,
        subject: &str,
        agent: Option<&str>,
        current: Option<&Session>,
    ) -> Result<(Session, TokenText), Error> {
        self.begin_by(subject, agent, current, None).await
    }

    /// As [`Self::begin`], on what somebody has said before: [`GrantFault::Ended`] if a revocation has taken that.
    pub(super) async fn begin_by(
        &self,
        subject: &str,
        agent: Option<&str>,
        current: Option<&Session>,
        evidence: Option<Evidence<'_>>,
    ) -> Result<(Session, TokenText), Error> {
        let whole = async {
            if let Some(evidence) = evidence
                && !self.is_still_known(evidence).await?
            {
                return Err(GONE);
            }
            if let Some(session) = current.filter(|session| session.subject() == subject)
                && let Some(again) = self.prolong(session).await?
            {
                return Ok(again);
            }
            let begun = self.beget_session(subject, agent, evidence).await?;
            // Nobody could get back to it.
            if let Some(session) = current {
                self.end_session(session).await?;
            }
            Ok(begun)
        };
        whole.within(self.deadline).await
    }

    async fn beget_session(
        &self,
        subject: &str,
        agent: Option<&str>,
        evidence: Option<Evidence<'_>>,
    ) -> Result<(Session, TokenText), Error> {
        let grant = Grant {
            client: &ClientId::new(BROWSER),
            subject: Some(subject),
            surface: Surface::Standard,
            begotten_by: None,
            scope: Scope::default(),
            audience: Vec::new(),
            policy: &self.sessions,
            first: First::Tokens { with_refresh_token: false },
            within: None,
            evidence,
            agent,
            managed: None,
            name: "login",
        };
        let family = self.beget(&grant).await?;
        let token = family.first_access().ok_or(GONE)?;
        let loaded = self.load(token.family).await?;
        let stored = loaded.stored.ok_or(GONE)?;
        self.with_cookie(stored, token)
    }

    /// `None`: it has ended, or somebody else changed it; a new one will do.
    async fn prolong(&self, session: &Session) -> Result<Option<(Session, TokenText)>, Error> {
        let mint = self.mint(session.family().id.shard(), self.sessions.format).await?;
        let again = session.family().signed_in_again(self.clock.now(), &self.sessions, &mint);
        let Some((family, token)) = again else { return Ok(None) };
        if !self.commit(&session.stored, &family, None).await? {
            return Ok(None);
        }
        let loaded = self.load(token.family).await?;
        let Some(stored) = loaded.stored else { return Ok(None) };
        self.with_cookie(stored, token).map(Some)
    }

    fn with_cookie(&self, stored: Stored, token: TokenId) -> Result<(Session, TokenText), Error> {
        let key = stored.family.key_of(token).ok_or(GONE)?;
        let text = self.opaque(OpaqueKind::Session, token, key)?;
        Ok((Session { stored, token, key }, text))
    }

    /// Signs out: the session ends, and all that was granted in it.
    pub async fn end_session(&self, session: &Session) -> Result<(), Error> {
        self.sign_out(session, session.family().id).await
    }
}

const GONE: Error = Error::InvalidGrant(GrantFault::Ended);
