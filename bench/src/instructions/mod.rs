//! Where the time goes: instructions of the server for one request, by the part of it that they are spent in, as Valgrind
//! counts them. A busy machine counts as many as a quiet one.
mod profile;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use self::profile::{PARTS, Profile};
use crate::course::tell;
use crate::report::{Report, Sheet};
use crate::rows::{self, Row, Tokens};
use crate::server::Store;
use crate::stage::{Plan, Stage};
use crate::stats::count_of;

const ABSENT: &str = "not measured: valgrind is not here";
const ROWS: [&str; 7] =
    ["introspect-opaque", "introspect-jwt", "issue-opaque", "issue-jwt", "refresh", "exchange", "revoke"];
/// Requests that are counted, and before that so many that are not.
const REQUESTS: usize = 1_000;
const EARLIER: usize = 200;

pub(crate) async fn measure(plan: &Plan, report: &mut Report) {
    let valgrind = Command::new("valgrind").arg("--version").output();
    let is_here = valgrind.is_ok_and(|output| output.status.success());
    for row in ROWS.map(rows::named) {
        let title = vec![row.title.to_owned()];
        if !is_here {
            report.push(Sheet::Instructions, [title, vec![ABSENT.to_owned()]].concat());
            continue;
        }
        tell(&format!("instructions, {}", row.title), Store::Redis);
        match count(plan, row).await {
            Ok(profile) => report.push(Sheet::Instructions, [title, cells(&profile)].concat()),
            Err(error) => report.fail(Sheet::Instructions, title, &error),
        }
    }
}

/// The whole, and each part, for one request.
fn cells(profile: &Profile) -> Vec<String> {
    let whole = std::iter::once(profile.whole());
    let parts = PARTS.iter().map(|part| profile.part(*part));
    whole.chain(parts).map(|count| crate::picture::count(count / count_of(REQUESTS))).collect()
}

async fn count(plan: &Plan, row: &Row) -> Result<Profile> {
    let folder = tempfile::tempdir()?;
    let plan = Plan { binary: wrap(&plan.binary, folder.path())?, ..plan.clone() };
    let stage = Stage::set(&plan, Store::Redis).await?;
    let mut tokens: Vec<String> = match row.tokens {
        Tokens::Absent => vec![String::new(); EARLIER + REQUESTS],
        // Each is asked about before it counts.
        Tokens::Few(source) | Tokens::Spoilt(source) => {
            let few = stage.mint(EARLIER, source).await?;
            few.iter().cycle().take(EARLIER + REQUESTS).cloned().collect()
        }
        Tokens::Many(source) => stage.mint(EARLIER + REQUESTS, source).await?.into(),
        Tokens::Codes => stage.codes(EARLIER + REQUESTS).await?,
    };
    let counted = tokens.split_off(EARLIER);
    ensure!(counted.len() == REQUESTS, "{} requests are to be counted, not {REQUESTS}", counted.len());
    stage.spend(row.ask, &tokens, None).await?;
    let pid = stage.server.pid();
    control("--zero", pid.number())?;
    stage.spend(row.ask, &counted, None).await?;
    control("--dump", pid.number())?;
    stage.strike().await?;
    let dump = folder.path().join(format!("callgrind.{}.1", pid.number()));
    Profile::read(&std::fs::read_to_string(&dump).context("callgrind wrote nothing")?)
}

/// A script that starts the server below Valgrind, which leaves what it counted in `folder`.
fn wrap(binary: &Path, folder: &Path) -> Result<std::path::PathBuf> {
    let script = folder.join("server");
    let (out, binary) = (folder.join("callgrind.%p"), std::path::absolute(binary)?);
    let command = format!("valgrind --tool=callgrind --callgrind-out-file='{}' '{}'", out.display(), binary.display());
    std::fs::write(&script, format!("#!/bin/sh\nexec {command} \"$@\"\n"))?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700))?;
    Ok(script)
}

fn control(what: &str, pid: u32) -> Result<()> {
    let output = Command::new("callgrind_control").args([what, &pid.to_string()]).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success() && said.contains("OK"), "callgrind_control {what}: {}", said.trim());
    Ok(())
}
