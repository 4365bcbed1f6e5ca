//! Random histories against a plain model: issue, rotate, replay, revoke by every target and both reaches, clock steps,
//! restarts. After each step every token ever handed out is asked about, and the model must agree.

use std::sync::Arc;
use std::time::Duration;

use atropos::domain::authority::Issued;
use atropos::domain::clock::{Clock, FixedClock};
use atropos::domain::{Cause, Target, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::node::{Node, access, policy, refresh};
use crate::places;

const CLIENTS: [&str; 5] = ["a", "b", "jwt", "wide", "strict"];
const PEOPLE: [&str; 2] = ["alice", "bob"];

#[derive(Clone, Debug)]
enum Step {
    Issue(usize),
    Session(usize, usize),
    /// Presents the n-th last refresh token.
    Refresh(usize),
    /// By its owner.
    Revoke(usize),
    /// By somebody else.
    RevokeForeign(usize),
    EndToken(usize),
    EndFamily(usize),
    EndSubject(usize),
    EndClient(usize),
    EndKey(bool),
    EndEverything,
    Wait(u32),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![1..20_u32, 200..4000_u32, 2_000_000..3_000_000_u32];
    let step = prop_oneof![
        6 => (0..CLIENTS.len()).prop_map(Step::Issue),
        4 => (0..CLIENTS.len(), 0..PEOPLE.len()).prop_map(|(client, person)| Step::Session(client, person)),
        12 => (0..6_usize).prop_map(Step::Refresh),
        4 => (0..12_usize).prop_map(Step::Revoke),
        2 => (0..12_usize).prop_map(Step::RevokeForeign),
        2 => (0..12_usize).prop_map(Step::EndToken),
        2 => (0..12_usize).prop_map(Step::EndFamily),
        1 => (0..PEOPLE.len()).prop_map(Step::EndSubject),
        1 => (0..CLIENTS.len()).prop_map(Step::EndClient),
        1 => any::<bool>().prop_map(Step::EndKey),
        1 => Just(Step::EndEverything),
        4 => wait.prop_map(Step::Wait),
        2 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..40)
}

/// A token, as a plain reading of the README has it.
#[expect(clippy::struct_excessive_bools, reason = "a model says plainly what there is")]
struct Token {
    text: String,
    family: usize,
    is_refresh: bool,
    expires: Timestamp,
    /// Revoked, spent, or made with a key that was retired.
    is_dead: bool,
    is_signed: bool,
    /// Its key is gone: the text proves nothing any more, not even reuse.
    is_garbage: bool,
}

struct Family {
    client: usize,
    person: Option<usize>,
    ended: bool,
    ends: Timestamp,
    /// The refresh token spent last, when, and the two tokens it begot.
    spent: Option<(usize, Timestamp, [usize; 2])>,
}

struct World {
    folder: TempDir,
    clock: Arc<FixedClock>,
    node: Option<Node>,
    families: Vec<Family>,
    tokens: Vec<Token>,
}

impl World {
    async fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), crate::node::clock());
        let node = Some(Node::on(places::open(folder.path(), &clock), &clock).await);
        Self { folder, clock, node, families: vec![], tokens: vec![] }
    }

    fn node(&self) -> &Node {
        self.node.as_ref().expect("it runs")
    }

    fn is_alive(&self, token: usize) -> bool {
        let token = &self.tokens[token];
        let family = &self.families[token.family];
        !token.is_dead && !family.ended && token.expires > self.clock.now() && family.ends > self.clock.now()
    }

    fn nth_last(&self, back: usize, wanted: impl Fn(&Token) -> bool) -> Option<usize> {
        (0..self.tokens.len()).rev().filter(|i| wanted(&self.tokens[*i])).nth(back)
    }

    fn remember(&mut self, family: usize, issued: &Issued) -> [usize; 2] {
        let now = self.clock.now();
        let ends = self.families[family].ends;
        let is_signed = CLIENTS[self.families[family].client] == "jwt";
        let lifetime = Duration::from_secs(if is_signed { 300 } else { 3600 });
        let mut push = |text: &str, is_refresh: bool, lifetime: Duration| {
            let (expires, is_signed) = (now.plus(lifetime).min(ends), is_signed && !is_refresh);
            self.tokens.push(Token {
                text: text.into(),
                family,
                is_refresh,
                expires,
                is_dead: false,
                is_signed,
                is_garbage: false,
            });
            self.tokens.len() - 1
        };
        [push(access(issued), false, lifetime), push(refresh(issued), true, policy().refresh_token_idle)]
    }

    async fn step(&mut self, step: &Step) {
        match *step {
            Step::Issue(client) => {
                let issued = self.node().issue(CLIENTS[client]).await;
                self.beget(client, None, &issued);
            }
            Step::Session(client, person) => {
                let issued = self.node().session(CLIENTS[client], PEOPLE[person]).await;
                self.beget(client, Some(person), &issued);
            }
            Step::Refresh(back) => {
                if let Some(token) = self.nth_last(back, |token| token.is_refresh) {
                    self.refresh(token).await;
                }
            }
            Step::Revoke(back) => {
                if let Some(token) = self.nth_last(back, |_| true) {
                    self.revoke(token).await;
                }
            }
            Step::RevokeForeign(back) => {
                if let Some(token) = self.nth_last(back, |_| true) {
                    // Refused while there is a record, 200 when there is none; nothing dies either way.
                    let _ = self.node().revoke("api", &self.tokens[token].text).await;
                }
            }
            Step::Wait(seconds) => self.clock.advance(Duration::from_secs(seconds.into())),
            Step::Restart => {
                self.node = None;
                self.node = Some(Node::on(places::open(self.folder.path(), &self.clock), &self.clock).await);
            }
            _ => self.end(step).await,
        }
    }

    fn beget(&mut self, client: usize, person: Option<usize>, issued: &Issued) {
        let ends = self.clock.now().plus(policy().family_lifetime);
        self.families.push(Family { client, person, ended: false, ends, spent: None });
        self.remember(self.families.len() - 1, issued);
    }

    async fn refresh(&mut self, token: usize) {
        let presented = &self.tokens[token];
        let (family, now) = (presented.family, self.clock.now());
        let client = CLIENTS[self.families[family].client];
        let answer = self.node().refresh(client, &presented.text).await;
        let spent = self.families[family].spent.filter(|(spent, ..)| *spent == token);
        let is_in_window = spent.is_some_and(|(_, at, _)| client != "strict" && now < at.plus(policy().replay_window));
        let record_is_live = !self.families[family].ended && self.families[family].ends > now;
        if self.is_alive(token) {
            let issued = answer.expect("a live refresh token refreshes");
            self.tokens[token].is_dead = true;
            let successors = self.remember(family, &issued);
            self.families[family].spent = Some((token, now, successors));
        } else if let (true, true, Some((_, _, [access_token, refresh_token]))) = (record_is_live, is_in_window, spent)
        {
            if self.is_alive(access_token) && self.is_alive(refresh_token) {
                let issued = answer.expect("a lost answer is given again");
                assert_eq!(refresh(&issued), self.tokens[refresh_token].text);
                let same =
                    self.node().id(access(&issued)).await == self.node().id(&self.tokens[access_token].text).await;
                assert!(same, "the same access token, by its id");
            } else {
                assert!(answer.is_err());
            }
        } else {
            assert!(answer.is_err());
            // One that only lay idle is not reuse, and in the window nothing is ended.
            let is_reuse = self.tokens[token].is_dead && !self.tokens[token].is_garbage && !is_in_window;
            self.families[family].ended |= record_is_live && is_reuse;
        }
    }

    async fn revoke(&mut self, token: usize) {
        let (family, is_refresh) = (self.tokens[token].family, self.tokens[token].is_refresh);
        let client = CLIENTS[self.families[family].client];
        self.node().revoke(client, &self.tokens[token].text).await.expect("a revocation by the owner is answered 200");
        if self.tokens[token].is_garbage {
            return;
        }
        if is_refresh || client == "wide" {
            self.families[family].ended = true;
        } else {
            self.tokens[token].is_dead = true;
        }
    }

    async fn end(&mut self, step: &Step) {
        let target = match *step {
            Step::EndToken(back) => {
                let Some(token) = self.nth_last(back, |token| !token.is_refresh && !token.is_garbage) else { return };
                self.tokens[token].is_dead = true;
                Target::Token(self.node().id(&self.tokens[token].text).await)
            }
            Step::EndFamily(back) => {
                let Some(token) = self.nth_last(back, |token| !token.is_garbage) else { return };
                let family = self.tokens[token].family;
                self.families[family].ended = true;
                Target::Family(self.node().family(&self.tokens[token].text).await)
            }
            Step::EndSubject(person) => {
                self.families.iter_mut().filter(|family| family.person == Some(person)).for_each(|f| f.ended = true);
                Target::Subject(PEOPLE[person].into())
            }
            Step::EndClient(client) => {
                self.families.iter_mut().filter(|family| family.client == client).for_each(|f| f.ended = true);
                Target::Client(CLIENTS[client].into())
            }
            Step::EndKey(signing) => {
                let keys = &self.node().authority.keys;
                let id = if signing { keys.signing() } else { keys.mac() }.expect("there is a key");
                self.node().authority.retire_key(id).await.expect("the store answers");
                for token in self.tokens.iter_mut().filter(|token| token.is_signed == signing) {
                    (token.is_dead, token.is_garbage) = (true, true);
                }
                return;
            }
            _ => {
                self.families.iter_mut().for_each(|family| family.ended = true);
                Target::Everything
            }
        };
        self.node().authority.revoke_target(target, Cause::Administrator).await.expect("the store answers");
    }

    async fn compare(&self, after: &Step) {
        for (i, token) in self.tokens.iter().enumerate() {
            let client = CLIENTS[self.families[token.family].client];
            let active = self.node().is_active(client, &token.text).await;
            assert_eq!(active, self.is_alive(i), "token {i} of {client} after {after:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// INV-1, INV-5, S13, S22, S25, S27, S29.
    #[test]
    fn the_server_agrees_with_a_plain_model_after_every_step(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.step(step).await;
                world.compare(step).await;
            }
        });
    }
}
