//! Files of the embedded store as no server has left them: copied while it was writing, cut short, with a damaged page.
//! Whoever starts on one is refused in a sentence, or finds everything exactly as clients were told.

use std::fmt;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::time::sleep;

use super::crowd::any_deed;
use crate::ledger::{Deed, Ledger};
use crate::node::Node;
use crate::program::{Program, Start};

/// What was seen of torn files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Torn {
    /// By what was done to them: refused, and served.
    pub copied: [u32; 2],
    pub cut: [u32; 2],
    pub damaged: [u32; 2],
}

/// Copies of each store, each torn in another way.
const COPIES: u32 = 6;
const SESSIONS: usize = 12;
const PAGE: usize = 4096;
const FILE: &str = "atropos.redb";
const MASTER: &str = "master-secret";

/// In every round a store is copied while it is written to and when it was closed, and the copies are torn.
pub async fn torn(program: &Program, rounds: u32, seed: u64) -> Result<Torn> {
    let mut torn = Torn::default();
    for round in 0..rounds {
        let seed = seed.wrapping_add(round.into());
        let what = || format!("torn files: --seed {seed} --rounds 1");
        once(program, &mut Rng::with_seed(seed), &mut torn).await.with_context(what)?;
    }
    Ok(torn)
}

async fn once(program: &Program, rng: &mut Rng, torn: &mut Torn) -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut node = start(program, data.path()).await.map_err(anyhow::Error::msg)?;
    let quiet = history(&node, rng).await?;
    let copies = while_others_write(&node, data.path(), rng).await?;
    node.terminate();
    node.ended().await;
    let closed = Copy::of(data.path())?;
    for (copy, kind) in copies.iter().map(|copy| (copy, 0)).chain([(&closed, 0)]) {
        judge(program, copy, &quiet, (kind, torn)).await.context("as it was copied")?;
    }
    for number in 0..COPIES {
        let mut copy = if number % 2 == 0 { closed.clone() } else { rng.choice(&copies).context("some")?.clone() };
        let kind = 1 + number / 2 % 2;
        let how = if kind == 1 { copy.cut(rng) } else { copy.damage(rng) };
        judge(program, &copy, &quiet, (kind, torn)).await.context(how)?;
    }
    Ok(())
}

/// Sessions at all stages of their lives, of which everything is known.
async fn history(node: &Node, rng: &mut Rng) -> Result<Vec<Ledger>> {
    let mut sessions = Vec::new();
    for number in 0..SESSIONS {
        let mut session = Ledger::begin(node, true).await?;
        for _ in 0..rng.usize(0..4) {
            session.ask(node, Deed::Refresh).await?;
        }
        match number % 3 {
            0 => session.ask(node, Deed::End).await?,
            1 => session.ask(node, Deed::RevokeAccess(0)).await?,
            _ => true,
        };
        sessions.push(session);
    }
    Ok(sessions)
}

/// Copies of the file, of which none begins or ends at a moment when nobody writes.
async fn while_others_write(node: &Node, data: &Path, rng: &mut Rng) -> Result<Vec<Copy>> {
    let mut others = Vec::new();
    for _ in 0..SESSIONS {
        others.push((Ledger::begin(node, true).await?, rng.fork()));
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writing = others.iter_mut().map(async |(session, rng)| {
        while !*stopped.borrow() {
            session.ask(node, any_deed(rng)).await?;
        }
        anyhow::Ok(())
    });
    let copying = async {
        let mut copies = Vec::new();
        for _ in 0..3 {
            copies.push(Copy::slowly(data).await);
        }
        stop.send_replace(true);
        copies.into_iter().collect()
    };
    let (written, copies) = tokio::join!(join_all(writing), copying);
    written.into_iter().collect::<Result<()>>()?;
    copies
}

/// Whether a server is refused this file or serves it, and then exactly what was told of it.
async fn judge(program: &Program, copy: &Copy, quiet: &[Ledger], (kind, torn): (u32, &mut Torn)) -> Result<()> {
    let count = match kind {
        0 => &mut torn.copied,
        1 => &mut torn.cut,
        _ => &mut torn.damaged,
    };
    let folder = copy.unfold()?;
    match start(program, folder.path()).await {
        Ok(node) => {
            for session in quiet {
                session.clone().settle(&node).await?;
            }
            ensure!(!node.stderr().contains("panicked"), "the server panicked: {}", node.stderr());
            ensure!(kind != 1, "a file that was cut short is served");
            count[1] += 1;
        }
        Err(said) => {
            let plain = said.contains(FILE) && !said.contains("panicked");
            ensure!(plain, "it is refused, but not in a plain sentence: {said}");
            count[0] += 1;
        }
    }
    Ok(())
}

async fn start(program: &Program, data: &Path) -> Result<Node, String> {
    program.attempt(&Start { data, store: None, durability: "fsync", more: &super::scene::LASTING }).await
}

/// What a data folder holds.
#[derive(Clone)]
struct Copy {
    file: Vec<u8>,
    master: Vec<u8>,
}

impl Copy {
    fn of(data: &Path) -> Result<Self> {
        Ok(Self { file: fs::read(data.join(FILE))?, master: fs::read(data.join(MASTER))? })
    }

    /// As a copy of a large file is made: what stands at its end is much younger than what stands at its beginning.
    async fn slowly(data: &Path) -> Result<Self> {
        let mut copy = Self::of(data)?;
        let file = File::open(data.join(FILE))?;
        for number in 0..copy.file.len() / (4 * PAGE) {
            let at = 4 * PAGE * number;
            match file.read_exact_at(&mut copy.file[at..][..4 * PAGE], u64::try_from(at)?) {
                // It has become shorter meanwhile.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    copy.file.truncate(usize::try_from(file.metadata()?.len())?.min(at + 4 * PAGE));
                    break;
                }
                read => read?,
            }
            sleep(Duration::from_millis(1)).await;
        }
        Ok(copy)
    }

    fn unfold(&self) -> Result<TempDir> {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join(FILE), &self.file)?;
        let master = folder.path().join(MASTER);
        fs::write(&master, &self.master)?;
        fs::set_permissions(&master, fs::Permissions::from_mode(0o600))?;
        Ok(folder)
    }

    fn cut(&mut self, rng: &mut Rng) -> String {
        let length = rng.usize(1..self.file.len());
        self.file.truncate(length);
        format!("cut to {length} bytes")
    }

    /// Of a page, some bytes are others; or all are nothing, or those of another page.
    fn damage(&mut self, rng: &mut Rng) -> String {
        let pages = self.file.len() / PAGE;
        // Most of a young file is empty: what is damaged there, nobody sees.
        let used: Vec<usize> = (0..pages).filter(|page| self.page(*page).iter().any(|byte| *byte != 0)).collect();
        let Some(&page) = rng.choice(&used) else { return "not damaged".to_owned() };
        let other = self.page(rng.usize(0..pages)).to_vec();
        let how = rng.usize(0..4);
        let place = &mut self.file[page * PAGE..][..PAGE];
        match how {
            0 => place.fill(0),
            1 => place.copy_from_slice(&other),
            2 => place[rng.usize(0..PAGE)] ^= rng.u8(1..),
            _ => rng.fill(place),
        }
        format!("page {page} damaged in way {how}")
    }

    fn page(&self, number: usize) -> &[u8] {
        &self.file[number * PAGE..][..PAGE]
    }
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, [refused, served]) in
            [("copied while written to or after", self.copied), ("cut short", self.cut), ("damaged", self.damaged)]
        {
            write!(f, "{what}: {refused} refused, {served} served; ")?;
        }
        write!(f, "0 promises broken")
    }
}
