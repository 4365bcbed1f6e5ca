//! What operators do, through a running server's socket or, if none is running, on the store itself.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use super::args::{FamilyArgs, FamilyCommand, KeysArgs, KeysCommand, Place, RestoredArgs, RevokeArgs, RevokeTarget};
use super::secret::read_line;
use super::start::load;
use crate::admin::operation::KeyReport;
use crate::admin::{Answer, Operation, perform, socket, tree};
use crate::app::App;
use crate::domain::Target;
use crate::domain::clock::SystemClock;
use crate::domain::store::Receipt;
use crate::settings::Mode;

pub(super) async fn keys(args: &KeysArgs) -> Result<(), Failure> {
    let operator = Operator::at(&args.place).await?;
    let operation = match &args.command {
        KeysCommand::List => Operation::Keys,
        KeysCommand::Rotate { kind, now } => Operation::RotateKey { kind: kind.clone(), now: *now },
        KeysCommand::Retire { id, .. } => Operation::RetireKey(*id),
    };
    match operator.ask(operation).await? {
        Answer::Keys(keys) => show_keys(&keys),
        other => return Err(unexpected(other)),
    }
    Ok(())
}

fn show_keys(keys: &[KeyReport]) {
    println!("{:<10} {:<6} state", "key", "kind");
    for key in keys {
        println!("{:<10} {:<6} {}", key.id.to_string(), key.kind, key.status);
    }
}

pub(super) async fn family(args: &FamilyArgs) -> Result<(), Failure> {
    let FamilyCommand::Show { id } = &args.command;
    let operation = match id {
        Some(id) => Operation::Family(*id),
        None => Operation::FamilyOf(read_line("The token: ")?.to_string()),
    };
    match Operator::at(&args.place).await?.ask(operation).await? {
        Answer::Family(report) => println!("{}", tree::draw(&report)),
        other => return Err(unexpected(other)),
    }
    Ok(())
}

pub(super) async fn revoke(args: &RevokeArgs) -> Result<(), Failure> {
    let operator = Operator::at(&args.place).await?;
    let answer = match target(&args.target) {
        None => operator.ask(Operation::RevokeToken(read_line("The token: ")?.to_string())).await?,
        Some(target) => {
            if !args.yes {
                confirm(&count(&operator, target.clone()).await?)?;
            }
            operator.ask(Operation::Revoke(target)).await?
        }
    };
    match answer {
        Answer::Revoked(receipt) if receipt == Receipt::default() => println!("revoked"),
        Answer::Revoked(receipt) => println!("revoked: {}", tokens(receipt)),
        other => return Err(unexpected(other)),
    }
    Ok(())
}

pub(super) async fn restored(args: &RestoredArgs) -> Result<(), Failure> {
    let operator = Operator::at(&args.place).await?;
    if !args.yes {
        confirm(&count(&operator, Target::Everything).await?)?;
    }
    match operator.ask(Operation::Restored).await? {
        Answer::Revoked(_) => println!("all that was issued before is revoked; the server may be started"),
        other => return Err(unexpected(other)),
    }
    Ok(())
}

/// `None`: a token, from the standard input.
fn target(args: &RevokeTarget) -> Option<Target> {
    let family = args.family.map(Target::Family);
    let subject = || args.subject.as_deref().map(|subject| Target::Subject(subject.into()));
    let client = || args.client.as_deref().map(|client| Target::Client(client.into()));
    let key = || args.key.map(Target::Key);
    family.or_else(subject).or_else(client).or_else(key).or_else(|| args.everything.then_some(Target::Everything))
}

async fn count(operator: &Operator, target: Target) -> Result<String, Failure> {
    match operator.ask(Operation::Extent(target)).await? {
        Answer::Extent(extent) => Ok(format!("This ends {}.", tokens(extent))),
        other => Err(unexpected(other)),
    }
}

/// Nobody is there to be asked where the input is no terminal: then nothing is done.
fn confirm(what: &str) -> Result<(), Failure> {
    println!("{what}");
    if !io::stdin().is_terminal() {
        return Err(Failure("nothing was done; --yes does it without asking".to_owned()));
    }
    print!("Go on? [y/N] ");
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    if matches!(line.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(Failure("nothing was done".to_owned())) }
}

fn tokens(receipt: Receipt) -> String {
    let some = |count: u64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    format!(
        "{} with {} and {}",
        some(receipt.families, "family", "families"),
        some(receipt.refresh_tokens, "refresh token", "refresh tokens"),
        some(receipt.access_tokens, "access token", "access tokens"),
    )
}

fn unexpected(answer: Answer) -> Failure {
    Failure(match answer {
        Answer::Refused(why) => why,
        Answer::NoSuchFamily => {
            "there is no such family: it never was, or it ended so long ago that its record is gone".to_owned()
        }
        Answer::NoToken => "this is no token of this server".to_owned(),
        Answer::Family(_) | Answer::Extent(_) | Answer::Revoked(_) | Answer::Keys(_) => {
            "the server answers something else; is it of another version?".to_owned()
        }
    })
}

/// Whoever answers: a running server, or the store through this process.
enum Operator {
    /// By its data folder.
    Running(PathBuf),
    Itself(Box<App>),
}

impl Operator {
    async fn at(place: &Place) -> Result<Self, Failure> {
        let mode = if place.config.is_some() { Mode::Serve } else { Mode::Dev };
        let mut overrides = Vec::new();
        overrides.extend(place.data.as_ref().map(|data| ("store.data", data.display().to_string())));
        overrides.extend(place.store.clone().map(|url| ("store.url", url)));
        let settings = load(mode, place.config.as_deref(), &overrides)?;
        if socket::is_answered(&settings.store.data).await? {
            return Ok(Self::Running(settings.store.data));
        }
        if mode == Mode::Dev && !Path::new(&settings.store.data).exists() {
            let folder = settings.store.data.display();
            return Err(Failure(format!(
                "there is no data folder {folder}; --data or --config tells where the server's is"
            )));
        }
        let address = settings.server.listen;
        let app = App::open(settings, mode, address, Arc::new(SystemClock::default())).await?;
        Ok(Self::Itself(Box::new(app)))
    }

    async fn ask(&self, operation: Operation) -> Result<Answer, Failure> {
        match self {
            Self::Itself(app) => Ok(perform(&app.authority, operation).await),
            Self::Running(data) => match socket::ask(data, &operation).await? {
                Some(answer) => Ok(answer),
                None => Err(Failure("the server has just ended; ask again".to_owned())),
            },
        }
    }
}
