//! Certificates for a server that speaks TLS.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use redis::TlsCertificates;
use tempfile::TempDir;

/// An authority made for one test, and what it signed: a server's certificate for `localhost` and `127.0.0.1`, and a
/// client's. All are PEM files.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    pub(crate) fn make() -> Self {
        let folder = TempDir::with_prefix("atropos-tls-").expect("a temporary folder can be made");
        let made = Self { folder };
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, key()).expect("the parameters are our own");
        write(&made.authority(), &authority.pem());
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        made.sign(&authority, "server", names, ExtendedKeyUsagePurpose::ServerAuth);
        made.sign(&authority, "client", vec!["client".to_owned()], ExtendedKeyUsagePurpose::ClientAuth);
        made
    }

    /// The authority's certificate: what a client of the server has to trust.
    pub fn authority(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// The certificate a client may show.
    pub fn client_certificate(&self) -> PathBuf {
        self.path("client.pem")
    }

    /// The private key of [`Self::client_certificate`].
    pub fn client_key(&self) -> PathBuf {
        self.path("client.key")
    }

    /// The lines that make a Redis use them, with its replicas, sentinels and cluster as well. Clients need no certificate
    /// unless `tls-auth-clients` is set again.
    pub(crate) fn settings(&self) -> [(&'static str, String); 8] {
        [
            ("tls-ca-cert-file", quoted(&self.authority())),
            ("tls-cert-file", quoted(&self.path("server.pem"))),
            ("tls-key-file", quoted(&self.path("server.key"))),
            // Other nodes of a cluster are asked for one, whatever is asked of clients.
            ("tls-client-cert-file", quoted(&self.client_certificate())),
            ("tls-client-key-file", quoted(&self.client_key())),
            ("tls-auth-clients", "no".to_owned()),
            ("tls-replication", "yes".to_owned()),
            ("tls-cluster", "yes".to_owned()),
        ]
    }

    /// What a client needs that shows no certificate.
    pub(crate) fn trust(&self) -> TlsCertificates {
        let authority = fs::read(self.authority()).expect("it was written when this was made");
        TlsCertificates { client_tls: None, root_cert: Some(authority) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sign(
        &self,
        authority: &CertifiedIssuer<'_, KeyPair>,
        name: &str,
        subject_names: Vec<String>,
        purpose: ExtendedKeyUsagePurpose,
    ) {
        let key = key();
        let mut params = CertificateParams::new(subject_names).expect("the names are ASCII");
        // A subject of its own: one that equals its issuer's is taken for self-signed.
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        let certificate = params.signed_by(&key, authority).expect("the parameters are our own");
        write(&self.path(name).with_extension("pem"), &certificate.pem());
        write(&self.path(name).with_extension("key"), &key.serialize_pem());
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a P-256 key can be made")
}

fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

fn write(path: &Path, pem: &str) {
    fs::write(path, pem).expect("the folder is ours to write");
}
