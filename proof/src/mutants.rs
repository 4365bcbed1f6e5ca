//! Servers with a fault sown into their code: a proof that does not find one out is worth nothing.
//!
//! Each patch in `proof/mutants/` is one fault. Its first lines say, in a sentence, what is wrong (`Fault:`) and which
//! proof has to notice (`Proof:`, the arguments after `atropos-proof`). It is applied to a clone of the last commit, in
//! the target folder, so that no server of ours ever has such code in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::program::{Program, workspace};

struct Mutant {
    name: String,
    patch: PathBuf,
    fault: String,
    proof: Vec<String>,
}

/// Lines of a proof's complaint that are shown.
const SHOWN: usize = 12;

/// Builds each mutant, or those named, and lets its proof find it out; an error names those that were not.
pub fn hunt(program: &Program, names: &[String]) -> Result<()> {
    let mutants = all()?;
    for name in names {
        ensure!(mutants.iter().any(|mutant| mutant.name == *name), "there is no mutant {name} in proof/mutants");
    }
    let chosen: Vec<_> =
        mutants.into_iter().filter(|mutant| names.is_empty() || names.contains(&mutant.name)).collect();
    let mut sound: Vec<&[String]> = Vec::new();
    let mut escaped = Vec::new();
    for mutant in &chosen {
        println!("{}: {}", mutant.name, mutant.fault);
        if !sound.contains(&&*mutant.proof) {
            // Else it would be found to fail for whatever reason.
            ensure!(prove(program, &mutant.proof)?.is_none(), "{:?} fails without any mutant", mutant.proof);
            sound.push(&mutant.proof);
        }
        match prove(&mutant.build()?, &mutant.proof)? {
            Some(complaint) => println!("  caught by {}:\n{complaint}", mutant.proof.join(" ")),
            None => escaped.push(&*mutant.name),
        }
    }
    ensure!(escaped.is_empty(), "not caught: {}", escaped.join(", "));
    println!("{} mutants, all of them caught", chosen.len());
    Ok(())
}

/// An error names those that the code has moved away from.
pub fn fit() -> Result<()> {
    for mutant in all()? {
        git(workspace(), &["apply", "--check"], &[&mutant.patch]).with_context(|| mutant.name.clone())?;
    }
    Ok(())
}

fn all() -> Result<Vec<Mutant>> {
    let folder = workspace().join("proof/mutants");
    let mut patches: Vec<_> =
        std::fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    patches.sort();
    patches.into_iter().map(Mutant::read).collect()
}

impl Mutant {
    fn read(patch: PathBuf) -> Result<Self> {
        let text = std::fs::read_to_string(&patch)?;
        let line = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key));
            found.map(|rest| rest.trim().to_owned()).with_context(|| format!("{}: no line {key}", patch.display()))
        };
        let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let proof = line("Proof:")?.split_whitespace().map(str::to_owned).collect();
        Ok(Self { name, fault: line("Fault:")?, proof, patch })
    }

    fn build(&self) -> Result<Program> {
        let target = Program::target()?.join("mutants");
        let tree = target.join("tree");
        if !tree.exists() {
            git(workspace(), &["clone", "--quiet", "--no-checkout", "."], &[&tree])?;
        }
        git(&tree, &["fetch", "--quiet"], &[workspace(), Path::new("HEAD")])?;
        git(&tree, &["checkout", "--quiet", "--force", "--detach", "FETCH_HEAD"], &[])?;
        git(&tree, &["apply"], &[&self.patch])?;
        Program::build_in(&tree, &target)
    }
}

/// What a proof complains of about a server; `None` if it finds nothing.
fn prove(program: &Program, arguments: &[String]) -> Result<Option<String>> {
    let output = Command::new(std::env::current_exe()?).arg("--server").arg(program.path()).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(None),
        Some(1) => {
            let lines: Vec<_> = said.trim_end().lines().map(|line| format!("    {line}")).collect();
            Ok(Some(lines[lines.len().saturating_sub(SHOWN)..].join("\n")))
        }
        // A promise that is broken is told in a sentence; this is a proof that could not be made.
        _ => anyhow::bail!("{arguments:?} ended with {}:\n{said}", output.status),
    }
}

fn git(folder: &Path, arguments: &[&str], paths: &[&Path]) -> Result<()> {
    let status =
        Command::new("git").current_dir(folder).args(arguments).args(paths).status().context("git is needed")?;
    ensure!(status.success(), "git {} failed", arguments.join(" "));
    Ok(())
}
