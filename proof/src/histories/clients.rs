//! Clients who do at once what they like, each process one thing after another.

use std::cell::RefCell;
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::{join, join_all};
use tokio::time::sleep;

use super::model::{Answer, Call, Owner, Pair, Token};
use super::record::{Operation, Recorder, answer_of};
use super::site::Site;
use crate::client::Client;
use crate::node::{Outcome, Session};

const API: &str = "demo-api";
const PROCESSES: usize = 4;
/// What each process does.
const STEPS: usize = 5;

impl Owner {
    pub(super) const ALL: [Self; 3] = [Self::Opaque, Self::Jwt, Self::Strict];

    /// As in `clients.toml`.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Opaque => "demo-session",
            Self::Jwt => "demo-session-jwt",
            Self::Strict => "demo-strict",
        }
    }
}

/// What is done in one history.
struct Cast<'a> {
    site: &'a Site,
    recorder: Recorder,
    /// What any of the processes was given: they tell each other all they know.
    wallet: RefCell<Vec<Held>>,
}

#[derive(Clone)]
struct Held {
    owner: Owner,
    session: Session,
    pair: Pair,
}

/// One session, and clients who contend for it.
pub(super) async fn one_family(site: &Site, mut rng: Rng) -> Vec<Operation> {
    let cast = Cast::on(site);
    let owner = Owner::ALL[rng.usize(..3)];
    while cast.wallet.borrow().is_empty() {
        cast.issue(0, owner, &mut rng).await;
    }
    // Every second time all begin with the same token at once.
    let at_once = rng.bool();
    let processes = (0..PROCESSES).map(|process| cast.process(process, STEPS, false, at_once, rng.fork()));
    join_all(processes).await;
    cast.look_at_all(&mut rng).await;
    cast.recorder.operations()
}

/// Several sessions of several clients, begun and used while operators end all of one client, or everything.
pub(super) async fn with_operators(site: &Site, mut rng: Rng) -> Vec<Operation> {
    let cast = Cast::on(site);
    for owner in [Owner::Opaque, Owner::ALL[rng.usize(..3)]] {
        cast.issue(0, owner, &mut rng).await;
    }
    let processes = (0..PROCESSES - 1).map(|process| cast.process(process, STEPS, true, false, rng.fork()));
    join(join_all(processes), cast.operator(PROCESSES - 1, rng.fork())).await;
    cast.look_at_all(&mut rng).await;
    cast.recorder.operations()
}

impl<'a> Cast<'a> {
    fn on(site: &'a Site) -> Self {
        Self { site, recorder: Recorder::new(), wallet: RefCell::default() }
    }

    async fn process(&self, process: usize, steps: usize, issues: bool, at_once: bool, mut rng: Rng) {
        for step in 0..steps {
            let first = step == 0 && at_once;
            if !first {
                sleep(Duration::from_millis(rng.u64(..3))).await;
            }
            let Some(held) = self.some_session(&mut rng) else {
                self.issue(process, Owner::ALL[rng.usize(..3)], &mut rng).await;
                continue;
            };
            match rng.u8(..100) {
                _ if first => self.refresh(process, &held, &mut rng).await,
                0..15 if issues => self.issue(process, Owner::ALL[rng.usize(..3)], &mut rng).await,
                0..40 => self.refresh(process, &held, &mut rng).await,
                40..60 => self.introspect(process, &held, held.pair.access, &mut rng).await,
                60..80 => self.introspect(process, &held, held.pair.refresh, &mut rng).await,
                80..92 => self.revoke(process, &held, held.pair.access, &mut rng).await,
                _ => self.revoke(process, &held, held.pair.refresh, &mut rng).await,
            }
        }
    }

    async fn operator(&self, process: usize, mut rng: Rng) {
        for _ in 0..rng.usize(1..3) {
            sleep(Duration::from_millis(rng.u64(..8))).await;
            let node = rng.usize(..self.site.seats.len());
            let held = if rng.u8(..4) == 0 { self.some_session(&mut rng) } else { None };
            let whose = [None, Some(Owner::Opaque), Some(Owner::Opaque), Some(Owner::Jwt)][rng.usize(..4)];
            let (call, target, input) = match (held, whose) {
                (Some(held), _) => {
                    let token = if rng.bool() { held.pair.access } else { held.pair.refresh };
                    (Call::Revoke(token), vec![], held.text(token).to_owned())
                }
                (None, Some(owner)) => (Call::End(whose), vec!["--client", owner.id()], String::new()),
                (None, None) => (Call::End(None), vec!["--everything"], String::new()),
            };
            let pending = self.recorder.invoke(process, node, call);
            let answer = self.site.end(node, &target, input).await;
            self.recorder.answer(pending, answer);
        }
    }

    /// When all is over: what they left behind, each at some node.
    async fn look_at_all(&self, rng: &mut Rng) {
        let _calm = self.site.calm.read().await;
        let all = self.wallet.borrow().clone();
        for held in &all {
            self.introspect(0, held, held.pair.access, rng).await;
            self.introspect(0, held, held.pair.refresh, rng).await;
        }
    }

    /// The newest more often than the others.
    fn some_session(&self, rng: &mut Rng) -> Option<Held> {
        let wallet = self.wallet.borrow();
        if rng.bool() { wallet.last().cloned() } else { rng.choice(&*wallet).cloned() }
    }

    async fn issue(&self, process: usize, owner: Owner, rng: &mut Rng) {
        let (node, door) = self.door(rng).await;
        let pending = self.recorder.invoke(process, node, Call::Issue(owner));
        let outcome = door.named(owner.id()).issue().await;
        self.recorder.answer(pending, self.take(owner, outcome));
    }

    async fn refresh(&self, process: usize, held: &Held, rng: &mut Rng) {
        let (node, door) = self.door(rng).await;
        let pending = self.recorder.invoke(process, node, Call::Refresh(held.pair.refresh));
        let outcome = door.named(held.owner.id()).refresh(&held.session.refresh).await;
        self.recorder.answer(pending, self.take(held.owner, outcome));
    }

    async fn revoke(&self, process: usize, held: &Held, token: Token, rng: &mut Rng) {
        let (node, door) = self.door(rng).await;
        let pending = self.recorder.invoke(process, node, Call::Revoke(token));
        let outcome = door.named(held.owner.id()).revoke(held.text(token)).await;
        self.recorder.answer(pending, answer_of(outcome, |()| Answer::Done));
    }

    /// An access token is asked about by the API that it is for, a refresh token by its owner.
    async fn introspect(&self, process: usize, held: &Held, token: Token, rng: &mut Rng) {
        let (node, door) = self.door(rng).await;
        let asks = if token == held.pair.access { API } else { held.owner.id() };
        let pending = self.recorder.invoke(process, node, Call::Introspect(token));
        let outcome = door.named(asks).introspect(held.text(token)).await;
        self.recorder.answer(pending, answer_of(outcome, Answer::Active));
    }

    async fn door(&self, rng: &mut Rng) -> (usize, Client) {
        self.site.door(rng.usize(..self.site.seats.len())).await
    }

    fn take(&self, owner: Owner, outcome: Outcome<Session>) -> Answer {
        answer_of(outcome, |session| {
            let pair = self.recorder.names(&session);
            let mut wallet = self.wallet.borrow_mut();
            if wallet.iter().all(|held| held.pair != pair) {
                wallet.push(Held { owner, session, pair });
            }
            Answer::Given(pair)
        })
    }
}

impl Held {
    fn text(&self, token: Token) -> &str {
        if token == self.pair.access { &self.session.access } else { &self.session.refresh }
    }
}
