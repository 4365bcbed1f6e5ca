//! The Dockerfile, against what it copies, compiles and runs.

use std::fs;
use std::path::Path;

use serde_json::Value;
use toml::Table;

use crate::parts::{Compose, Local, text};

/// What follows an instruction, of each that there is, with lines that go on joined.
fn instructions(name: &str) -> Vec<String> {
    let whole = text("Dockerfile").replace("\\\n", "");
    whole.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::to_owned).collect()
}

fn instruction(name: &str) -> String {
    instructions(name).pop().unwrap()
}

fn manifest() -> Table {
    text("Cargo.toml").parse().unwrap()
}

#[test]
fn it_is_compiled_by_the_rust_that_the_project_asks_for() {
    let wanted = manifest()["workspace"]["package"]["rust-version"].as_str().unwrap().to_owned();
    let images = instructions("ARG");
    assert!(images.contains(&format!("RUST_IMAGE=rust:{wanted}-bookworm")), "{images:?}");
    let run = instructions("RUN").pop().unwrap();
    assert!(run.contains("cargo build --profile dist --locked"), "{run}");
    assert!(manifest()["profile"].get("dist").is_some());
}

/// Cargo reads the manifest of every member, and the compiler whatever a source includes: all of it has to get past
/// .dockerignore.
#[test]
fn what_is_compiled_is_in_the_build_context() {
    let ignored = text(".dockerignore");
    let admitted: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in &admitted {
        assert!(root.join(path).exists(), "{path}");
    }
    let members = manifest()["workspace"]["members"].as_array().unwrap().clone();
    let members = members.iter().map(|member| member.as_str().unwrap()).filter(|member| *member != ".");
    for path in members.chain(["Cargo.toml", "Cargo.lock", "src"]) {
        assert!(admitted.contains(&path), "{path}");
    }
    let mut included = 0;
    for source in sources(&root.join("src")).iter().chain(&sources(&root.join("guard/src"))) {
        let code = fs::read_to_string(source).unwrap();
        for part in code.split("include_str!(\"").skip(1) {
            let path = source.parent().unwrap().join(part.split('"').next().unwrap()).canonicalize().unwrap();
            let inside = path.strip_prefix(root.canonicalize().unwrap()).unwrap().to_owned();
            let top = inside.iter().next().unwrap().to_str().unwrap();
            assert!(admitted.contains(&top), "{} is included by {}", inside.display(), source.display());
            included += 1;
        }
    }
    assert!(included > 0, "config/default.toml, at least, is compiled in");
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn it_runs_the_server_as_nobody_in_particular() {
    let user = instruction("USER");
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user}");
    let data = instructions("COPY").pop().unwrap();
    assert!(data.contains(&format!("--chown={user} ")), "{data}");
    assert_eq!(instruction("STOPSIGNAL"), "SIGTERM");
    assert_eq!(instruction("CMD"), r#"["serve"]"#);
}

#[test]
fn it_agrees_with_docker_compose_and_the_settings() {
    let (settings, compose) = (Local::make().settings(), Compose::read());
    let atropos = compose.service("atropos");
    let data = settings.store.data.to_str().unwrap();
    assert!(instructions("COPY").pop().unwrap().ends_with(data));
    let volumes = atropos["volumes"].as_array().unwrap();
    assert!(volumes.contains(&Value::from(format!("data:{data}"))), "{volumes:?}");
    let config = instruction("ENV");
    let config = config.strip_prefix("ATROPOS_CONFIG=").unwrap();
    assert!(volumes.iter().any(|volume| volume["target"] == config), "{volumes:?}");
    assert_eq!(instruction("EXPOSE"), settings.server.listen.port().to_string());

    let entry: Vec<String> = serde_json::from_str(&instruction("ENTRYPOINT")).unwrap();
    let health = instruction("HEALTHCHECK");
    let (_, health) = health.split_once(" CMD ").unwrap();
    let mut health: Vec<String> = serde_json::from_str(health).unwrap();
    assert_eq!(health, [entry[0].as_str(), "health"]);
    health.insert(0, "CMD".to_owned());
    assert_eq!(atropos["healthcheck"]["test"], Value::from(health));
}
