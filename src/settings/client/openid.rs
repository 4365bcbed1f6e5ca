//! What is checked of a client as an application of `OpenID` Connect.

use std::sync::Arc;

use url::Url;

use super::check::Report;
use super::entry::Entry;
use crate::domain::client::Client;
use crate::domain::keys::SigningAlgorithm;
use crate::domain::openid::{BackChannel, OPENID, Registration};
use crate::domain::redirect::is_loopback;
use crate::domain::scope::Scope;
use crate::settings::problem::Problems;

impl Entry {
    pub(super) fn openid(&self, scope: Option<&Scope>, report: &mut Report<'_>) -> Registration {
        let may = |token| scope.is_none_or(|scope| scope.contains(token));
        let signs_out = "post_logout_redirect_uris";
        for uri in &self.post_logout_redirect_uris {
            // As redirect URIs are (RP-Initiated Logout section 3.1); an application of a device may have a scheme of its own.
            let is_one = Url::parse(uri).is_ok_and(|url| url.fragment().is_none() && !url.cannot_be_a_base());
            report.require(is_one, signs_out, &format!("has {uri:?}, which is no absolute URL without a fragment"));
        }
        let back_channel = self.backchannel_logout_uri.as_ref();
        if let Some(uri) = back_channel {
            let key = "backchannel_logout_uri";
            report.require(
                is_safe(uri),
                key,
                "is no https:// URL without a fragment; http:// is for loopback addresses",
            );
            report.require(
                may(OPENID),
                key,
                "is set, and the scope has no \"openid\": it would never be told anything",
            );
        }
        report.require(
            !self.backchannel_logout_session_required || back_channel.is_some(),
            "backchannel_logout_session_required",
            "is true, and there is no backchannel_logout_uri",
        );
        report.require(
            self.post_logout_redirect_uris.is_empty() || !self.redirect_uris.is_empty(),
            signs_out,
            "is set, and nobody signs in at this client",
        );
        Registration {
            algorithm: self.id_token_signed_response_alg,
            post_logout_redirect_uris: self.post_logout_redirect_uris.clone(),
            back_channel: back_channel.map(|uri| BackChannel {
                uri: Arc::clone(uri),
                needs_session: self.backchannel_logout_session_required,
            }),
        }
    }
}

/// What is sent there says who has signed out (Back-Channel Logout section 2.2).
fn is_safe(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    url.fragment().is_none() && (url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url))
}

/// There are keys for RS256 and for what access tokens are signed with, and no others.
pub(super) fn check_algorithms(clients: &[Client], signs: SigningAlgorithm, problems: &mut Problems) {
    for client in clients {
        let wanted = client.openid.algorithm.0;
        if wanted != SigningAlgorithm::Rs256 && wanted != signs {
            let key = format!("clients[{}].id_token_signed_response_alg", client.id);
            let (wanted, signs) = (wanted.as_str(), signs.as_str());
            problems.add(key, format!("is {wanted}; there are keys for RS256 and for keys.signing_algorithm, {signs}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_told_without_tls() {
        for uri in ["https://app.example/out", "http://127.0.0.1:8080/out", "http://[::1]/", "http://localhost/out"] {
            assert!(is_safe(uri), "{uri}");
        }
        for uri in ["http://app.example/out", "https://app.example/#a", "app:/out", "/out", "http://localhost.example/"]
        {
            assert!(!is_safe(uri), "{uri}");
        }
    }
}
