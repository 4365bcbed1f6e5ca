use redis::Value;

use super::*;
use crate::store::redis::report::{Report, questions};

/// What a healthy Redis 7.0 with the given configuration answers; `None` forbids CONFIG.
fn answers(info: &str, config: Option<[&str; 4]>) -> Vec<Value> {
    let bulk = |text: &str| Value::BulkString(text.as_bytes().to_vec());
    let mut answers = vec![bulk(info)];
    let names = ["maxmemory-policy", "appendonly", "appendfsync", "no-appendfsync-on-rewrite"];
    for (index, name) in names.iter().enumerate() {
        answers.push(match config {
            Some(values) => Value::Array(vec![bulk(name), bulk(values[index])]),
            None => redis::parse_redis_value(b"-NOPERM this user has no permissions\r\n").unwrap(),
        });
    }
    answers
}

fn judge(info: &str, config: Option<[&str; 4]>, settings: &RedisSettings) -> Result<Findings, String> {
    Demands::of(settings, false).judge(&Report::read(answers(info, config)).unwrap())
}

fn settings(durability: &str) -> RedisSettings {
    RedisSettings::new("redis://localhost", durability.parse().unwrap())
}

const REDIS_7_0: &str = "redis_version:7.0.15\r\nrole:master\r\nconnected_slaves:0\r\ncluster_enabled:0\r\n";
const VALKEY: &str = "redis_version:7.2.4\r\nvalkey_version:9.1.0\r\nrole:master\r\ncluster_enabled:0\r\n";
const GOOD: Option<[&str; 4]> = Some(["noeviction", "yes", "always", "no"]);

#[test]
fn as_many_questions_are_asked_as_answers_are_read() {
    assert_eq!(questions().len(), answers("", GOOD).len());
}

#[test]
fn a_sound_server_is_taken_without_a_word() {
    let findings = judge(REDIS_7_0, GOOD, &settings("memory")).unwrap();
    assert_eq!(findings, Findings { wait: None, warnings: Vec::new(), alarm: None });
}

#[test]
fn old_servers_replicas_and_cluster_nodes_are_refused() {
    for (info, because) in [
        ("redis_version:6.0.16\r\nrole:master\r\n", "version 6.0"),
        ("", "version 0.0"),
        ("redis_version:7.0.15\r\nrole:slave\r\n", "replica"),
        ("redis_version:7.0.15\r\nredis_mode:sentinel\r\n", "+sentinel"),
        ("redis_version:7.0.15\r\nrole:master\r\ncluster_enabled:1\r\n", "+cluster"),
    ] {
        let refusal = judge(info, GOOD, &settings("memory")).unwrap_err();
        assert!(refusal.contains(because), "{refusal}");
    }
}

#[test]
fn s21_a_policy_that_may_evict_is_refused_unless_it_is_allowed() {
    for policy in ["allkeys-lru", "volatile-ttl", "something-new"] {
        let config = Some([policy, "yes", "always", "no"]);
        assert!(judge(REDIS_7_0, config, &settings("memory")).unwrap_err().contains(policy));
        let allowing = RedisSettings { allow_eviction: true, ..settings("memory") };
        assert!(judge(REDIS_7_0, config, &allowing).unwrap().alarm.unwrap().contains(policy));
    }
}

#[test]
fn without_config_info_tells_the_policy_and_the_persistence() {
    let told = format!("{REDIS_7_0}maxmemory_policy:noeviction\r\naof_enabled:0\r\n");
    let findings = judge(&told, None, &settings("memory")).unwrap();
    assert!(findings.warnings[0].contains("appendonly"));
    let evicting = format!("{REDIS_7_0}maxmemory_policy:allkeys-lru\r\n");
    assert!(judge(&evicting, None, &settings("memory")).is_err());
    assert!(judge(REDIS_7_0, None, &settings("memory")).is_err(), "nothing is known of its policy");
}

#[test]
fn fsync_needs_no_wait_where_the_server_syncs_before_it_answers() {
    for info in [REDIS_7_0, VALKEY] {
        assert_eq!(judge(info, GOOD, &settings("fsync")).unwrap().wait, None);
    }
}

#[test]
fn fsync_is_waited_for_where_the_server_can_tell() {
    let wait = |config| judge(VALKEY, config, &settings("fsync")).map(|findings| findings.wait);
    assert_eq!(wait(Some(["noeviction", "yes", "always", "yes"])), Ok(Some(Wait::Fsync)));
    let hidden = format!("{VALKEY}maxmemory_policy:noeviction\r\naof_enabled:1\r\n");
    assert_eq!(judge(&hidden, None, &settings("fsync")).unwrap().wait, Some(Wait::Fsync));
    let every_second = Some(["noeviction", "yes", "everysec", "no"]);
    assert!(wait(every_second).unwrap_err().contains("2.5 seconds"));
    let patient = RedisSettings { timeout: Duration::from_secs(3), ..settings("fsync") };
    assert_eq!(judge(VALKEY, every_second, &patient).unwrap().wait, Some(Wait::Fsync));
}

#[test]
fn fsync_is_asked_for_in_a_cluster_whatever_its_primaries_say_now() {
    let judge = |info: &str| {
        let info = info.replace("cluster_enabled:0", "cluster_enabled:1");
        Demands::of(&settings("fsync"), true).judge(&Report::read(answers(&info, GOOD)).unwrap()).unwrap().wait
    };
    assert_eq!(judge(VALKEY), Some(Wait::Fsync));
    assert_eq!(judge(REDIS_7_0), None);
}

#[test]
fn fsync_is_refused_where_a_server_may_answer_before_it_and_cannot_tell() {
    for config in [["noeviction", "yes", "everysec", "no"], ["noeviction", "yes", "always", "yes"]] {
        assert!(judge(REDIS_7_0, Some(config), &settings("fsync")).is_err(), "{config:?}");
    }
    let hidden = format!("{REDIS_7_0}maxmemory_policy:noeviction\r\naof_enabled:1\r\n");
    assert!(judge(&hidden, None, &settings("fsync")).is_err());
}

#[test]
fn fsync_is_refused_where_nothing_is_ever_synced() {
    for config in [["noeviction", "no", "always", "no"], ["noeviction", "yes", "no", "no"]] {
        for info in [REDIS_7_0, VALKEY] {
            assert!(judge(info, Some(config), &settings("fsync")).is_err(), "{config:?}");
        }
    }
}

#[test]
fn replicas_that_are_missing_are_worth_a_warning() {
    let findings = judge(REDIS_7_0, GOOD, &settings("replicas:2")).unwrap();
    assert_eq!(findings.wait, Some(Wait::Replicas(2)));
    assert!(findings.warnings[0].starts_with("0 replicas are connected of 2"));
}

#[test]
fn replicas_that_nobody_waits_for_are_worth_one_as_well() {
    let three = REDIS_7_0.replace("connected_slaves:0", "connected_slaves:3");
    let findings = judge(&three, GOOD, &settings("replicas:2")).unwrap();
    assert!(findings.warnings[0].starts_with("3 replicas are connected, and a change waits for 2"));
    assert_eq!(judge(&three, GOOD, &settings("replicas:3")).unwrap().warnings, Vec::<String>::new());
}
