//! RFC 6749 section 6: whose a refresh token is, and how much may be asked for with it, is oxide-auth's to judge (`machine`);
//! what presenting it leads to is [`crate::domain::family::refresh`]'s to say; this is the load, the commit, and what is told
//! of it.

mod machine;

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use self::machine::{Fault, Shown};
use super::answer::Issued;
use super::request::{Caller, Refresh};
use super::{Authority, Bounded};
use crate::domain::audit::Event;
use crate::domain::client::{ClientId, GrantType, TokenPolicy};
use crate::domain::error::{ClientFault, Error, GrantFault};
use crate::domain::family::refresh::{Refusal, Spend, Spent, Successors};
use crate::domain::family::{Family, Fingerprint};
use crate::domain::store::{Commit, Committed, Receipt, Stored, Unavailable};
use crate::domain::token::{OpaqueKind, Reading};
use crate::domain::{Cause, Head, KeyId, Revocation, Target, TokenId};

impl Authority {
    pub async fn refresh(&self, caller: &Caller, request: Refresh<'_>) -> Result<Issued, Error> {
        Self::may_use(&caller.client, request.surface, GrantType::RefreshToken)?;
        let miss = || self.limits.miss(&caller.client.id, caller.source);
        let (id, key) = self.read_refresh_token(request.refresh_token, miss).await?;
        self.spend(Some(caller), &request, id, key).within(self.deadline).await
    }

    /// By whoever holds the token: it says itself whose it is. Only on the surface that knows no other proof.
    pub async fn refresh_by_possession(&self, request: Refresh<'_>, source: Option<IpAddr>) -> Result<Issued, Error> {
        if !request.surface.takes_possession_for_proof() {
            return Err(Error::InvalidClient(ClientFault::Missing));
        }
        let miss = || self.authenticator.count_stranger(source);
        let (id, key) = self.read_refresh_token(request.refresh_token, miss).await?;
        self.spend(None, &request, id, key).within(self.deadline).await
    }

    async fn read_refresh_token(
        &self,
        token: &str,
        miss: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(TokenId, KeyId), Error> {
        match self.read(token).await? {
            Reading::Opaque { kind: OpaqueKind::Refresh, id, key } => Ok((id, key)),
            Reading::Garbage | Reading::UnknownKey(_) => Err(miss().err().unwrap_or(UNKNOWN)),
            Reading::Opaque { .. } | Reading::Jwt(_) => Err(UNKNOWN),
        }
    }

    /// `None`: nobody proved which client it is.
    async fn spend(
        &self,
        caller: Option<&Caller>,
        request: &Refresh<'_>,
        id: TokenId,
        key: KeyId,
    ) -> Result<Issued, Error> {
        let fingerprint = fingerprint(caller, request);
        loop {
            let loaded = self.load(id.family).await?;
            let stored = loaded.stored.ok_or(UNKNOWN)?;
            let family = &stored.family;
            // The owner comes first: nobody else's presenting it may end, or tell, anything (section 10.4).
            let (client, token) = (caller.map(|caller| &caller.client.id), request.refresh_token);
            let admitted = machine::admit(&Shown { client, token, scope: request.scope.as_ref() }, family);
            if let Err(Fault::Client) = admitted {
                return Err(Error::InvalidGrant(GrantFault::OtherClient));
            }
            if family.surface != request.surface {
                return Err(Error::InvalidGrant(GrantFault::OtherSurface));
            }
            if self.covering(&family.credential(id, key), loaded.head).await?.is_some() {
                return Err(Error::InvalidGrant(GrantFault::Ended));
            }
            let client = self.voucher(family).map_err(Error::InvalidGrant)?;
            Self::may_use(client, request.surface, GrantType::RefreshToken)?;
            let now = self.clock.now();
            let mint = self.mint(id.family.shard(), client.tokens.format).await?;
            let wanted = request.scope.clone().unwrap_or_else(|| family.scope.clone());
            let aim = match admitted {
                Ok(()) => self.aim_within(&family.audience, client.tokens.format, &request.resources, wanted),
                Err(_) => Err(Error::InvalidScope),
            };
            let (scope, audience) = match &aim {
                Ok(aim) if !request.resources.is_empty() => (Some(&aim.scope), Some(&*aim.audience)),
                Ok(_) => (request.scope.as_ref(), None),
                Err(_) => (None, None),
            };
            let (token, request, policy) = (id, fingerprint, &client.tokens);
            let spend = Spend { token, request, scope, audience, now, policy, mint: &mint };
            let outcome = family.spend(&spend).map_err(|refusal| refused(refusal, spend.policy))?;
            // Reuse is reuse, whatever the client may have by now.
            if !matches!(outcome, Spent::Reused(..)) {
                Self::may_go_on(client, family).map_err(Error::InvalidGrant)?;
                aim?;
            }
            match outcome {
                Spent::Rotated(next, successors) => {
                    if self.commit(&stored, &next, None).await? {
                        let serial = successors.refresh.serial;
                        self.audit.record(&Event::Refreshed { family: next.id, client: client.id.clone(), serial });
                        return self.hand_out(&next, &successors.access, Some(&successors.refresh));
                    }
                }
                Spent::Replayed(successors) => {
                    if self.is_any_covered(family, &successors, loaded.head).await? {
                        return Err(Error::InvalidGrant(GrantFault::SuccessorGone));
                    }
                    // The spend was read, not written here: a failover could still lose it, and then these successors
                    // and those of a later spend would be two branches.
                    if self.write_again(&stored).await? {
                        let serial = successors.refresh.serial;
                        self.audit.record(&Event::Replayed { family: family.id, client: client.id.clone(), serial });
                        return self.hand_out(family, &successors.access, Some(&successors.refresh));
                    }
                }
                Spent::Reused(ended, receipt) => {
                    let revocation = self.revocation(Target::Family(id.family), Cause::Reuse, self.family_end(family));
                    if self.commit(&stored, &ended, Some(revocation)).await? {
                        self.audit_reuse(&client.id, id, Cause::Reuse, receipt);
                        return Err(Error::InvalidGrant(GrantFault::Reused));
                    }
                }
            }
        }
    }

    /// A key may have been retired since: what was made with it cannot be given again.
    async fn is_any_covered(&self, family: &Family, successors: &Successors, head: Head) -> Result<bool, Unavailable> {
        let access = family.credential(family.id_of_access(&successors.access), successors.access.key);
        let refresh = family.credential(family.id_of_refresh(&successors.refresh), successors.refresh.key);
        Ok(self.covering(&access, head).await?.is_some() || self.covering(&refresh, head).await?.is_some())
    }

    pub(super) fn audit_reuse(&self, client: &ClientId, id: TokenId, cause: Cause, receipt: Receipt) {
        let (family, client, serial) = (id.family, client.clone(), id.serial);
        self.audit.record(&Event::Reused { family, client, serial, cause, receipt });
    }

    /// Whether it was written; if not, somebody else was first and all has to be judged again.
    pub(super) async fn commit(
        &self,
        stored: &Stored,
        next: &Family,
        revocation: Option<Revocation>,
    ) -> Result<bool, Error> {
        let append = self.append_to(next.id.shard(), revocation.as_slice());
        // Of a family that ends, what it was counts: its tombstone stays as long as any of its tokens could have lived.
        let keep_for = self.keep(&stored.family, next);
        self.carry_out(Commit { expected: stored.version, version: self.version(), family: next, keep_for, append })
            .await
    }

    /// Whether the record is still what was read, and durable by now.
    async fn write_again(&self, Stored { family, version }: &Stored) -> Result<bool, Error> {
        let append = self.append_to(family.id.shard(), &[]);
        let keep_for = self.keep(family, family);
        self.carry_out(Commit { expected: *version, version: *version, family, keep_for, append }).await
    }

    async fn carry_out(&self, commit: Commit<'_>) -> Result<bool, Error> {
        let shard = commit.append.shard;
        match self.store.commit(commit).await? {
            Committed::Done(stretch) => {
                self.follower.take_in(shard, stretch).await?;
                Ok(true)
            }
            Committed::Conflict => Ok(false),
        }
    }
}

const UNKNOWN: Error = Error::InvalidGrant(GrantFault::Unknown);

/// All by which a replay must equal the first request: client, authentication, scope, and resources in any order.
fn fingerprint(caller: Option<&Caller>, request: &Refresh<'_>) -> Fingerprint {
    let scope = request.scope.as_ref().map_or("", |scope| scope.as_str());
    let mut hash = Sha256::new();
    hash.update(caller.map(|caller| caller.credential).unwrap_or_default());
    hash.update([u8::from(request.scope.is_some())]);
    hash.update(scope);
    let mut resources: Vec<&str> = request.resources.iter().map(|resource| &**resource).collect();
    resources.sort_unstable();
    resources.dedup();
    for resource in resources {
        hash.update([0]);
        hash.update(resource);
    }
    let digest = hash.finalize();
    Fingerprint(std::array::from_fn(|i| digest[i]))
}

fn refused(refusal: Refusal, policy: &TokenPolicy) -> Error {
    match refusal {
        Refusal::Ended => Error::InvalidGrant(GrantFault::Ended),
        Refusal::Expired => Error::InvalidGrant(GrantFault::Expired),
        Refusal::Idle => Error::InvalidGrant(GrantFault::Idle),
        Refusal::OtherRequest => Error::InvalidGrant(GrantFault::OtherRequest),
        Refusal::SuccessorGone => Error::InvalidGrant(GrantFault::SuccessorGone),
        Refusal::TooMany(retry_after) => {
            Error::TooMany { limit: u32::try_from(policy.access_tokens_per_family).unwrap_or(u32::MAX), retry_after }
        }
    }
}
