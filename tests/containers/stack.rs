//! What docker-compose.yml starts, started here: the same Redis, the same settings, the same secrets, other ports.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

use atropos_testbed::{Binary, Flavor, RedisServer};

use crate::parts::{Compose, Local, text};

const PROGRAM: &str = env!("CARGO_BIN_EXE_atropos");

struct Stack {
    local: Local,
    redis: RedisServer,
    data: tempfile::TempDir,
}

impl Stack {
    async fn start() -> Self {
        let (local, compose) = (Local::make(), Compose::read());
        let users = local.path("./local/secrets/redis-users.acl").display().to_string();
        // An empty value is written so in a file; the folder is the test's own.
        let settings = compose.redis_settings().into_iter().filter(|(name, _)| *name != "dir").map(|(name, value)| {
            let value = if name == "aclfile" { &users } else { value };
            (name, if value.is_empty() { "\"\"" } else { value })
        });
        let settings: Vec<_> = settings.collect();
        let redis = RedisServer::start(Flavor::Redis, &settings).await;
        Self { local, redis, data: tempfile::tempdir().unwrap() }
    }

    /// With the environment of its container, but for where things are.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("ATROPOS_CONFIG", self.local.settings_file()).envs(self.local.variables());
        command.env("ATROPOS__STORE__URL", self.redis.url()).env("ATROPOS__STORE__DATA", self.data.path());
        command.env("ATROPOS__SERVER__LISTEN", "127.0.0.1:0").env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0");
        command
    }

    async fn serve(&self) -> Binary {
        Binary::start_command(&mut self.command(&["serve"])).await
    }

    /// Runs lines of a document, in a folder where local/ is.
    fn shell(&self, script: &str, server: &Binary) -> String {
        let script = script.replace("http://localhost:8080", &server.url(""));
        let folder = self.local.path("./local").parent().map(Path::to_owned).unwrap();
        printed(Command::new("sh").args(["-euc", &script]).current_dir(folder).output().unwrap())
    }
}

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The lines that docs/containers.md tells a newcomer to paste; the token is kept for later.
fn pasted() -> String {
    let document = text("docs/containers.md");
    let lines = document.split("```sh\n. local/demo-clients").nth(1).unwrap().split("```").next().unwrap();
    format!(". local/demo-clients{lines}\nprintf '%s\\n' \"$access\" >access")
}

const INTROSPECT: &str = r#"
    . local/demo-clients
    curl -s http://localhost:8080/oauth/introspect -u "$api" -d token=$(cat access)"#;

#[tokio::test]
async fn what_a_newcomer_is_given_outlives_both_containers() {
    let mut stack = Stack::start().await;
    assert_eq!(printed(stack.command(&["check"]).output().unwrap()), "the settings are fine\n");
    let mut server = stack.serve().await;
    let answers = stack.shell(&pasted(), &server);
    assert!(answers.contains(r#""active":true"#), "{answers}");

    server.terminate();
    assert!(server.ended().await.success());
    stack.redis.restart().await;
    let server = stack.serve().await;
    let answer = stack.shell(INTROSPECT, &server);
    assert!(answer.contains(r#""active":true"#), "{answer}");
}

/// `docker compose exec atropos atropos …` has the settings of the image, and nothing else to say.
#[tokio::test]
async fn operators_need_not_name_the_settings() {
    let stack = Stack::start().await;
    let server = stack.serve().await;
    stack.shell(&pasted(), &server);
    let token = || File::open(stack.local.path("./access")).unwrap();
    let tree = printed(stack.command(&["family", "show"]).stdin(token()).output().unwrap());
    assert!(tree.contains("client    demo-session"), "{tree}");
    let said = printed(stack.command(&["revoke"]).stdin(token()).output().unwrap());
    assert!(said.contains("1 access token"), "{said}");
    let answer = stack.shell(INTROSPECT, &server);
    assert_eq!(answer, r#"{"active":false}"#);
}
