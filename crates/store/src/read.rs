//! Reading for pages, commands and exports.
