//! What can go wrong: one variant per fault that a client can make, and [`Error::Unavailable`].

use std::time::Duration;

use super::store::Unavailable;

/// Why a request was not done. The mapping to a wire is each surface's own, exhaustive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request is malformed. The text is for the client's developer; it never repeats input.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// Client authentication failed; who asked is not known.
    #[error("client authentication failed")]
    InvalidClient(ClientFault),
    /// The client may not use this grant type.
    #[error("this client may not use this grant type")]
    UnauthorizedClient,
    #[error("this grant type is not supported")]
    UnsupportedGrantType,
    /// The scope is malformed, unknown, or wider than what may be granted.
    #[error("the scope is malformed or exceeds what this client may be granted")]
    InvalidScope,
    /// A resource that the client's tokens are not for, or resources that one token cannot be for (RFC 8707 section 2).
    #[error("the resource is not one that this client may have a token for")]
    InvalidTarget,
    /// The grant cannot be honoured. The fault stands in the log, never on the wire.
    #[error("the grant is invalid, expired, revoked, or was issued to another client")]
    InvalidGrant(GrantFault),
    /// The access token that was to prove who asks does not (RFC 6750 section 3.1).
    #[error("the access token is missing, invalid, expired or revoked")]
    InvalidToken(BearerFault),
    /// Something was not done to an identity, or to one of its tokens.
    #[error("nothing was done to this identity or token")]
    Management(ManagementFault),
    /// Asked too often; nothing was done. So many would have been allowed.
    #[error("too many requests")]
    TooMany { limit: u32, retry_after: Duration },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why client authentication failed; for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientFault {
    Missing,
    /// Credentials that cannot be read.
    Malformed,
    UnknownClient,
    Disabled,
    WrongMethod,
    WrongSecret,
    InvalidAssertion,
    ReplayedAssertion,
}

impl ClientFault {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::UnknownClient => "unknown_client",
            Self::Disabled => "disabled",
            Self::WrongMethod => "wrong_method",
            Self::WrongSecret => "wrong_secret",
            Self::InvalidAssertion => "invalid_assertion",
            Self::ReplayedAssertion => "replayed_assertion",
        }
    }
}

/// Why an access token proves nothing; for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BearerFault {
    Missing,
    /// A header that cannot be read.
    Malformed,
    /// Not a token of ours, or its record is gone.
    Unknown,
    /// A token of ours, but of another kind.
    NoAccessToken,
    /// Born on another surface: unknown here.
    OtherSurface,
    Expired,
    /// Revoked by itself, with its family, or by a wider revocation; or its client does not stand behind it any more.
    Ended,
    /// Alive, but not to be used from where the request came.
    UntrustedAddress,
    /// Alive, but not for what was asked for.
    InsufficientScope,
}

impl BearerFault {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::NoAccessToken => "no_access_token",
            Self::OtherSurface => "other_surface",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::UntrustedAddress => "untrusted_address",
            Self::InsufficientScope => "insufficient_scope",
        }
    }
}

/// Why something was not done to an identity, or to one of its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagementFault {
    /// There is no such identity, as far as the caller may know.
    UnknownIdentity,
    /// There is no such token, as far as the caller may know; or it has been revoked.
    UnknownToken,
    /// The caller may not manage this identity.
    NotPermitted,
    /// Nobody attached token auth to this identity, or somebody removed it.
    NotConfigured,
    AlreadyConfigured,
    /// Nothing more is given to this identity.
    Disabled,
    /// A token would live longer than it could be renewed.
    LifetimeBeyondLongest,
}

impl ManagementFault {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownIdentity => "unknown_identity",
            Self::UnknownToken => "unknown_token",
            Self::NotPermitted => "not_permitted",
            Self::NotConfigured => "not_configured",
            Self::AlreadyConfigured => "already_configured",
            Self::Disabled => "disabled",
            Self::LifetimeBeyondLongest => "lifetime_beyond_longest",
        }
    }
}

/// Why a grant was refused; for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantFault {
    /// Not a token of ours, or its record is gone.
    Unknown,
    OtherClient,
    /// Born on another surface: unknown here.
    OtherSurface,
    /// The family reached its end of life.
    Expired,
    /// The refresh token lay unused for too long.
    Idle,
    /// The family was ended, by its record or by a wider revocation.
    Ended,
    /// Its client is not registered any more, or disabled.
    ClientGone,
    /// Its client does not have the credential any more that the family is bound to.
    CredentialGone,
    /// Its client may not have all the scopes any more that were granted.
    ScopeRetired,
    /// A spent refresh token came again and the family was ended for it.
    Reused,
    /// Within the replay window, but not the same request by the same proof.
    OtherRequest,
    /// Within the replay window, but a successor is not alive any more.
    SuccessorGone,
    /// An authorization code came a second time and the family was ended for it.
    CodeUsed,
    /// Not the verifier that the code's challenge was made of.
    WrongVerifier,
    /// Not the redirect URI that the code was sent to, or none.
    OtherRedirectUri,
    /// There is no such person, or not with this password.
    WrongPassword,
    /// The person may not sign in.
    UserDisabled,
    /// Nobody waits any more for somebody to sign in by this challenge, or ever did.
    NotWaiting,
    /// Of a challenge that was answered otherwise before.
    OtherAnswer,
}

impl GrantFault {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::OtherClient => "other_client",
            Self::OtherSurface => "other_surface",
            Self::Expired => "expired",
            Self::Idle => "idle",
            Self::Ended => "ended",
            Self::ClientGone => "client_gone",
            Self::CredentialGone => "credential_gone",
            Self::ScopeRetired => "scope_retired",
            Self::Reused => "reused",
            Self::OtherRequest => "other_request",
            Self::SuccessorGone => "successor_gone",
            Self::CodeUsed => "code_used",
            Self::WrongVerifier => "wrong_verifier",
            Self::OtherRedirectUri => "other_redirect_uri",
            Self::WrongPassword => "wrong_password",
            Self::UserDisabled => "user_disabled",
            Self::NotWaiting => "not_waiting",
            Self::OtherAnswer => "other_answer",
        }
    }
}
