//! Machines whose tokens somebody manages: who may, on what terms, and what can be done to a token by its id or by
//! whoever holds it.

mod possession;
mod token_auth;
mod tokens;

use std::sync::Arc;

use uuid::Uuid;

pub use possession::Renewable;
pub use tokens::MachineToken;

use super::Authority;
use super::issue::Grant;
use crate::domain::Target;
use crate::domain::client::{Client, ClientId, Surface};
use crate::domain::error::{Error, ManagementFault};
use crate::domain::family::birth::First;
use crate::domain::family::listing::Listing;

/// Where all this is offered.
const SURFACE: Surface = Surface::Infisical;

/// An identity, in the hands of somebody who may manage it.
#[derive(Clone, Debug)]
pub struct ManagedIdentity {
    identity: Arc<Client>,
    manager: ClientId,
}

impl ManagedIdentity {
    pub fn id(&self) -> Uuid {
        self.identity.identity_id
    }

    /// Where its tokens are listed.
    fn listing(&self) -> Listing<'_> {
        Listing::Identity(self.identity.id.as_str())
    }

    /// All of them.
    fn target(&self) -> Target {
        Target::Identity(self.identity.id.as_str().into())
    }
}

impl Authority {
    /// The identity of this id, for `manager`. What is not on this surface does not exist.
    pub fn identity(&self, manager: &Client, id: Uuid) -> Result<ManagedIdentity, Error> {
        let identity = self.clients.find_identity(id).filter(|client| client.surfaces.contains(&SURFACE));
        let identity = identity.ok_or(Error::Management(ManagementFault::UnknownIdentity))?;
        entrust(manager, identity)
    }
}

/// What a machine is granted in its own name, all that it may have.
fn machine(client: &Client) -> Grant<'_> {
    Grant {
        client: &client.id,
        subject: None,
        surface: SURFACE,
        begotten_by: None,
        scope: client.scope.clone(),
        audience: client.audience.clone(),
        policy: &client.tokens,
        first: First::Tokens { with_refresh_token: false },
        within: None,
        evidence: None,
        agent: None,
        managed: None,
        name: "universal_auth",
    }
}

fn entrust(manager: &Client, identity: &Arc<Client>) -> Result<ManagedIdentity, Error> {
    if !manager.manages.includes(&identity.id) {
        return Err(Error::Management(ManagementFault::NotPermitted));
    }
    Ok(ManagedIdentity { identity: Arc::clone(identity), manager: manager.id.clone() })
}
