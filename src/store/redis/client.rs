//! Makes clients of what the settings say: where, as whom, over which kind of wire.

use std::path::Path;
use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion,
    RedisConnectionInfo, RedisError, TlsCertificates, TlsMode,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::ExposeSecret as _;

use super::address::{Address, Kind};
use super::{OpenError, RedisSettings};

/// Whom to ask for connections.
pub(super) enum Target {
    Server(Box<Client>),
    Sentinel(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
}

impl Target {
    pub(super) fn of(settings: &RedisSettings) -> Result<Self, OpenError> {
        let address = Address::parse(settings)?;
        let certificates = certificates(settings, &address)?;
        let tcp = tcp(settings.timeout);
        let target = match &address.kind {
            Kind::Server => server(&address, certificates, tcp).map(|client| Self::Server(Box::new(client))),
            Kind::Sentinel(name) => {
                let client = sentinel(settings, &address, name, certificates, tcp);
                client.map(|client| Self::Sentinel(Box::new(client)))
            }
            Kind::Cluster => {
                let client = cluster(&address, certificates, tcp, settings.timeout);
                client.map(|client| Self::Cluster(Box::new(client)))
            }
        };
        // What can fail here is the reading of certificates; its errors speak of PEM, not of its content.
        target.map_err(|error| OpenError::Settings(format!("store.url or its certificates cannot be used: {error}")))
    }
}

fn server(address: &Address, certificates: Option<TlsCertificates>, tcp: TcpSettings) -> Result<Client, RedisError> {
    let info = connection(&address.nodes[0], address, tcp)?;
    match certificates {
        Some(certificates) => Client::build_with_tls(info, certificates),
        None => Client::open(info),
    }
}

fn sentinel(
    settings: &RedisSettings,
    address: &Address,
    name: &str,
    certificates: Option<TlsCertificates>,
    tcp: TcpSettings,
) -> Result<SentinelClient, RedisError> {
    let nodes = address.nodes.iter().cloned();
    let mut builder = SentinelClientBuilder::new(nodes, name, SentinelServerType::Master)?
        .set_client_to_redis_db(address.database)
        .set_client_to_redis_protocol(ProtocolVersion::RESP3)
        .set_client_to_redis_tcp_settings(tcp.clone())
        .set_client_to_sentinel_tcp_settings(tcp);
    if let Some(username) = &address.username {
        builder = builder.set_client_to_redis_username(username);
    }
    if let Some(password) = &address.password {
        builder = builder.set_client_to_redis_password(password);
    }
    if let Some(username) = &settings.sentinel_username {
        builder = builder.set_client_to_sentinel_username(username);
    }
    if let Some(password) = &settings.sentinel_password {
        builder = builder.set_client_to_sentinel_password(password.expose_secret());
    }
    if address.is_encrypted() {
        builder =
            builder.set_client_to_redis_tls_mode(TlsMode::Secure).set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    if let Some(certificates) = certificates {
        builder = builder
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_certificates(certificates);
    }
    builder.build()
}

fn cluster(
    address: &Address,
    certificates: Option<TlsCertificates>,
    tcp: TcpSettings,
    timeout: Duration,
) -> Result<ClusterClient, RedisError> {
    let nodes: Vec<ConnectionInfo> =
        address.nodes.iter().map(|node| connection(node, address, tcp.clone())).collect::<Result<_, _>>()?;
    let mut builder = ClusterClient::builder(nodes)
        // The client would send a write again when a connection breaks: whether to is not for it to decide.
        .retries(0)
        .connection_timeout(timeout)
        .response_timeout(timeout)
        .tcp_settings(tcp);
    if let Some(certificates) = certificates {
        builder = builder.certs(certificates);
    }
    builder.build()
}

/// RESP3 for one thing: only there does a connection tell when it is lost, without anybody having to fail first.
fn connection(node: &ConnectionAddr, address: &Address, tcp: TcpSettings) -> Result<ConnectionInfo, RedisError> {
    let mut redis = RedisConnectionInfo::default().set_db(address.database).set_protocol(ProtocolVersion::RESP3);
    if let Some(username) = &address.username {
        redis = redis.set_username(username);
    }
    if let Some(password) = &address.password {
        redis = redis.set_password(password);
    }
    Ok(node.clone().into_connection_info()?.set_redis_settings(redis).set_tcp_settings(tcp))
}

/// Answers are small and waited for: nothing is held back to fill a packet. A peer that is gone without a word is
/// noticed by the keepalive when nothing is sent, by the user timeout when something is.
fn tcp(timeout: Duration) -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(5)).with_interval(Duration::from_secs(1));
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(timeout * 2);
    #[cfg(not(target_os = "linux"))]
    let _ = timeout;
    settings
}

fn certificates(settings: &RedisSettings, address: &Address) -> Result<Option<TlsCertificates>, OpenError> {
    let (authorities, chain, key) = (&settings.ca_file, &settings.client_cert_file, &settings.client_key_file);
    if authorities.is_none() && chain.is_none() && key.is_none() {
        return Ok(None);
    }
    if !address.is_encrypted() {
        return Err(OpenError::Settings("store.ca_file and the like need a store.url of rediss://".to_owned()));
    }
    let client_tls = match (chain, key) {
        (Some(chain), Some(key)) => Some(ClientTlsConfig {
            client_cert: read("store.client_cert_file", chain)?,
            client_key: read("store.client_key_file", key)?,
        }),
        (None, None) => None,
        _ => {
            let rule = "store.client_cert_file and store.client_key_file need each other";
            return Err(OpenError::Settings(rule.to_owned()));
        }
    };
    let root_cert = authorities.as_deref().map(|path| read("store.ca_file", path)).transpose()?;
    if root_cert.as_ref().is_some_and(|pem| CertificateDer::pem_slice_iter(pem).next().is_none()) {
        return Err(OpenError::Settings("store.ca_file holds no certificate".to_owned()));
    }
    Ok(Some(TlsCertificates { client_tls, root_cert }))
}

fn read(setting: &str, path: &Path) -> Result<Vec<u8>, OpenError> {
    std::fs::read(path).map_err(|error| OpenError::Settings(format!("{setting} cannot be read: {error}")))
}
