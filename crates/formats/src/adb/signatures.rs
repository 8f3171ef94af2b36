//! The blocks in front of the contents: values, and signatures over them.

use ring::digest::{SHA512, digest};

use super::reject;
use super::stream::{Block, BlockKind, Blocks, Schema};
use crate::apk_signature::{KeyId, PublicKey};
use crate::inventory::InventoryContext;
use crate::{Place, ReadError, Reject, hexadecimal, limits};

/// Signatures that one document may carry; Alpine's carry one.
const SIGNATURES: usize = 16;

/// The largest signature with its head that apk writes.
const SIGNATURE_BYTES: u64 = 2048;

/// SHA-512, which is the only hash of the values that is ever signed.
const HASH: u8 = 4;

/// The head of a signature: its version, its hash, and the key's identifier.
pub(super) const HEAD: usize = 18;

/// What stands in front of the contents.
pub(super) struct Front {
    /// The block of values.
    pub(super) values: Vec<u8>,
    /// The key whose signature was found good.
    pub(super) signed_by: Option<String>,
    /// The block behind, the first with contents.
    pub(super) next: Option<Block>,
}

/// Reads the values and checks the signatures over them, when keys are given.
pub(super) fn read_front(
    schema: Schema,
    blocks: &mut Blocks<'_>,
    context: &InventoryContext<'_>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Front, ReadError> {
    let first = blocks.next()?;
    if first.is_none_or(|block| block.kind != BlockKind::Values) {
        return Err(blocks.malformed("it does not begin with its values"));
    }
    let values = blocks.payload(limits::WHOLE_DOCUMENT_BYTES)?;
    let mut signatures = Vec::new();
    let mut next = blocks.next()?;
    while next.is_some_and(|block| block.kind == BlockKind::Signature) {
        if signatures.len() == SIGNATURES {
            return Err(blocks.malformed(format!("it has more than {SIGNATURES} signatures")));
        }
        signatures.push(blocks.payload(SIGNATURE_BYTES)?);
        next = blocks.next()?;
    }
    if next.is_some_and(|block| block.kind == BlockKind::Values) {
        return Err(blocks.malformed("it has several blocks of values"));
    }
    let signed_by = check(schema, &values, &signatures, blocks, context, rejects)?;
    Ok(Front {
        values,
        signed_by,
        next,
    })
}

/// Checks the signatures of keys that are given; one that is bad is an error.
fn check(
    schema: Schema,
    values: &[u8],
    signatures: &[Vec<u8>],
    blocks: &Blocks<'_>,
    context: &InventoryContext<'_>,
    rejects: &mut dyn FnMut(Reject),
) -> Result<Option<String>, ReadError> {
    let mut signed_by = None;
    if !context.keys.is_empty() {
        for signature in signatures {
            match check_one(schema, values, signature, context.keys) {
                Outcome::Good(key) => {
                    signed_by.get_or_insert(key);
                }
                Outcome::Bad(reason) => return Err(blocks.malformed(reason)),
                Outcome::Unchecked(reason) => {
                    let document = blocks.document();
                    rejects(reject(document, Place::Whole, None, reason, true));
                }
            }
        }
    }
    if context.require_signature && signed_by.is_none() {
        return Err(blocks.malformed(match signatures.first() {
            None => "it is not signed, and a signature is required",
            Some(_) => "a signature of a known key is required; it is signed by others",
        }));
    }
    Ok(signed_by)
}

enum Outcome {
    Good(String),
    Bad(String),
    Unchecked(String),
}

fn check_one(schema: Schema, values: &[u8], signature: &[u8], keys: &[PublicKey]) -> Outcome {
    let Some((head, signature)) = signature.split_first_chunk::<HEAD>() else {
        return Outcome::Bad("a signature is smaller than its own head".to_owned());
    };
    let [version, hash, id @ ..] = head;
    if (*version, *hash) != (0, HASH) {
        return Outcome::Unchecked(format!(
            "a signature is of version {version} with hash {hash}, and was not checked"
        ));
    }
    let id: &KeyId = id;
    let mut keys = keys.iter().filter(|key| key.id() == id).peekable();
    let Some(named) = keys.peek().map(|key| key.name.clone()) else {
        let id = hexadecimal::encode(id);
        return Outcome::Unchecked(format!(
            "it is signed by the key {id}, which is none that was given"
        ));
    };
    let message = message(schema, head, values);
    match keys.find(|key| key.verify_sha512(&message, signature).is_ok()) {
        Some(key) => Outcome::Good(key.name.clone()),
        None => Outcome::Bad(format!("the signature by {named:?} is bad")),
    }
}

/// What a signature is over: the schema, its own head, and the hash of the values.
pub(super) fn message(schema: Schema, head: &[u8; HEAD], values: &[u8]) -> Vec<u8> {
    let hash = digest(&SHA512, values);
    [&schema.magic()[..], &head[..], hash.as_ref()].concat()
}

/// The head of a signature with this key.
pub(super) fn head(id: &KeyId) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[1] = HASH;
    head[2..].copy_from_slice(id);
    head
}
