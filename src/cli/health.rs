//! `health`: for container health checks, in images that have no other program.

use std::time::Duration;

use super::Failure;

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn ask(url: &str) -> Result<(), Failure> {
    let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().new_agent();
    match agent.get(url).call() {
        Ok(_) => {
            println!("ready");
            Ok(())
        }
        Err(ureq::Error::StatusCode(status)) => Err(Failure(format!("not ready: {url} answers {status}"))),
        Err(error) => Err(Failure(format!("not ready: {url} does not answer: {error}"))),
    }
}
