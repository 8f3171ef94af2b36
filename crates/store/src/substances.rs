//! Digests of packages without the lines on which they are defined, for packages that were written
//! before there was such a digest.

use crate::block::BlockSpan;
use crate::facts::span;
use crate::inventory::hex;
use crate::session::{Dialect, Session, json_rows, params};
use crate::{PackageId, StoreError};

const WITHOUT: &str = "SELECT id, facts_block, facts_offset, facts_length FROM package \
    WHERE substance IS NULL AND id > $1 ORDER BY id LIMIT $2";
const SET: Dialect = Dialect {
    sqlite: "UPDATE package SET substance = unhex(new.value ->> 1) FROM json_each($1) AS new \
             WHERE package.id = new.value ->> 0",
    postgres: "UPDATE package SET substance = decode(new.value ->> 1, 'hex') \
               FROM jsonb_array_elements($1::jsonb) AS new(value) \
               WHERE package.id = (new.value ->> 0)::bigint",
};

impl Session {
    /// Packages behind another that have no such digest, with the places of all of them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn packages_without_substance(
        &mut self,
        after: PackageId,
        limit: i64,
    ) -> Result<Vec<(PackageId, BlockSpan)>, StoreError> {
        let rows = self.query(WITHOUT, params![after.0, limit]).await?;
        rows.iter()
            .map(|row| Ok((PackageId(row.int(0)?), span(row, 1)?)))
            .collect()
    }

    /// Writes such digests.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_substances(
        &mut self,
        substances: &[(PackageId, [u8; 16])],
    ) -> Result<(), StoreError> {
        let rows: Vec<(i64, String)> = substances
            .iter()
            .map(|(package, digest)| (package.0, hex(digest)))
            .collect();
        self.execute(SET, params![json_rows(&rows)]).await?;
        Ok(())
    }
}
