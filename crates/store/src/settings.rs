//! Values that belong to the database as a whole, by name.

use crate::StoreError;
use crate::session::{Session, params};

const GET: &str = "SELECT value FROM setting WHERE name = $1";
const SET: &str = "INSERT INTO setting (name, value) VALUES ($1, $2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";

impl Session {
    /// A setting's value.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn setting(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        self.query_one(GET, params![name])
            .await?
            .map(|row| row.text(0))
            .transpose()
    }

    /// Sets a setting.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.execute(SET, params![name, value]).await?;
        Ok(())
    }
}
