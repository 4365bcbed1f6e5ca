//! The generator against a server of a few lines that remembers what it was asked.
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

use super::*;
use crate::request::Ask;

const UNMEASURED: Span = Span { warm_up: Duration::ZERO, measured: Duration::from_secs(10) };

/// Status and body for a token, asked about as the `turn`th; `None` hangs up.
type Answer = fn(turn: usize, token: &str) -> Option<(u16, String)>;

/// Runs `work` over four connections against `answer`; with it, the tokens that the server saw, in order.
async fn against(answer: Answer, span: Span, work: Work) -> (Result<Run, Fault>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let local = LocalSet::new();
    let server_seen = Rc::clone(&seen);
    local.spawn_local(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            spawn_local(serve(stream, answer, Rc::clone(&server_seen)));
        }
    });
    let outcome = local.run_until(run(address, Pid::own(), 4, span, work)).await;
    let seen = seen.borrow().clone();
    (outcome, seen)
}

async fn serve(mut stream: TcpStream, answer: Answer, seen: Rc<RefCell<Vec<String>>>) {
    let mut buffer = vec![0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        // The generator writes a request at once and waits for the answer, so that one read is one request.
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        let token = text.rsplit_once('=').unwrap().1.to_owned();
        let turn = seen.borrow().len();
        let Some((status, body)) = answer(turn, &token) else { return };
        seen.borrow_mut().push(token);
        let reply = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(reply.as_bytes()).await.unwrap();
    }
}

fn work(tokens: usize, after: After) -> Work {
    let tokens = (0..tokens).map(|turn| format!("t{turn}")).collect();
    Work { request: Request::new(Ask::by("client", "/", "token={token}")), tokens, after, expected: "next" }
}

const SUCCESSOR: Answer = |turn, _| Some((200, format!(r#"{{"next":"s{turn}"}}"#)));

#[tokio::test]
async fn a_token_used_once_is_sent_once_and_every_request_is_counted() {
    let (outcome, mut seen) = against(SUCCESSOR, UNMEASURED, work(500, After::Once)).await;
    assert_eq!(outcome.unwrap().latencies.len(), 500);
    seen.sort();
    let mut sent: Vec<String> = work(500, After::Once).tokens.into();
    sent.sort();
    assert_eq!(seen, sent);
}

#[tokio::test]
async fn what_the_answers_hold_is_collected() {
    let (outcome, _) = against(SUCCESSOR, UNMEASURED, work(100, After::Collect("next"))).await;
    let collected: HashSet<String> = outcome.unwrap().collected.into_iter().collect();
    assert_eq!(collected, (0..100).map(|turn| format!("s{turn}")).collect());
}

#[tokio::test]
async fn a_replaced_token_is_never_sent_again_and_its_successor_is() {
    let span = Span { warm_up: Duration::from_millis(20), measured: Duration::from_millis(100) };
    let (outcome, seen) = against(SUCCESSOR, span, work(10, After::Replace("next"))).await;
    let run = outcome.unwrap();
    assert!((1..seen.len()).contains(&run.latencies.len()), "{} of {}", run.latencies.len(), seen.len());
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len());
    assert!(seen[10..].iter().all(|token| token.starts_with('s')));
}

#[tokio::test]
async fn one_refusal_among_many_answers_fails_the_run() {
    let answer = |turn, _: &str| if turn == 99 { Some((503, "busy".to_owned())) } else { SUCCESSOR(turn, "") };
    let (outcome, _) = against(answer, UNMEASURED, work(500, After::Once)).await;
    assert!(matches!(outcome, Err(Fault::Status(503, reason)) if reason == "busy"));
}

#[tokio::test]
async fn an_answer_of_200_that_is_wrong_fails_the_run() {
    let answer = |turn, _: &str| Some((200, if turn == 99 { "{}".to_owned() } else { "next".to_owned() }));
    let (outcome, _) = against(answer, UNMEASURED, work(500, After::Once)).await;
    assert!(matches!(outcome, Err(Fault::Lacks("next"))));
}

#[tokio::test]
async fn a_connection_cut_fails_the_run() {
    let answer = |turn, _: &str| if turn == 99 { None } else { SUCCESSOR(turn, "") };
    let (outcome, _) = against(answer, UNMEASURED, work(500, After::Once)).await;
    assert!(matches!(outcome, Err(Fault::Closed | Fault::Socket(_))));
}

#[tokio::test]
async fn tokens_that_end_in_the_warm_up_measure_nothing() {
    let span = Span { warm_up: Duration::from_secs(10), measured: Duration::from_secs(10) };
    let (outcome, _) = against(SUCCESSOR, span, work(50, After::Once)).await;
    assert!(matches!(outcome, Err(Fault::Idle)));
}
