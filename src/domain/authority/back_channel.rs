//! Back-channel logout: applications are told, at least once, that a person's session has ended.
//!
//! The outbox is what is there anyway. A session's record names whom to tell ([`Login::to_tell`]); that it has ended stands
//! in the denylist, written in the same commit as its end, or as the one entry of a wider revocation. Every node follows the
//! denylist, so every node knows what is to be sent, also after a restart; of each try the store lets one have it.
//! Whoever has been told is taken out of the record.
//!
//! [`Login::to_tell`]: crate::domain::family::session::Login::to_tell

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};

use super::session::is_browser;
use super::{Authority, TokenText};
use crate::domain::audit::{Event, Notice};
use crate::domain::client::ClientId;
use crate::domain::error::Error;
use crate::domain::openid::BackChannel;
use crate::domain::openid::logout_token::{self, LogoutClaims, SignedOut};
use crate::domain::store::{OnceKey, Stored, Unavailable};
use crate::domain::{Cause, FamilyId, Position, Revocation, Shard, Target, Timestamp};

/// Who carries logout tokens to applications.
#[async_trait]
pub trait Messenger: Send + Sync + 'static {
    /// Posts the token to `uri` (Back-Channel Logout section 2.5). Ends within a bound of its own; tries once.
    async fn deliver(&self, uri: &str, token: &TokenText) -> Delivery;
}

/// What an application answered (section 2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Done,
    /// 400: the token or the logout failed, and would fail again.
    Refused,
    /// No answer, or none of these.
    Failed,
}

/// After the first try, the next; from then on there is one whenever twice as much time has passed since the end.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The last try, counted from zero: 23 hours after the end.
const LAST_TRY: u32 = 15;
/// How long it is remembered that a try was made: longer than any may come.
const REMEMBERED: Duration = Duration::from_hours(72);
/// Applications that are told at once.
const AT_ONCE: usize = 32;

/// Tells applications of the sessions that have ended. One for each node.
pub struct Notices {
    authority: Arc<Authority>,
    messenger: Arc<dyn Messenger>,
    state: Mutex<Progress>,
}

/// How far this node is.
#[derive(Default)]
struct Progress {
    shards: BTreeMap<Shard, Seen>,
    waiting: BTreeMap<FamilyId, Waiting>,
    /// Who has just not answered: the others do not wait for it as often as there is something to tell it.
    silent: BTreeSet<ClientId>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    forks: u64,
    position: Position,
}

/// A session that has ended, and somebody may not know it.
#[derive(Clone, Copy)]
struct Waiting {
    ended_at: Timestamp,
    next: Timestamp,
}

/// An end that the denylist tells of.
enum End {
    Session(FamilyId, Timestamp),
    /// Of all that this person had.
    Person(Box<str>, Timestamp),
}

impl Notices {
    pub fn new(authority: &Arc<Authority>, messenger: Arc<dyn Messenger>) -> Self {
        Self { authority: Arc::clone(authority), messenger, state: Mutex::default() }
    }

    /// Looks once what has ended since it looked last, and tells whoever is due to be told. Called in the background.
    pub async fn tend(&self) -> Result<(), Unavailable> {
        for shard in self.authority.follower.shards() {
            self.look(shard).await?;
        }
        self.state().silent.clear();
        let now = self.authority.clock.now();
        let due: Vec<_> =
            self.state().waiting.iter().filter(|(_, it)| it.next <= now).map(|(id, it)| (*id, *it)).collect();
        let outcomes: Vec<_> = stream::iter(due)
            .map(|(session, waiting)| async move { (session, self.tell(session, waiting).await) })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut failure = Ok(());
        let mut state = self.state();
        for (session, outcome) in outcomes {
            match outcome {
                Ok(None) => drop(state.waiting.remove(&session)),
                Ok(Some(next)) => drop(state.waiting.entry(session).and_modify(|it| it.next = next)),
                Err(error) => failure = Err(error),
            }
        }
        failure
    }

    fn state(&self) -> MutexGuard<'_, Progress> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down what has ended in this shard since the last time.
    async fn look(&self, shard: Shard) -> Result<(), Unavailable> {
        let denylist = self.authority.follower.denylist(shard);
        let forks = denylist.forks();
        let known = self.state().shards.get(&shard).copied().unwrap_or_default();
        // In another history something may stand before what was looked at last.
        let from = if known.forks == forks { known.position } else { Position::default() };
        let (ends, position) = denylist.after(from, end_of);
        for end in ends {
            match end {
                End::Session(session, at) => self.wait(session, at),
                End::Person(subject, at) => {
                    for session in self.sessions_of(&subject).await? {
                        self.wait(session, at);
                    }
                }
            }
        }
        self.state().shards.insert(shard, Seen { forks, position });
        Ok(())
    }

    fn wait(&self, session: FamilyId, ended_at: Timestamp) {
        self.state().waiting.entry(session).or_insert(Waiting { ended_at, next: ended_at });
    }

    /// Those that are over, and of whose end somebody is to be told.
    async fn sessions_of(&self, subject: &str) -> Result<Vec<FamilyId>, Unavailable> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (families, next) = self.authority.some_of(subject, after).await?;
            for family in families {
                let is_to_be_told = family.login.as_ref().is_some_and(|login| !login.to_tell.is_empty());
                if is_browser(&family.client) && is_to_be_told && !self.authority.is_living(&family) {
                    found.push(family.id);
                }
            }
            if next.is_none() {
                return Ok(found);
            }
            after = next;
        }
    }

    /// Tells those who do not know it yet. When to try again; `None`: never.
    async fn tell(&self, session: FamilyId, waiting: Waiting) -> Result<Option<Timestamp>, Unavailable> {
        let Some(stored) = self.authority.load(session).await?.stored else { return Ok(None) };
        let family = &stored.family;
        let (Some(login), Some(subject)) = (&family.login, &family.subject) else { return Ok(None) };
        if !is_browser(&family.client) || login.to_tell.is_empty() {
            return Ok(None);
        }
        let turn = turn_at(self.authority.clock.now().since(waiting.ended_at));
        let mut known = Vec::new();
        for client in &login.to_tell {
            if self.is_done_with(SignedOut { client, subject, session }, turn).await? {
                known.push(client.clone());
            }
        }
        let is_all = known.len() == login.to_tell.len();
        self.cross_off(stored, &known).await?;
        Ok((!is_all).then(|| waiting.ended_at.plus(FIRST_PAUSE * 2_u32.pow(turn))))
    }

    /// Whether this application is not to be told any more, because it was, or cannot be.
    async fn is_done_with(&self, it: SignedOut<'_>, turn: u32) -> Result<bool, Unavailable> {
        let authority = &self.authority;
        let client = authority.clients.find(it.client.as_str());
        let Some((BackChannel { uri, .. }, algorithm)) =
            client.and_then(|client| Some((client.openid.back_channel.as_ref()?, client.openid.algorithm)))
        else {
            return Ok(true);
        };
        if self.state().silent.contains(it.client) {
            return Ok(false);
        }
        // Of all nodes one takes this turn. If it does not live to see what comes of it, the next turn is another's.
        if !authority.store.once(&self.lease(it, turn), &[], REMEMBERED).await? {
            return Ok(turn > LAST_TRY);
        }
        let (jti, now) = (authority.draw_name::<16>(), authority.clock.now());
        let claims = LogoutClaims::new(&authority.issuer, it, jti, now);
        let token = authority.signer().sign(logout_token::TYP, algorithm, &claims).await?;
        let outcome = match self.messenger.deliver(uri, &token).await {
            Delivery::Done => Notice::Delivered,
            Delivery::Refused => Notice::Refused,
            Delivery::Failed if turn >= LAST_TRY => Notice::GivenUp,
            Delivery::Failed => Notice::Failed,
        };
        let (session, client) = (it.session, it.client.clone());
        if outcome == Notice::Failed {
            self.state().silent.insert(client.clone());
        }
        authority.audit.record(&Event::LogoutTold { session, client, outcome });
        Ok(outcome != Notice::Failed)
    }

    async fn cross_off(&self, mut stored: Stored, known: &[ClientId]) -> Result<(), Unavailable> {
        while let Some(next) = stored.family.told(known) {
            match self.authority.commit(&stored, &next, None).await {
                Ok(false) => {}
                Err(Error::Unavailable(why)) => return Err(why),
                // Written; nothing else can become of it.
                Ok(true) | Err(_) => return Ok(()),
            }
            let Some(now) = self.authority.load(next.id).await?.stored else { return Ok(()) };
            stored = now;
        }
        Ok(())
    }

    fn lease(&self, it: SignedOut<'_>, turn: u32) -> OnceKey {
        let (session, turn) = (it.session.to_string(), turn.to_string());
        self.authority.keyed("logout notice", &[&session, it.client.as_str(), &turn])
    }
}

/// The how manieth try is due so long after the end. Nodes agree on it without a word.
fn turn_at(age: Duration) -> u32 {
    let pauses = age.as_millis() / FIRST_PAUSE.as_millis();
    pauses.checked_ilog2().map_or(0, |turn| turn + 1).min(LAST_TRY + 1)
}

/// What may be the end of sessions in a browser: what ends a family for other reasons is none.
fn end_of(entry: &Revocation) -> Option<End> {
    match (&entry.target, entry.cause) {
        (Target::Family(session), Cause::SignedOut | Cause::Administrator) => {
            Some(End::Session(*session, entry.revoked_at))
        }
        (Target::Subject(subject), _) => Some(End::Person(subject.clone(), entry.revoked_at)),
        _ => None,
    }
}
