use super::*;
use crate::store::redis::Durability;

fn parse(url: &str) -> Result<Address, OpenError> {
    Address::parse(&RedisSettings::new(url, Durability::Memory))
}

fn tcp(host: &str, port: u16) -> ConnectionAddr {
    ConnectionAddr::Tcp(host.to_owned(), port)
}

#[test]
fn one_server_with_user_password_and_database() {
    let address = parse("redis://app:p%40ss,w%2Fo@localhost/3").unwrap();
    assert_eq!((address.kind, address.nodes), (Kind::Server, vec![tcp("localhost", 6379)]));
    assert_eq!((address.username.as_deref(), address.password.as_deref()), (Some("app"), Some("p@ss,w/o")));
    assert_eq!(address.database, 3);
}

#[test]
fn sentinels_and_their_name_for_the_primary() {
    let address = parse("redis+sentinel://:secret@10.0.0.1,[::1]:7000/atropos?db=2").unwrap();
    assert_eq!(address.kind, Kind::Sentinel("atropos".to_owned()));
    assert_eq!(address.nodes, [tcp("10.0.0.1", 26_379), tcp("::1", 7000)]);
    assert_eq!((address.password.as_deref(), address.database), (Some("secret"), 2));
}

#[test]
fn some_nodes_of_a_cluster_over_tls() {
    let address = parse("rediss+cluster://a:1,b:2/").unwrap();
    assert_eq!((&address.kind, address.nodes.len()), (&Kind::Cluster, 2));
    assert!(address.is_encrypted());
}

#[test]
fn a_socket() {
    let address = parse("unix:///run/redis.sock?db=1").unwrap();
    assert_eq!(address.nodes, [ConnectionAddr::Unix("/run/redis.sock".into())]);
    assert_eq!(address.database, 1);
}

#[test]
fn what_is_said_separately_wins() {
    let mut settings = RedisSettings::new("redis://app:one@localhost", Durability::Memory);
    settings.username = Some("other".to_owned());
    settings.password = Some("two".into());
    let address = Address::parse(&settings).unwrap();
    assert_eq!((address.username.as_deref(), address.password.as_deref()), (Some("other"), Some("two")));
}

#[test]
fn a_refusal_is_a_sentence_without_the_secret() {
    let hopeless = [
        "localhost:6379",
        "http://u:hunter2@localhost",
        "redis+other://u:hunter2@localhost",
        "redis://u:hunter2@",
        "redis://u:hunter2@a,b",
        "redis://u:hunter2@localhost:port",
        "redis://u:hunter2@localhost/first",
        "redis://u:hunter2@localhost/1?db=2",
        "redis://u:hunter2@localhost?tls=hunter2",
        "rediss://u:hunter2@localhost#insecure",
        "redis://hunter2@localhost",
        "redis+sentinel://u:hunter2@localhost",
        "redis+cluster://u:hunter2@localhost/3",
        "redis+cluster://u:hunter2@localhost?db=1",
    ];
    for url in hopeless {
        let Err(OpenError::Settings(sentence)) = parse(url) else { panic!("{url} was read") };
        assert!(sentence.starts_with("store.") && !sentence.contains("hunter2"), "{sentence}");
    }
}
