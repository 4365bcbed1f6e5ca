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
            let certificate = settings.client_certificate.as_ref();
            let own = RedisSettings {
                url: SecretString::from(url.expose()),
                username: settings.username.clone(),
                password: settings.password.clone(),
                sentinel_username: settings.sentinel_username.clone(),
                sentinel_password: settings.sentinel_password.clone(),
                client_cert_file: certificate.map(|(certificate, _)| certificate.clone()),
                client_key_file: certificate.map(|(_, key)| key.clone()),
                ca_file: settings.ca_file.clone(),
                prefix: settings.prefix.clone(),
                shards: settings.shards,
                timeout: settings.timeout,
                allow_eviction: settings.allow_eviction,
                durability: settings.durability,
            };
            Arc::new(RedisStore::open(&own).await?)
        }
    };
    Ok(Arc::new(MeasuredStore::new(store, metrics)))
}
