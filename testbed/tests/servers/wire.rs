use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use atropos_testbed::{Flavor, RedisServer, Wire, until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{Instant, timeout},
};

/// Long enough for an answer over loopback, short enough to wait for in vain.
const SILENCE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_whole_wire_carries_both_ways_and_passes_the_end_on() {
    let wire = Wire::to(echo().await).await;
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    let much = vec![7; 1_000_000];
    let (mut reading, mut writing) = stream.split();
    let write = async {
        writing.write_all(&much).await.unwrap();
        writing.shutdown().await.unwrap();
    };
    let mut echoed = Vec::new();
    let (read, ()) = tokio::join!(reading.read_to_end(&mut echoed), write);
    assert_eq!(read.unwrap(), much.len());
    assert_eq!(echoed, much);
}

#[tokio::test]
async fn a_cut_wire_closes_old_and_new_connections_until_it_is_mended() {
    let wire = Wire::to(echo().await).await;
    let mut old = TcpStream::connect(wire.address()).await.unwrap();
    assert_eq!(said(&mut old, b"hello").await, b"hello");

    wire.cut().await;
    assert!(is_closed(&mut old).await);
    assert!(is_closed(&mut TcpStream::connect(wire.address()).await.unwrap()).await);

    wire.mend();
    let mut new = TcpStream::connect(wire.address()).await.unwrap();
    assert_eq!(said(&mut new, b"again").await, b"again");
    wire.cut().await;
    wire.mend();
    assert!(is_closed(&mut new).await, "mending at once does not save the old ones");
}

#[tokio::test]
async fn a_wire_that_leads_elsewhere_does_so_for_new_connections() {
    let wire = Wire::to(echo().await).await;
    let mut old = TcpStream::connect(wire.address()).await.unwrap();
    assert_eq!(said(&mut old, b"hello").await, b"hello");
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    wire.lead_to(nobody.local_addr().unwrap());
    let _new = TcpStream::connect(wire.address()).await.unwrap();
    nobody.accept().await.unwrap();
    assert_eq!(said(&mut old, b"again").await, b"again");
}

#[tokio::test]
async fn a_frozen_wire_holds_what_it_is_given_until_it_thaws() {
    let wire = Wire::to(echo().await).await;
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    assert_eq!(said(&mut stream, b"hello").await, b"hello");

    wire.freeze();
    stream.write_all(b"again").await.unwrap();
    let mut other = TcpStream::connect(wire.address()).await.unwrap();
    other.write_all(b"other").await.unwrap();
    let mut answer = [0; 5];
    assert!(timeout(SILENCE, stream.read(&mut answer)).await.is_err());
    assert!(timeout(SILENCE, other.read(&mut answer)).await.is_err());

    wire.thaw();
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"again");
    other.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"other");

    wire.freeze();
    wire.cut().await;
    assert!(is_closed(&mut stream).await, "a frozen wire can be cut");
}

/// What an upstream says by itself, too: a primary to its replica.
#[tokio::test]
async fn what_nobody_asked_for_is_frozen_with_the_rest() {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wire = Wire::to(upstream.local_addr().unwrap()).await;
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    let (mut talker, _) = upstream.accept().await.unwrap();
    wire.part_from([Ipv4Addr::LOCALHOST]);
    talker.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    assert!(timeout(SILENCE, stream.read(&mut heard)).await.is_err());
    wire.thaw();
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
}

#[tokio::test]
async fn answers_are_held_back_while_requests_are_delivered() {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let wire = Wire::to(server.address()).await;
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    wire.hold_answers();
    stream.write_all(b"SET count 1\r\n").await.unwrap();
    until("it was done", async || server.ask::<Option<u8>>(&["GET", "count"]).await == Ok(Some(1))).await;
    let mut answer = [0; 5];
    assert!(timeout(SILENCE, stream.read_exact(&mut answer)).await.is_err());
    wire.thaw();
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"+OK\r\n");
}

#[tokio::test]
async fn a_wire_is_frozen_for_some_and_carries_for_others() {
    let wire = Wire::to(echo().await).await;
    let here = Ipv4Addr::LOCALHOST;
    let elsewhere = Ipv4Addr::new(127, 0, 0, 9);
    let from_elsewhere = TcpSocket::new_v4().unwrap();
    from_elsewhere.bind((elsewhere, 0).into()).unwrap();
    let mut parted = from_elsewhere.connect(wire.address()).await.unwrap();
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    assert_eq!(said(&mut parted, b"hello").await, b"hello");

    wire.part_from([elsewhere]);
    parted.write_all(b"again").await.unwrap();
    let mut answer = [0; 5];
    assert!(timeout(SILENCE, parted.read(&mut answer)).await.is_err());
    assert_eq!(said(&mut stream, b"hello").await, b"hello");
    wire.part_from([here]);
    stream.write_all(b"other").await.unwrap();
    assert!(timeout(SILENCE, stream.read(&mut answer)).await.is_err());

    wire.thaw();
    parted.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"again");
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"other");
}

#[tokio::test]
async fn a_slow_wire_delays_each_answer_and_keeps_the_order() {
    let wire = Wire::to(echo().await).await;
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    wire.delay(SILENCE);
    let began = Instant::now();
    assert_eq!(said(&mut stream, b"first").await, b"first");
    assert!(began.elapsed() >= SILENCE);
    wire.delay(Duration::ZERO);
    assert_eq!(said(&mut stream, b"second").await, b"second");
}

#[tokio::test]
async fn an_answer_is_truncated_once_where_it_was_asked_for() {
    let wire = Wire::to(echo().await).await;
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    wire.truncate_after(8);
    assert_eq!(said(&mut stream, b"hello").await, b"hello");
    stream.write_all(b"again").await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"aga");
    wire.struck().await;

    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    assert_eq!(said(&mut stream, b"the wire is whole").await, b"the wire is whole");
}

#[tokio::test]
async fn an_answer_is_lost_though_the_server_did_what_it_was_asked() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &[]).await;
        let wire = Wire::to(server.address()).await;
        let mut other = TcpStream::connect(wire.address()).await.unwrap();
        let mut stream = TcpStream::connect(wire.address()).await.unwrap();
        wire.lose_answer_to("INCR");
        stream.write_all(b"SET count 1\r\n").await.unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"+OK\r\n");

        stream.write_all(b"INCR count\r\n").await.unwrap();
        assert!(is_closed(&mut stream).await);
        wire.struck().await;
        other.write_all(b"GET count\r\n").await.unwrap();
        let mut answer = [0; 7];
        other.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"$1\r\n2\r\n");
    }
}

#[tokio::test]
async fn what_was_announced_and_has_not_happened_can_be_taken_back() {
    let wire = Wire::to(echo().await).await;
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    wire.truncate_after(3);
    wire.spare();
    assert_eq!(said(&mut stream, b"hello").await, b"hello");
    wire.lose_answer_to("again");
    wire.spare();
    assert_eq!(said(&mut stream, b"again").await, b"again");
}

#[tokio::test]
async fn an_upstream_that_is_gone_looks_like_one_that_hangs_up() {
    let mut server = RedisServer::start(Flavor::Redis, &[]).await;
    let wire = Wire::to(server.address()).await;
    server.kill().await;
    assert!(is_closed(&mut TcpStream::connect(wire.address()).await.unwrap()).await);
}

#[tokio::test]
async fn nobody_listens_where_a_dropped_wire_was() {
    let wire = Wire::to(echo().await).await;
    let address = wire.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    drop(wire);
    assert!(is_closed(&mut stream).await);
    until("nobody listens", async || TcpStream::connect(address).await.is_err()).await;
}

/// A server that says what it is told.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut reading, mut writing) = stream.split();
                // An error is the wire's doing.
                let _ = tokio::io::copy(&mut reading, &mut writing).await;
            });
        }
    });
    address
}

async fn said(stream: &mut TcpStream, words: &[u8]) -> Vec<u8> {
    stream.write_all(words).await.unwrap();
    let mut answer = vec![0; words.len()];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    !matches!(stream.read(&mut [0]).await, Ok(1..))
}
