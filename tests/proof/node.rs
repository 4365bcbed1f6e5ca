//! What the proofs see with: a node that answers is told from one that refuses, and both from one that is gone.

use atropos_proof::{Outcome, Start};

use crate::program;

#[tokio::test]
async fn an_answer_a_refusal_and_silence_are_told_apart() {
    let data = tempfile::tempdir().unwrap();
    let mut node = program().start(&Start { data: data.path(), store: None, durability: "fsync", more: &[] }).await;
    let first = node.issue().await.told().unwrap();
    let second = node.refresh(&first.refresh).await.told().unwrap();
    assert_eq!(node.introspect(&second.access).await, Outcome::Told(true));
    assert_eq!(node.revoke(&second.refresh).await, Outcome::Told(()));
    assert_eq!(node.introspect(&second.access).await, Outcome::Told(false));
    assert_eq!(node.refresh(&second.refresh).await, Outcome::Refused("invalid_grant".to_owned()));
    node.kill().await;
    assert_eq!(node.introspect(&first.access).await, Outcome::Lost);
}
