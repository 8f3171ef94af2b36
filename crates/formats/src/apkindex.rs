//! apkindex

use std::io::Read;

use palisade_model::Inventory;

use crate::inventory::InventoryContext;
use crate::{ReadError, Reject};

/// Reads an inventory.
pub fn read(document: &str, reader: &mut dyn Read, _context: &InventoryContext<'_>, rejects: &mut dyn FnMut(Reject)) -> Result<Inventory, ReadError> {
    let _ = (document, reader, rejects);
    unimplemented!()
}
