//! RFC 6749 section 4.1 with RFC 7636: a code that a person's approval begets, and the tokens that it is exchanged for.
//!
//! The order of the checks, which client and redirect URI a code is bound to, and the verifier are oxide-auth's to judge
//! (`machine`); what presenting a code leads to is [`crate::domain::family::code`]'s to say.

mod machine;

use std::sync::Arc;

use self::machine::{Bound, Fault, Shown};
use super::answer::{Issued, TokenText};
use super::issue::Grant;
use super::kept::{Evidence, Known};
use super::request::Caller;
use super::session::Session;
use super::{Authority, Bounded};
use crate::domain::audit::Event;
use crate::domain::client::{Client, GrantType, Surface};
use crate::domain::error::{Error, GrantFault};
use crate::domain::family::State;
use crate::domain::family::birth::First;
use crate::domain::family::code::{Redeem, Redeemed, Redirect, Refusal};
use crate::domain::pkce::{CodeChallenge, is_verifier};
use crate::domain::scope::Scope;
use crate::domain::token::{OpaqueKind, Reading};
use crate::domain::{Cause, KeyId, Target, TokenId};

/// What a person approved for a client.
#[derive(Clone, Debug)]
pub struct Approval<'a> {
    pub client: &'a Client,
    pub surface: Surface,
    pub session: &'a Session,
    /// When the client was known to be who it is, if it pushed the request.
    pub pushed: Option<Known>,
    pub scope: Scope,
    pub audience: Vec<Arc<str>>,
    pub challenge: CodeChallenge,
    pub nonce: Option<Box<str>>,
    pub redirect: Redirect,
}

/// RFC 6749 section 4.1.3.
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    pub surface: Surface,
    pub code: &'a str,
    pub redirect_uri: Option<&'a str>,
    pub verifier: &'a str,
    /// RFC 8707; empty: all that was approved.
    pub resources: &'a [Arc<str>],
}

impl Authority {
    /// A code for what was approved: the first token of a family.
    pub async fn issue_code(&self, approval: Approval<'_>) -> Result<TokenText, Error> {
        let Approval { client, surface, session, pushed, scope, audience, challenge, nonce, redirect } = approval;
        Self::may_use(client, surface, GrantType::AuthorizationCode)?;
        self.limits.issue(&client.id)?;
        let grant = Grant {
            client: &client.id,
            subject: Some(session.subject()),
            surface,
            begotten_by: None,
            scope,
            audience,
            policy: &client.tokens,
            first: First::Code { challenge, redirect, repeats: nonce },
            within: Some(session),
            evidence: pushed.map(|since| Evidence { since, client: client.id.as_str(), subject: None }),
            agent: None,
            managed: None,
            name: "code",
        };
        let family = async {
            // Before anybody has a code: what nobody knows of is not told of its end.
            self.will_tell(client, session, &grant.scope).await?;
            self.beget(&grant).await
        };
        let family = family.within(self.deadline).await?;
        match &family.state {
            State::Live(tokens) => {
                let code = tokens.code.as_ref().expect("it was born with one");
                self.opaque(OpaqueKind::Code, family.id_of_code(code), code.key)
            }
            State::Ended { .. } => Err(UNKNOWN),
        }
    }

    /// Of any number of requests with one code one is given tokens; each that comes after it, with all that belongs to the
    /// code, ends them (RFC 9700 section 4.5, OAuth 2.1 section 7.5.2).
    pub async fn exchange_code(&self, caller: &Caller, request: Exchange<'_>) -> Result<Issued, Error> {
        Self::may_use(&caller.client, request.surface, GrantType::AuthorizationCode)?;
        if !is_verifier(request.verifier) {
            return Err(Error::InvalidRequest("code_verifier is not 43 to 128 unreserved characters"));
        }
        let (id, key) = match self.read(request.code).await? {
            Reading::Opaque { kind: OpaqueKind::Code, id, key } => (id, key),
            Reading::Garbage | Reading::UnknownKey(_) => {
                self.limits.miss(&caller.client.id, caller.source)?;
                return Err(UNKNOWN);
            }
            Reading::Opaque { .. } | Reading::Jwt(_) => return Err(UNKNOWN),
        };
        self.redeem(caller, request, id, key).within(self.deadline).await
    }

    async fn redeem(&self, caller: &Caller, request: Exchange<'_>, id: TokenId, key: KeyId) -> Result<Issued, Error> {
        loop {
            let loaded = self.load(id.family).await?;
            let stored = loaded.stored.ok_or(UNKNOWN)?;
            let family = &stored.family;
            if family.surface != request.surface {
                return Err(Error::InvalidGrant(GrantFault::OtherSurface));
            }
            let code = family.code(id).map_err(refused)?;
            let Exchange { code: text, redirect_uri, verifier, .. } = request;
            let shown = Shown { client: &caller.client.id, code: text, redirect_uri, verifier };
            machine::admit(&shown, &Bound { family, code }).map_err(denied)?;
            if self.covering(&family.credential(id, key), loaded.head).await?.is_some() {
                return Err(Error::InvalidGrant(GrantFault::Ended));
            }
            let client = self.voucher(family).map_err(Error::InvalidGrant)?;
            Self::may_use(client, request.surface, GrantType::AuthorizationCode)?;
            let with_refresh_token = Self::may_use(client, request.surface, GrantType::RefreshToken).is_ok();
            let (now, policy) = (self.clock.now(), &client.tokens);
            let mint = self.mint(id.family.shard(), policy.format).await?;
            let aim = self.aim_within(&family.audience, policy.format, request.resources, family.scope.clone());
            let (scope, audience) = match &aim {
                Ok(aim) => (Some(&aim.scope), Some(&*aim.audience)),
                Err(_) => (None, None),
            };
            let redeem = Redeem { token: id, with_refresh_token, scope, audience, now, policy, mint: &mint };
            match family.redeem(&redeem).map_err(refused)? {
                Redeemed::First(next, begotten) => {
                    Self::may_go_on(client, family).map_err(Error::InvalidGrant)?;
                    aim?;
                    if self.commit(&stored, &next, None).await? {
                        self.audit.record(&Event::Redeemed { family: next.id, client: client.id.clone() });
                        let mut issued = self.hand_out(&next, &begotten.access, begotten.refresh.as_ref())?;
                        issued.id_token = self.id_token(client, family).await?;
                        return Ok(issued);
                    }
                }
                Redeemed::Again(ended, receipt) => {
                    let end = self.family_end(family);
                    let revocation = self.revocation(Target::Family(id.family), Cause::CodeReuse, end);
                    if self.commit(&stored, &ended, Some(revocation)).await? {
                        self.audit_reuse(&client.id, id, Cause::CodeReuse, receipt);
                        return Err(Error::InvalidGrant(GrantFault::CodeUsed));
                    }
                }
            }
        }
    }
}

/// What no record knows, or will not tell of.
const UNKNOWN: Error = Error::InvalidGrant(GrantFault::Unknown);

fn refused(refusal: Refusal) -> Error {
    Error::InvalidGrant(match refusal {
        Refusal::Unknown => GrantFault::Unknown,
        Refusal::Ended => GrantFault::Ended,
        Refusal::Expired => GrantFault::Expired,
    })
}

fn denied(fault: Fault) -> Error {
    Error::InvalidGrant(match fault {
        Fault::Client => GrantFault::OtherClient,
        Fault::Redirect => GrantFault::OtherRedirectUri,
        Fault::Verifier => GrantFault::WrongVerifier,
    })
}
