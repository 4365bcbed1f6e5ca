//! Opens the store that the settings name.

use std::sync::Arc;

use secrecy::SecretString;

use super::StartError;
use crate::domain::clock::Clock;
use crate::domain::store::Store;
use crate::settings::{self, Location};
use crate::store::embedded::{self, Embedded};
use crate::store::redis::{RedisSettings, RedisStore};
use crate::telemetry::{MeasuredStore, Metrics};

pub(super) async fn store(
    settings: &settings::Store,
    clock: &Arc<dyn Clock>,
    metrics: &Metrics,
) -> Result<Arc<dyn Store>, StartError> {
    let store: Arc<dyn Store> = match &settings.location {
        Location::Embedded => {
            let own = embedded::Settings { timeout: settings.timeout, ..embedded::Settings::new(&settings.data) };
            Arc::new(Embedded::open(&own, Arc::clone(clock))?)
        }
        Location::Redis(url) => {
            let own = RedisSettings {
                url: SecretString::from(url.expose()),
                password: settings.password.clone(),
                ca_file: settings.ca_file.clone(),
                prefix: settings.prefix.clone(),
                shards: settings.shards,
                timeout: settings.timeout,
                allow_eviction: settings.allow_eviction,
                ..RedisSettings::new(url.expose(), settings.durability)
            };
            Arc::new(RedisStore::open(&own).await?)
        }
    };
    Ok(Arc::new(MeasuredStore::new(store, metrics)))
}
