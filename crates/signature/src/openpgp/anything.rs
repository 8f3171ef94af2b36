//! A policy that lets everything through.
//!
//! It serves to tell apart what verifies by an algorithm too weak from what does not verify, and to
//! see revocations however they were made. Nothing is accepted by it.

use sequoia_openpgp::Result;
use sequoia_openpgp::cert::prelude::*;
use sequoia_openpgp::packet::{Packet, Signature, key};
use sequoia_openpgp::policy::{HashAlgoSecurity, Policy};

/// Lets everything through.
#[derive(Debug)]
pub(super) struct Anything;

impl Policy for Anything {
    fn signature(&self, _: &Signature, _: HashAlgoSecurity) -> Result<()> {
        Ok(())
    }

    fn key(&self, _: &ValidErasedKeyAmalgamation<key::PublicParts>) -> Result<()> {
        Ok(())
    }

    fn packet(&self, _: &Packet) -> Result<()> {
        Ok(())
    }
}
