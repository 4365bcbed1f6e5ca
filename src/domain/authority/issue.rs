//! RFC 6749 section 4.4, and what every grant has in common: begetting a family.

use std::sync::Arc;

use super::answer::Issued;
use super::kept::Evidence;
use super::request::{Caller, ClientCredentials};
use super::resource::Aim;
use super::session::{self, Session};
use super::{Authority, Bounded};
use crate::domain::audit::Event;
use crate::domain::client::{Client, ClientId, GrantType, Surface, TokenPolicy};
use crate::domain::error::{ClientFault, Error, GrantFault};
use crate::domain::family::birth::{Birth, First, keep_for};
use crate::domain::family::listing::Listing;
use crate::domain::family::managed::Managed;
use crate::domain::family::session::Login;
use crate::domain::family::{Family, State};
use crate::domain::openid;
use crate::domain::scope::Scope;
use crate::domain::store::Created;
use crate::domain::{FamilyId, Shard, Timestamp};

impl Authority {
    pub async fn client_credentials(&self, caller: &Caller, request: ClientCredentials) -> Result<Issued, Error> {
        let client = &caller.client;
        // Nobody can tell a public client from an impostor, so it has nothing of its own to be given (section 4.4).
        if client.authentication.is_public() {
            return Err(Error::UnauthorizedClient);
        }
        Self::may_use(client, request.surface, GrantType::ClientCredentials)?;
        // What is asked of people is nothing that a machine could have.
        let most = openid::without(&client.scope);
        let scope = request.scope.unwrap_or_else(|| most.clone());
        if !scope.is_within(&most) {
            return Err(Error::InvalidScope);
        }
        let Aim { audience, scope } = self.aim(client, &request.resources, scope)?;
        self.limits.issue(&client.id)?;
        let grant = Grant {
            client: &client.id,
            subject: None,
            surface: request.surface,
            begotten_by: request.surface.binds_to_credential().then_some(caller.credential),
            scope,
            audience,
            policy: &client.tokens,
            first: First::Tokens { with_refresh_token: client.tokens.client_credentials_refresh },
            within: None,
            evidence: None,
            agent: None,
            managed: None,
            name: "client_credentials",
        };
        self.issue(&grant).within(self.deadline).await
    }

    /// Begets a session of a person for a client, on the word of whoever approved it.
    pub async fn begin_session(
        &self,
        client: &Client,
        surface: Surface,
        subject: &str,
        scope: Scope,
    ) -> Result<Issued, Error> {
        Self::may_use(client, surface, GrantType::RefreshToken)?;
        let grant = Grant {
            client: &client.id,
            subject: Some(subject),
            surface,
            begotten_by: None,
            scope,
            audience: client.audience.clone(),
            policy: &client.tokens,
            first: First::Tokens { with_refresh_token: true },
            within: None,
            evidence: None,
            agent: None,
            managed: None,
            name: "session",
        };
        self.issue(&grant).within(self.deadline).await
    }

    async fn issue(&self, grant: &Grant<'_>) -> Result<Issued, Error> {
        self.hand_out_born(&self.beget(grant).await?)
    }

    /// A family that is written, and whose tokens nobody has been told of.
    pub(super) async fn beget(&self, grant: &Grant<'_>) -> Result<Family, Error> {
        loop {
            // The epoch is where this node's copy stands *before* the evidence is judged, and each turn judges it anew:
            // what a revocation took while this request was under way is not given under a newer epoch.
            let shard = self.shard_of(grant.listing());
            let denylist = self.follower.denylist(shard);
            let forks = denylist.forks();
            let known = denylist.head();
            self.judge(grant).await?;
            let id = FamilyId::new(shard, self.clock.now(), self.chance.u64());
            let birth = Birth {
                id,
                client: grant.client.clone(),
                subject: grant.subject.map(Into::into),
                surface: grant.surface,
                begotten_by: grant.begotten_by,
                scope: grant.scope.clone(),
                audience: grant.audience.clone(),
                epoch: known.position,
                ancestors: grant.within.map(Session::link).into_iter().collect(),
                first: grant.first.clone(),
                latest: grant.latest(),
                login: grant.login(id),
                managed: grant.managed.clone(),
            };
            let family = Family::born(birth, grant.policy, &self.mint(shard, grant.policy.format).await?);
            let keep = keep_for(&family, id.born_at(), self.margin);
            let Created::Done(head) = self.store.create(&family, self.version(), keep).await? else { continue };
            if head.position < known.position {
                // The store has lost a history that this epoch belongs to: a new one may pass the epoch's position with
                // revocations that the epoch would wrongly be newer than.
                self.follower.resync(shard).await?;
                continue;
            }
            self.follower.catch_up(shard, head).await?;
            // After a fork the epoch belongs to a history that is lost.
            if denylist.forks() != forks || self.is_covered(&family) {
                // The id is abandoned: nobody was told of it, and its record expires by itself.
                continue;
            }
            self.audit.record(&Event::Issued {
                family: id,
                client: grant.client.clone(),
                surface: grant.surface,
                grant: grant.name,
            });
            return Ok(family);
        }
    }

    /// The evidence for a grant: a client that is still registered, and a person who is still signed in.
    async fn judge(&self, grant: &Grant<'_>) -> Result<(), Error> {
        if !session::is_browser(grant.client) && !self.clients.find(grant.client.as_str()).is_some_and(|it| it.enabled)
        {
            return Err(Error::InvalidClient(ClientFault::Disabled));
        }
        if let Some(session) = grant.within {
            self.still(session).await?;
        }
        match grant.evidence {
            Some(evidence) if !self.is_still_known(evidence).await? => Err(Error::InvalidGrant(GrantFault::Ended)),
            Some(_) | None => Ok(()),
        }
    }

    fn is_covered(&self, family: &Family) -> bool {
        let State::Live(tokens) = &family.state else { return true };
        let access = tokens.access.iter().map(|access| (family.id_of_access(access), access.key));
        let code = tokens.code.iter().map(|code| (family.id_of_code(code), code.key));
        let denylist = self.follower.denylist(family.id.shard());
        access.chain(code).any(|(token, key)| denylist.covering(&family.credential(token, key)).is_some())
    }

    /// All that is listed together lives in one shard; what nobody lists is spread.
    pub(super) fn shard_of(&self, listing: Option<Listing<'_>>) -> Shard {
        let bits = listing.map_or_else(|| self.chance.u64(), Listing::hash);
        let number = bits % u64::from(self.store.shards());
        Shard::new(u16::try_from(number).unwrap_or_default()).unwrap_or_default()
    }
}

/// What was granted, to whom.
pub(super) struct Grant<'a> {
    pub(super) client: &'a ClientId,
    pub(super) subject: Option<&'a str>,
    pub(super) surface: Surface,
    pub(super) begotten_by: Option<[u8; 8]>,
    pub(super) scope: Scope,
    pub(super) audience: Vec<Arc<str>>,
    pub(super) policy: &'a TokenPolicy,
    pub(super) first: First,
    /// The session in which it is granted.
    pub(super) within: Option<&'a Session>,
    /// What was known before: of the client, if it pushed the request for this; of the person, if another said who it is.
    pub(super) evidence: Option<Evidence<'a>>,
    /// Of a session itself: in which browser.
    pub(super) agent: Option<&'a str>,
    pub(super) managed: Option<Managed>,
    /// For the log.
    pub(super) name: &'static str,
}

impl Grant<'_> {
    /// When it ends at the latest: with its session, unless the person has approved that it goes on.
    fn latest(&self) -> Option<Timestamp> {
        self.within.filter(|_| !self.scope.contains(openid::OFFLINE_ACCESS)).map(Session::ends)
    }

    /// How the person proved who it is: for a session, just now.
    fn login(&self, id: FamilyId) -> Option<Login> {
        let begun = || Login { session: id, at: id.born_at(), agent: self.agent.map(Into::into), to_tell: Vec::new() };
        match self.within {
            Some(session) => Some(session.login()),
            None => session::is_browser(self.client).then(begun),
        }
    }

    /// As [`Family::listing`] will have it of the record.
    fn listing(&self) -> Option<Listing<'_>> {
        match &self.managed {
            Some(_) => Some(Listing::Identity(self.client.as_str())),
            None => self.subject.map(Listing::Subject),
        }
    }
}
