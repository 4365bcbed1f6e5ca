//! Tokens that are not active, and why: INV-6 wants them to be one in answer and in time.
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::trial::{Group, Kind};
use crate::request::Ask;
use crate::rows::{INTROSPECT, ISSUE, REFRESH, SESSION, Source, TOKEN_PATH};
use crate::stage::{Stage, spoil};

/// Tokens of a kind. Each is asked about many times: one for each trial would show what a first look at a record costs.
const TOKENS: usize = 200;

/// The embedded store, and what it held before.
const FILE: &str = "atropos.redb";
const COPY: &str = "atropos.redb.copy";

const OPAQUE: Source = Source::access_token("demo-service");
const JWT: Source = Source::access_token("demo-service-jwt");
/// Both of a session, so that its record outlives them: one that expires at once, one that can be revoked alone.
const BRIEF: Source = Source::access_token("demo-brief");
const OF_A_SESSION: Source = Source::access_token("demo-session");
/// Of a client whose access tokens take the whole session along.
const OF_ENDED: Source = Source::new(Ask::by("demo-kajabi", TOKEN_PATH, ISSUE), "access_token");
const ELSEWHERE: Source = Source::access_token("demo-elsewhere");
const JWT_ELSEWHERE: Source = Source::access_token("demo-elsewhere-jwt");

const fn revoke(client: &'static str) -> Ask {
    Ask::by(client, "/oauth/revoke", "token={token}")
}

/// The stage comes back, for the server may have been started again.
pub(super) async fn groups(stage: Stage<'_>) -> Result<(Stage<'_>, Vec<Group>)> {
    let (stage, [unknown, again, unknown_jwt, again_jwt]) = without_records(stage).await?;
    let expired = mint(&stage, BRIEF).await?;
    let revoked = mint(&stage, OF_A_SESSION).await?;
    stage.spend(revoke("demo-session"), &revoked, None).await?;
    let ended = mint(&stage, OF_ENDED).await?;
    stage.spend(revoke("demo-kajabi"), &ended, None).await?;
    let spent = mint(&stage, SESSION).await?;
    stage.spend(REFRESH, &spent, None).await?;
    let revoked_jwt = mint(&stage, JWT).await?;
    stage.spend(revoke("demo-service-jwt"), &revoked_jwt, None).await?;
    let garbage = mint(&stage, OPAQUE).await?.into_iter().map(spoil).collect();
    let opaque = vec![
        kind("unknown (no record)", unknown),
        kind("unknown, once more", again),
        kind("expired", expired),
        kind("revoked", revoked),
        kind("of a session that has ended", ended),
        kind("spent", spent),
        kind("of another audience", mint(&stage, ELSEWHERE).await?),
        // What its text alone says may be said sooner.
        Kind { is_alike: false, ..kind("bad MAC", garbage) },
        Kind { is_alike: false, ..kind("alive", mint(&stage, OPAQUE).await?) },
    ];
    let jwt = vec![
        kind("unknown (no record)", unknown_jwt),
        kind("unknown, once more", again_jwt),
        kind("revoked", revoked_jwt),
        kind("of another audience", mint(&stage, JWT_ELSEWHERE).await?),
        Kind { is_alike: false, ..kind("alive", mint(&stage, JWT).await?) },
    ];
    let groups = vec![
        Group { title: "introspect, opaque", kinds: opaque, for_each: 1 },
        Group { title: "introspect, JWT", kinds: jwt, for_each: 1 },
    ];
    Ok((stage, groups))
}

fn kind(title: &'static str, tokens: Vec<String>) -> Kind {
    Kind { title, ask: INTROSPECT, tokens, is_alike: true }
}

async fn mint_twice(stage: &Stage<'_>) -> Result<[Vec<String>; 4]> {
    let (opaque, jwt) = (|| mint(stage, OPAQUE), || mint(stage, JWT));
    Ok([opaque().await?, opaque().await?, jwt().await?, jwt().await?])
}

async fn mint(stage: &Stage<'_>, source: Source) -> Result<Vec<String>> {
    Ok(stage.mint(TOKENS, source).await?.into())
}

/// Tokens that verify and of which the store knows nothing, as after the restoring of a backup. Twice those of a kind: one
/// that was asked about as often as two others would be quicker found in the processor's caches.
async fn without_records(stage: Stage<'_>) -> Result<(Stage<'_>, [Vec<String>; 4])> {
    if let Some(redis) = &stage.redis {
        let url = redis.url();
        let tokens = mint_twice(&stage).await?;
        let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
        let records: Vec<String> = redis::cmd("KEYS").arg("atropos{*}:f:*").query_async(&mut connection).await?;
        let count = tokens.len() * TOKENS;
        ensure!(records.len() == count, "{count} tokens have {} records", records.len());
        let () = redis::cmd("DEL").arg(records).query_async(&mut connection).await?;
        return Ok((stage, tokens));
    }
    // The signing keys are there from the start, and so is in the copy what verifies a JWT.
    let stage = stage.restart(|data| copy(data, FILE, COPY)).await?;
    let tokens = mint_twice(&stage).await?;
    Ok((stage.restart(|data| copy(data, COPY, FILE)).await?, tokens))
}

fn copy(folder: &Path, from: &str, to: &str) -> Result<()> {
    std::fs::copy(folder.join(from), folder.join(to)).with_context(|| format!("{from} to {to}"))?;
    Ok(())
}
