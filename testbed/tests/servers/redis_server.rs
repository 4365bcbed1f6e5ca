use std::{env, fs, net::TcpStream, path::Path, process::Command, time::Duration};

use atropos_testbed::{Binary, Flavor, RedisServer, until};
use redis::{AsyncCommands, Client, ClientTlsConfig, TlsCertificates, aio::MultiplexedConnection};
use tokio::time::timeout;

/// Long enough for an answer over loopback, short enough to wait for in vain.
const SILENCE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn it_is_the_server_that_was_asked_for() {
    for flavor in Flavor::ALL {
        let server = RedisServer::start(flavor, &[]).await;
        let about: String = redis::cmd("INFO").arg("server").query_async(&mut connect(&server).await).await.unwrap();
        assert_eq!(about.contains("server_name:valkey"), flavor == Flavor::Valkey, "{about}");
        assert!(about.contains(&format!("tcp_port:{}", server.port())), "{about}");
    }
}

#[tokio::test]
async fn what_is_on_disk_survives_a_kill_and_a_restart_on_the_same_port() {
    for flavor in Flavor::ALL {
        let mut server = RedisServer::start(flavor, &[("appendonly", "yes"), ("appendfsync", "always")]).await;
        let port = server.port();
        let () = connect(&server).await.set("key", "value").await.unwrap();

        server.kill().await;
        assert!(TcpStream::connect(server.address()).is_err());
        server.restart().await;
        let value: String = connect(&server).await.get("key").await.unwrap();
        assert_eq!((value.as_str(), server.port()), ("value", port));

        server.terminate().await;
        assert!(server.log().contains("bye bye"), "it should end in its own time: {}", server.log());
    }
}

#[tokio::test]
async fn a_restart_forgets_what_was_in_memory_only() {
    for flavor in Flavor::ALL {
        let mut server = RedisServer::start(flavor, &[]).await;
        let () = connect(&server).await.set("key", "value").await.unwrap();
        server.restart().await;
        let value: Option<String> = connect(&server).await.get("key").await.unwrap();
        assert_eq!(value, None);
    }
}

#[tokio::test]
async fn a_paused_server_says_nothing_and_goes_on_when_resumed() {
    for flavor in Flavor::ALL {
        let mut server = RedisServer::start(flavor, &[]).await;
        let mut connection = connect(&server).await;
        for _ in 0..2 {
            server.pause();
            let ping = redis::cmd("PING");
            let mut answer = Box::pin(ping.query_async::<String>(&mut connection));
            assert!(timeout(SILENCE, &mut answer).await.is_err(), "a paused server should not answer");
            server.resume();
            assert_eq!(answer.await.unwrap(), "PONG");
        }
        server.pause();
        server.restart().await;
        assert_eq!(redis::cmd("PING").query_async::<String>(&mut connect(&server).await).await.unwrap(), "PONG");
    }
}

#[tokio::test]
async fn a_setting_of_several_words_is_passed_on_whole() {
    for flavor in Flavor::ALL {
        let settings = [("user", "app on >secret ~app:* +@read"), ("user", "default off"), ("maxmemory", "5mb")];
        let server = RedisServer::start(flavor, &settings).await;
        let refused = redis::cmd("PING").query_async::<String>(&mut connect(&server).await).await;
        assert_eq!(refused.unwrap_err().code(), Some("NOAUTH"));

        let url = format!("redis://app:secret@{}", server.address());
        let mut app = Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
        assert_eq!(app.get::<_, Option<String>>("app:key").await.unwrap(), None);
        assert!(app.get::<_, Option<String>>("other").await.is_err());
    }
}

#[tokio::test]
async fn a_server_with_tls_is_reached_through_its_authority_only() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("no other test speaks TLS");
    let server = RedisServer::start_tls(Flavor::Redis, &[("tls-auth-clients", "yes")]).await;
    let certificates = server.certificates().expect("it speaks TLS");
    let read = |path: &Path| fs::read(path).unwrap();
    let client_tls = Some(ClientTlsConfig {
        client_cert: read(&certificates.client_certificate()),
        client_key: read(&certificates.client_key()),
    });
    let root_cert = Some(read(&certificates.authority()));

    let trusting = |client_tls, root_cert| {
        Client::build_with_tls(server.url(), TlsCertificates { client_tls, root_cert }).unwrap()
    };
    let mut connection =
        trusting(client_tls.clone(), root_cert.clone()).get_multiplexed_async_connection().await.unwrap();
    assert_eq!(redis::cmd("PING").query_async::<String>(&mut connection).await.unwrap(), "PONG");
    let ping = async |client: Client| {
        redis::cmd("PING").query_async::<String>(&mut client.get_multiplexed_async_connection().await?).await
    };
    assert!(ping(trusting(client_tls, None)).await.is_err(), "nobody else vouches for the server");
    assert!(ping(trusting(None, root_cert)).await.is_err(), "the server asks for a certificate");
}

/// The test starts itself again, as the one who will be killed.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the environment is how one process tells the other which one it is")]
async fn nothing_is_left_of_a_server_whose_owner_was_killed() {
    const NAME: &str = "redis_server::nothing_is_left_of_a_server_whose_owner_was_killed";
    const DOOMED: &str = "TESTBED_OWNER_TO_BE_KILLED";
    if env::var_os(DOOMED).is_some() {
        let server = RedisServer::start(Flavor::Redis, &[]).await;
        println!("listening on http://{}", server.address());
        return std::future::pending().await;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    let mut owner = Binary::start_command(command.args([NAME, "--exact", "--nocapture"]).env(DOOMED, "1")).await;
    let client = Client::open(format!("redis://{}", owner.address())).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let (_, folder): (String, String) =
        redis::cmd("CONFIG").arg(&["GET", "dir"]).query_async(&mut connection).await.unwrap();
    assert!(Path::new(&folder).exists());

    owner.kill().await;
    until("the server is gone", async || TcpStream::connect(owner.address()).is_err()).await;
    until("its folder is gone", async || !Path::new(&folder).exists()).await;
}

async fn connect(server: &RedisServer) -> MultiplexedConnection {
    Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}
