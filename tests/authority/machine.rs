//! Tokens that are managed by their ids, and what happens between two steps of a call about them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use atropos::domain::audit::Event;
use atropos::domain::authority::ManagedIdentity;
use atropos::domain::client::{Client, Manages, Surface};
use atropos::domain::error::{BearerFault, Error, ManagementFault};
use atropos::domain::store::{Listed, Store};
use atropos::domain::token_auth::{Terms, TermsChange};
use atropos::domain::{Entry, FamilyId, Shard, Target, Timestamp};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::interposed::{Interposed, Moment};
use crate::node::{Node, client, policy};
use crate::places::{Place, embedded, redis};

const IDENTITY: Uuid = Uuid::from_u128(1);
const HOUR: Duration = Duration::from_hours(1);

fn clients() -> Vec<Client> {
    let machine = |id| Client { surfaces: BTreeSet::from([Surface::Infisical]), ..client(id, policy()) };
    vec![
        Client { identity_id: IDENTITY, ..machine("machine") },
        Client { manages: Manages::Everybody, ..machine("admin") },
    ]
}

async fn node(store: Arc<dyn Store>, place: &Place) -> Node {
    Node::with(store, &place.clock, clients()).await
}

/// Two nodes, and what stands between the first of them and the store. Token auth is attached.
async fn pair(place: &Place) -> (Arc<Interposed>, Node, Node) {
    let between = Interposed::before(Arc::clone(&place.store));
    let first = node(between.clone(), place).await;
    let second = node(Arc::clone(&place.second), place).await;
    first.attach(terms(0)).await;
    (between, first, second)
}

fn terms(uses_limit: u64) -> Terms {
    Terms { lifetime: HOUR, longest: HOUR, uses_limit, trusted: Vec::new() }
}

impl Node {
    fn admin(&self) -> &Client {
        self.authority.clients.find("admin").unwrap()
    }

    fn identity(&self) -> ManagedIdentity {
        self.authority.identity(self.admin(), IDENTITY).unwrap()
    }

    async fn attach(&self, terms: Terms) {
        self.authority.attach_token_auth(&self.identity(), terms).await.unwrap();
    }

    /// Of each token whether it is revoked, the newest first.
    async fn revoked(&self) -> Vec<bool> {
        let listed = self.authority.tokens_of(&self.identity(), 0, 100).await.unwrap();
        listed.iter().map(|token| token.is_revoked).collect()
    }
}

/// As a store may name it that somebody else has written to.
#[tokio::test]
async fn a_list_that_names_what_is_in_no_shard_is_read_without_it() {
    for place in [embedded().await, redis().await] {
        let (between, node, _other) = pair(&place).await;
        node.authority.create_token(&node.identity(), None).await.unwrap();
        let beyond = Shard::new(Shard::MOST - 1).unwrap();
        between.list_too(Listed { place: 0, family: FamilyId::new(beyond, Timestamp::from_millis(0), 0) });
        assert_eq!(node.revoked().await, [false]);
    }
}

/// INF-15: whoever takes the configuration away ends all that there is before the token is there.
#[tokio::test]
async fn a_token_that_was_being_made_when_its_configuration_went_is_not_given() {
    for place in [embedded().await, redis().await] {
        let (between, node, other) = pair(&place).await;
        between.once_at(Moment::BeforeCreate, move || async move {
            other.authority.remove_token_auth(&other.identity()).await.unwrap();
        });
        let refused = node.authority.create_token(&node.identity(), None).await;
        assert_eq!(refused.err(), Some(Error::Management(ManagementFault::NotConfigured)));
        // The first was taken along while it was born, the second finds that the configuration has gone.
        assert_eq!(between.passed(Moment::BeforeCreate), 2);
        node.attach(terms(0)).await;
        assert_eq!(node.revoked().await, [true, true]);
    }
}

/// What is told of a token is what it was made by.
#[tokio::test]
async fn a_token_that_was_being_made_when_its_configuration_changed_is_made_by_the_new_one() {
    for place in [embedded().await, redis().await] {
        let (between, node, other) = pair(&place).await;
        between.once_at(Moment::BeforeCreate, move || async move {
            let change = TermsChange { lifetime: Some(HOUR / 2), ..TermsChange::default() };
            other.authority.change_token_auth(&other.identity(), change).await.unwrap();
        });
        let (renewable, token) = node.authority.create_token(&node.identity(), None).await.unwrap();
        assert_eq!((renewable.issued.expires_in, token.managed.lifetime), (1800, HOUR / 2));
        assert_eq!(node.revoked().await.iter().filter(|is_revoked| !**is_revoked).count(), 1);
        assert_eq!(node.revoked().await.len(), 2, "what was made by the old one was ended");
    }
}

/// INF-15, rule 5: and whoever asks again is told when that entry is durable, wherever it stands by then.
#[tokio::test]
async fn all_tokens_of_an_identity_end_by_one_entry_to_which_asking_again_adds_none() {
    for place in [embedded().await, redis().await] {
        let (between, node, other) = pair(&place).await;
        for _ in 0..5 {
            node.authority.create_token(&node.identity(), None).await.unwrap();
        }
        let removed = node.authority.remove_token_auth(&node.identity()).await.unwrap();
        let entries = entries(&*place.store).await;
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(entries[0].revocation.target, Target::Identity("machine".into()));
        let told = |event: &Event| matches!(event, Event::Revoked { target: "identity", .. });
        assert_eq!(node.audit.count(told), 1);

        let again = node.authority.remove_token_auth(&node.identity()).await.unwrap();
        assert_eq!(again, removed);
        assert_eq!((between.passed(Moment::BeforeAppend), between.passed(Moment::BeforeConfirm)), (1, 1));
        other.authority.remove_token_auth(&other.identity()).await.unwrap();
        assert_eq!(self::entries(&*place.store).await, entries);
        assert_eq!(node.audit.count(|event| matches!(event, Event::Revoked { .. })), 1);

        // Behind the node's back, as a failover loses it.
        for shard in (0..place.store.shards()).filter_map(Shard::new) {
            place.store.forget(shard, &[entries[0].position]).await.unwrap();
        }
        node.authority.remove_token_auth(&node.identity()).await.unwrap();
        let put_back = self::entries(&*place.store).await;
        assert_eq!(put_back.len(), 1);
        assert_eq!(put_back[0].revocation.tag, entries[0].revocation.tag);

        // What is attached anew is removed by an entry of its own, and only what was made before.
        node.attach(terms(0)).await;
        node.authority.create_token(&node.identity(), None).await.unwrap();
        let alive = async || node.revoked().await.iter().filter(|is_revoked| !**is_revoked).count();
        assert_eq!((node.revoked().await.len(), alive().await), (6, 1));
        node.authority.remove_token_auth(&node.identity()).await.unwrap();
        assert_eq!(self::entries(&*place.store).await.len(), 2);
    }
}

async fn entries(store: &dyn Store) -> Vec<Entry> {
    let mut entries = Vec::new();
    for shard in (0..store.shards()).filter_map(Shard::new) {
        entries.extend(store.revocations(shard, None, 100).await.unwrap().entries);
    }
    entries
}

/// INF-15, S4: a record that changes while all of them are ended is ended as it is then.
#[tokio::test]
async fn a_token_that_is_renewed_while_its_configuration_goes_dies_with_all_its_strings() {
    for place in [embedded().await, redis().await] {
        let (between, node, other) = pair(&place).await;
        let (made, _) = node.authority.create_token(&node.identity(), None).await.unwrap();
        let first = made.issued.access_token.expose().to_owned();
        let (sent, strings) = tokio::sync::oneshot::channel();
        let shown = first.clone();
        between.once_at(Moment::BeforeAppend, move || async move {
            let renewed = other.authority.renew(&shown, None).await.unwrap();
            sent.send((renewed.issued.access_token.expose().to_owned(), other)).ok().unwrap();
        });
        node.authority.remove_token_auth(&node.identity()).await.unwrap();
        let (second, other) = strings.await.unwrap();
        for node in [&node, &other] {
            for token in [&first, &second] {
                let refused = node.authority.machine_bearer(token, None).await;
                assert_eq!(refused.err(), Some(Error::InvalidToken(BearerFault::Ended)));
            }
        }
    }
}

/// INF-2: who was second is told so, and not before the first is durable.
#[tokio::test]
async fn who_is_overtaken_by_another_revocation_is_told_that_there_is_none_left() {
    for place in [embedded().await, redis().await] {
        let (between, node, other) = pair(&place).await;
        let (_, token) = node.authority.create_token(&node.identity(), None).await.unwrap();
        between.once_at(Moment::BeforeCommit, move || async move {
            let receipt = other.authority.revoke_token(other.admin(), token.id).await.unwrap();
            assert_eq!(receipt.access_tokens, 1);
        });
        let refused = node.authority.revoke_token(node.admin(), token.id).await;
        assert_eq!(refused.err(), Some(Error::Management(ManagementFault::UnknownToken)));
        assert_eq!(between.passed(Moment::BeforeConfirm), 1, "the other's is looked for again");
    }
}

/// S3, of uses: as many as there are, at however many nodes.
#[tokio::test]
async fn of_many_uses_at_two_nodes_no_more_succeed_than_there_are() {
    for place in [embedded().await, redis().await] {
        let nodes = [node(Arc::clone(&place.store), &place).await, node(Arc::clone(&place.second), &place).await];
        nodes[0].attach(terms(10)).await;
        let (made, token) = nodes[0].authority.create_token(&nodes[0].identity(), None).await.unwrap();
        let text = made.issued.access_token.expose();
        let used = join_all((0..40).map(|n| nodes[n % 2].authority.machine_bearer(text, None))).await;
        assert_eq!(used.iter().filter(|used| used.is_ok()).count(), 10);
        let ended = Error::InvalidToken(BearerFault::Ended);
        assert!(used.iter().filter_map(|used| used.as_ref().err()).all(|error| *error == ended));
        let found = nodes[1].authority.find_token(nodes[1].admin(), token.id).await.unwrap();
        assert_eq!((found.managed.uses, found.is_revoked), (10, false));
    }
}
