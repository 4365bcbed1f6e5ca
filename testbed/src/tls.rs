//! Certificates for a server that speaks TLS.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};

/// An authority made for one test, and what it signed: a server's certificate for `localhost` and `127.0.0.1`, and a
/// client's. All are PEM files.
#[derive(Debug)]
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    pub(crate) fn make(folder: &Path) -> Self {
        let made = Self { folder: folder.to_owned() };
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
        self.folder.join("authority.pem")
    }

    /// The certificate a client may show.
    pub fn client_certificate(&self) -> PathBuf {
        self.folder.join("client.pem")
    }

    /// The private key of [`Self::client_certificate`].
    pub fn client_key(&self) -> PathBuf {
        self.folder.join("client.key")
    }

    /// The lines that make a Redis use them. Clients need no certificate unless `tls-auth-clients` is set again.
    pub(crate) fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("tls-ca-cert-file", quoted(&self.authority())),
            ("tls-cert-file", quoted(&self.folder.join("server.pem"))),
            ("tls-key-file", quoted(&self.folder.join("server.key"))),
            ("tls-auth-clients", "no".to_owned()),
        ]
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
        write(&self.folder.join(name).with_extension("pem"), &certificate.pem());
        write(&self.folder.join(name).with_extension("key"), &key.serialize_pem());
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a P-256 key can be made")
}

fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

fn write(path: &Path, pem: &str) {
    fs::write(path, pem).expect("the data folder is ours to write");
}
