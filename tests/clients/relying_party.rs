//! Apache with `mod_auth_openidc` as an application, and a person in Chromium: `relying_party.mjs` is what the person does.

use atropos_testbed::{Flavor, RedisServer, Site};

use crate::{Dev, chromium, node_with};

#[tokio::test]
async fn a_person_signs_in_and_out_at_apache_on_the_embedded_store() {
    signs_in_and_out(None).await;
}

#[tokio::test]
async fn a_person_signs_in_and_out_at_apache_on_redis() {
    signs_in_and_out(Some(RedisServer::start(Flavor::Redis, &[]).await)).await;
}

async fn signs_in_and_out(store: Option<RedisServer>) {
    let site = Site::reserve();
    site.write("here/index.html", "Welcome to the reading room");
    site.write("bye.html", "Good bye from Apache");
    let settings = tempfile::tempdir().unwrap();
    let file = settings.path().join("clients.toml");
    std::fs::write(&file, client(&site.url())).unwrap();
    let dev = Dev::start_with(store, &[&format!("--config={}", file.display())], &[]).await;
    let configuration = configured(&site.url(), dev.server.url("").trim_end_matches('/'));
    let apache = site.serve("auth_openidc", &configuration).await;
    node_with("relying_party.mjs", &dev, &[&apache.url(), chromium().to_str().unwrap()]);
}

/// As its operator registers it.
fn client(at: &str) -> String {
    format!(
        r#"
        [[clients]]
        id = "apache"
        name = "The Library"
        secrets = ["sha256:bb32d82a1717faef83b99104f7614fc2b286a275a124644293bebd9441137260"]
        grant_types = ["authorization_code", "refresh_token"]
        scope = "openid profile"
        redirect_uris = ["{at}/here/redirect"]
        post_logout_redirect_uris = ["{at}/bye.html"]
        backchannel_logout_uri = "{at}/here/redirect?logout=backchannel"
        backchannel_logout_session_required = true
        "#
    )
}

/// Of the secret above.
const SECRET: &str = "the secret of Apache, 0f8f0c1c";

/// `/here/` is for those who are signed in.
fn configured(at: &str, issuer: &str) -> String {
    format!(
        r#"OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
        OIDCClientID apache
        OIDCClientSecret "{SECRET}"
        OIDCRedirectURI {at}/here/redirect
        OIDCCryptoPassphrase "of this test alone"
        OIDCScope "openid profile"
        OIDCPKCEMethod S256
        OIDCRemoteUserClaim preferred_username
        <Location /here>
            AuthType openid-connect
            Require valid-user
        </Location>
        "#
    )
}
