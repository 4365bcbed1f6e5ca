//! The calls that every endpoint and every dialect makes.
//!
//! Each grant and each endpoint has a file; what they share is here. All follow one course: read the text of the token,
//! load its family and its shard's head in one trip, bring the copy of the denylist to that head, judge, commit by
//! comparing the version, answer. A commit that finds the record changed begins again at the load.

mod account;
mod administer;
mod alive;
mod answer;
mod authorize;
mod back_channel;
mod bearer;
mod code;
mod consent;
mod ending;
mod hand_out;
mod handover;
mod introspect;
mod issue;
mod kept;
mod lifetimes;
mod limits;
mod machine;
mod openid;
mod push;
mod refresh;
mod request;
mod resource;
mod revoke;
mod session;
mod sign_in;
mod sign_out;

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use account::{Account, Connected, SignedIn};
pub use administer::FamilyView;
pub use answer::{ActiveToken, Introspection, Issued, TokenKind, TokenText};
pub use authorize::{Asked, Came, Next, Pending};
pub use back_channel::{Delivery, Messenger, Notices};
pub use bearer::Bearer;
pub use code::{Approval, Exchange};
pub use consent::Consent;
pub use handover::{Back, GoesOn, Leaving, LoginApplication, LoginAsked};
pub use kept::Known;
pub use limits::{Limits, PerMinute};
pub use machine::{MachineToken, ManagedIdentity, Renewable};
pub use openid::UserInfo;
pub use push::RequestUri;
pub use request::{AuthenticationMethod, Caller, ClientCredentials, Presented, Refresh};
pub use session::{BROWSER, Session};
pub use sign_in::SignIn;
pub use sign_out::{Logout, LogoutRequest};

use super::audit::Audit;
use super::authenticate::Authenticator;
use super::chance::Chance;
use super::client::{Client, Clients, GrantType, Surface, TokenPolicy};
use super::clock::Clock;
use super::error::Error;
use super::family::Family;
use super::family::birth::keep_for;
use super::follower::Follower;
use super::keys::Keys;
use super::store::{Append, Loaded, Store, Unavailable, Version};
use super::token::Reading;
use super::{Cause, Credential, FamilyId, Head, Revocation, Shard, Tag, Target, Timestamp};

/// All that a call stands on. Made once, shared by all requests.
pub struct Authority {
    pub issuer: Arc<str>,
    pub store: Arc<dyn Store>,
    pub follower: Arc<Follower>,
    pub clients: Arc<Clients>,
    pub authenticator: Arc<Authenticator>,
    pub keys: Arc<Keys>,
    pub limits: Limits,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub audit: Arc<dyn Audit>,
    /// A call that takes longer is given up, as if the store had not answered.
    pub deadline: Duration,
    /// How long records and revocations outlive what they are about: the skew allowed between clocks, plus the longest a
    /// request may be under way.
    pub margin: Duration,
    /// How long a new key is published before it signs.
    pub publish_lead: Duration,
    /// The longest a family of any client can live, by the settings of this node alone.
    pub longest_family: Duration,
    /// How long people stay signed in.
    pub sessions: TokenPolicy,
    /// Where they sign in, if not by our own form.
    pub login_application: Option<LoginApplication>,
    /// How long they are not asked again for what they approved.
    pub consent_lifetime: Duration,
    /// The longest an access token of any client can live.
    pub longest_access_token: Duration,
}

impl Authority {
    /// Client authentication is the same for every endpoint.
    pub async fn authenticate(&self, presented: Presented<'_>, source: Option<IpAddr>) -> Result<Caller, Error> {
        self.authenticator.authenticate(presented, source).await
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// RFC 7517, as text.
    pub fn jwks(&self) -> Arc<str> {
        Arc::clone(self.keys.ring().jwks())
    }

    pub async fn ready(&self) -> Result<(), Unavailable> {
        self.store.ping().await
    }

    /// Whether the client may ask anything on this surface.
    pub fn may_speak(client: &Client, surface: Surface) -> Result<(), Error> {
        client.surfaces.contains(&surface).then_some(()).ok_or(Error::UnauthorizedClient)
    }

    /// Whether the client may ask this here at all.
    fn may_use(client: &Client, surface: Surface, grant: GrantType) -> Result<(), Error> {
        Self::may_speak(client, surface)?;
        client.grant_types.contains(&grant).then_some(()).ok_or(Error::UnauthorizedClient)
    }

    async fn read(&self, token: &str) -> Result<Reading, Error> {
        Ok(self.keys.read_current(&*self.store, token).await?)
    }

    /// The record, and where its shard stood in the same instant. The copy of the denylist has everything up to there.
    async fn load(&self, family: FamilyId) -> Result<Loaded, Unavailable> {
        if !self.has_shard_of(family) {
            return Ok(Loaded { stored: None, head: Head::default() });
        }
        let loaded = self.store.load(family).await?;
        self.follower.catch_up(family.shard(), loaded.head).await?;
        Ok(loaded)
    }

    /// As [`Self::load`], of each of these that there can be.
    async fn load_each(&self, mut families: Vec<FamilyId>) -> Result<Vec<Loaded>, Unavailable> {
        families.retain(|family| self.has_shard_of(*family));
        let loaded = self.store.load_each(&families).await?;
        for (family, loaded) in families.iter().zip(&loaded) {
            self.follower.catch_up(family.shard(), loaded.head).await?;
        }
        Ok(loaded)
    }

    /// Whoever names a family by its id alone may name a shard that there is not.
    fn has_shard_of(&self, family: FamilyId) -> bool {
        family.shard().number() < self.store.shards()
    }

    /// Why a revocation takes this credential, if one does. `head` is where the shard stood when the record was read.
    ///
    /// By what stands beyond it the copy may be ahead of the store, or alone with what a failover has lost: before this
    /// node calls a token dead that another might still call alive, it asks the store.
    async fn covering(&self, credential: &Credential<'_>, head: Head) -> Result<Option<Cause>, Unavailable> {
        let shard = credential.token.family.shard();
        let denylist = self.follower.denylist(shard);
        let mut found = denylist.covering(credential);
        if found.is_some_and(|found| found.position > head.position) {
            self.follower.resync(shard).await?;
            found = denylist.covering(credential);
        }
        Ok(found.map(|found| found.cause))
    }

    fn version(&self) -> Version {
        Version(self.chance.u64())
    }

    fn revocation(&self, target: Target, cause: Cause, end: Timestamp) -> Revocation {
        let (tag, revoked_at, expires_at) = (Tag(self.chance.u64()), self.clock.now(), end.plus(self.margin));
        Revocation { target, bound: None, tag, put_back: None, cause, revoked_at, expires_at }
    }

    fn append_to<'a>(&self, shard: Shard, revocations: &'a [Revocation]) -> Append<'a> {
        let floor = self.follower.denylist(shard).highest();
        Append { shard, revocations, anchor: self.follower.anchor(shard), floor }
    }

    async fn append(&self, shard: Shard, revocation: Revocation) -> Result<(), Unavailable> {
        let revocations = [revocation];
        let stretch = self.store.append(self.append_to(shard, &revocations)).await?;
        self.follower.take_in(shard, stretch).await
    }

    /// When the last of a family is dead, also what a lost history may have given it: no longer than its own end.
    fn family_end(&self, family: &Family) -> Timestamp {
        // What was granted in a session hangs from it, and ends no later than it would have.
        if session::is_browser(&family.client) {
            return family.expires_at;
        }
        let lifetime = family.managed.as_ref().map_or(self.longest_access_token, |managed| managed.lifetime);
        let lately = self.clock.now().plus(lifetime);
        family.last_moment().max(lately).min(family.expires_at)
    }

    /// How long the record must be kept that takes the place of another.
    fn keep(&self, old: &Family, new: &Family) -> Duration {
        let now = self.clock.now();
        keep_for(old, now, self.margin).max(keep_for(new, now, self.margin))
    }
}

/// The kind of a target, for logs and metrics.
fn kind_of(target: &Target) -> &'static str {
    match target {
        Target::Token(_) => "token",
        Target::Family(_) => "family",
        Target::Subject(_) => "subject",
        Target::Client(_) => "client",
        Target::Key(_) => "key",
        Target::Everything => "everything",
        Target::Identity(_) => "identity",
    }
}

/// A bound in time for what may go round several times.
trait Bounded<T, E> {
    async fn within(self, deadline: Duration) -> Result<T, E>;
}

impl<T, E: From<Unavailable>, F: Future<Output = Result<T, E>>> Bounded<T, E> for F {
    async fn within(self, deadline: Duration) -> Result<T, E> {
        let late = |_| Unavailable("the request took longer than it may".to_owned());
        tokio::time::timeout(deadline, self).await.map_err(late)?
    }
}
