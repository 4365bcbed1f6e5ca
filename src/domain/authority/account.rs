//! What a person sees of itself, and ends: the browsers where it is signed in, and the applications that act in its name.

use std::collections::BTreeMap;

use super::session::is_browser;
use super::{Authority, Bounded, Session};
use crate::domain::audit::Event;
use crate::domain::client::ClientId;
use crate::domain::error::Error;
use crate::domain::family::listing::Listing;
use crate::domain::family::{Family, State};
use crate::domain::scope::Scope;
use crate::domain::store::{Listed, Unavailable};
use crate::domain::{Cause, FamilyId, Target, Timestamp};

/// A browser in which the person is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    pub session: FamilyId,
    pub since: Timestamp,
    /// When the person last proved there who it is.
    pub at: Timestamp,
    pub agent: Option<Box<str>>,
}

/// An application that has something alive of the person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    pub client: ClientId,
    pub since: Timestamp,
    /// When it last came for tokens.
    pub last: Timestamp,
    pub scope: Scope,
}

/// Each with what came last first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub browsers: Vec<SignedIn>,
    pub applications: Vec<Connected>,
    /// There is so much that not all of it was looked at.
    pub is_cut_short: bool,
}

/// Records that are looked at for one person, and how many at once.
const MOST: usize = 2_000;
const PAGE: usize = 100;

impl Authority {
    pub async fn account(&self, session: &Session) -> Result<Account, Error> {
        self.gather(session).within(self.deadline).await
    }

    async fn gather(&self, session: &Session) -> Result<Account, Error> {
        let mut account = Account::default();
        let mut applications = BTreeMap::<ClientId, Connected>::new();
        for family in self.families_of(session.subject(), &mut account.is_cut_short).await? {
            let (since, last) = (family.id.born_at(), last_come(&family));
            if is_browser(&family.client) {
                let login = family.login.as_ref();
                account.browsers.push(SignedIn {
                    session: family.id,
                    since,
                    at: login.map_or(since, |login| login.at),
                    agent: login.and_then(|login| login.agent.clone()),
                });
            } else if let Some(known) = applications.get_mut(&family.client) {
                known.since = known.since.min(since);
                known.last = known.last.max(last);
                known.scope = known.scope.union(&family.scope);
            } else {
                let (client, scope) = (family.client, family.scope);
                applications.insert(client.clone(), Connected { client, since, last, scope });
            }
        }
        account.browsers.sort_by_key(|browser| std::cmp::Reverse((browser.at, browser.session)));
        account.applications = applications.into_values().collect();
        account.applications.sort_by_key(|application| std::cmp::Reverse(application.last));
        Ok(account)
    }

    /// What of a person's is alive.
    async fn families_of(&self, subject: &str, is_cut_short: &mut bool) -> Result<Vec<Family>, Unavailable> {
        let (mut alive, mut after, mut seen) = (Vec::new(), None, 0);
        loop {
            let (families, next) = self.some_of(subject, after).await?;
            alive.extend(families.into_iter().filter(|family| self.is_living(family)));
            seen += PAGE;
            *is_cut_short = next.is_some() && seen >= MOST;
            if next.is_none() || *is_cut_short {
                return Ok(alive);
            }
            after = next;
        }
    }

    /// Some records of a person's, alive or not, and where to go on; `None` ends.
    pub(super) async fn some_of(
        &self,
        subject: &str,
        after: Option<Listed>,
    ) -> Result<(Vec<Family>, Option<Listed>), Unavailable> {
        let page = self.store.families_of(Listing::Subject(subject), after, PAGE).await?;
        let next = page.last().copied().filter(|_| page.len() == PAGE);
        let ids = page.into_iter().map(|listed| listed.family).collect();
        let loaded = self.load_each(ids).await?;
        Ok((loaded.into_iter().filter_map(|loaded| Some(loaded.stored?.family)).collect(), next))
    }

    /// Whether it has something alive that no revocation covers, by this node's copy.
    pub(super) fn is_living(&self, family: &Family) -> bool {
        let (denylist, now) = (self.follower.denylist(family.id.shard()), self.clock.now());
        let tokens = family.live_tokens(now).map(|(id, key, _)| (id, key));
        let is_covered = |(id, key)| denylist.covering(&family.credential(id, key)).is_some();
        tokens.chain(family.live_code(now)).any(|token| !is_covered(token))
    }

    /// Ends a session of the same person in another browser, or in this one, with all that was granted in it. What is not
    /// the person's stays as it is.
    pub async fn sign_out(&self, session: &Session, other: FamilyId) -> Result<(), Error> {
        self.end_own(session, other, |family| is_browser(&family.client)).within(self.deadline).await
    }

    /// As [`Self::sign_out`], of all browsers but this one.
    pub async fn sign_out_elsewhere(&self, session: &Session) -> Result<(), Error> {
        for browser in self.account(session).await?.browsers {
            if browser.session != session.family().id {
                self.sign_out(session, browser.session).await?;
            }
        }
        Ok(())
    }

    /// Ends all that an application has of the person's, and what was approved for it: it has to ask again. What it was
    /// given while this went on may have escaped, so it is looked for until there is nothing left.
    pub async fn disconnect(&self, session: &Session, client: &ClientId) -> Result<(), Error> {
        self.withdraw(session, client).await?;
        let whole = async {
            loop {
                let mut is_cut_short = false;
                let all = self.families_of(session.subject(), &mut is_cut_short).await?;
                let its: Vec<FamilyId> = all.iter().filter(|it| it.client == *client).map(|it| it.id).collect();
                if its.is_empty() && !is_cut_short {
                    return Ok(());
                }
                for id in &its {
                    self.end_own(session, *id, |family| family.client == *client).await?;
                }
                if its.is_empty() {
                    return Err(Error::Unavailable(Unavailable("a person has more than can be looked at".to_owned())));
                }
            }
        };
        whole.within(self.deadline).await
    }

    /// Ends everything that the person has here: every browser, every application, all that was approved.
    pub async fn end_everything(&self, session: &Session) -> Result<(), Error> {
        let target = Target::Subject(session.subject().into());
        self.revoke_target(target, Cause::Requested).await.map(drop)
    }

    pub(super) async fn end_own(
        &self,
        session: &Session,
        id: FamilyId,
        is_meant: impl Fn(&Family) -> bool,
    ) -> Result<(), Error> {
        loop {
            let Some(stored) = self.load(id).await?.stored else { return Ok(()) };
            if stored.family.subject.as_deref() != Some(session.subject()) || !is_meant(&stored.family) {
                return Ok(());
            }
            let (target, is_session) = (Target::Family(id), is_browser(&stored.family.client));
            let cause = if is_session { Cause::SignedOut } else { Cause::Requested };
            if self.is_settled(&target).await? {
                return Ok(());
            }
            let end = self.family_end(&stored.family);
            if let Some(receipt) = self.end_record(&stored, &target, cause, end).await? {
                let client = (!is_session).then(|| stored.family.client.clone());
                let (target, family) = (super::kind_of(&target), Some(id));
                self.audit.record(&Event::Revoked { target, family, client, cause, receipt });
                return Ok(());
            }
        }
    }
}

/// When it last came for tokens.
fn last_come(family: &Family) -> Timestamp {
    let State::Live(tokens) = &family.state else { return family.id.born_at() };
    let access = tokens.access.iter().map(|access| access.issued_at);
    let refresh = tokens.refresh.iter().map(|refresh| refresh.issued_at);
    access.chain(refresh).max().unwrap_or_else(|| family.id.born_at())
}
