//! Statements with a list among their parameters, in both dialects: a list comes as one JSON text.

/// Numbers in one statement's list.
pub(crate) const CHUNK: usize = 20_000;

/// A statement with one list of numbers among its parameters, in both dialects.
macro_rules! with_numbers {
    ($before:literal, $list:literal, $after:literal) => {
        crate::session::Dialect {
            sqlite: concat!(
                $before,
                " IN (SELECT value FROM json_each(",
                $list,
                "))",
                $after
            ),
            postgres: concat!(
                $before,
                " = ANY (ARRAY(SELECT value::bigint FROM jsonb_array_elements_text(",
                $list,
                "::jsonb)))",
                $after
            ),
        }
    };
}

/// A statement with one list of texts among its parameters, in both dialects.
macro_rules! with_texts {
    ($before:literal, $list:literal, $after:literal) => {
        crate::session::Dialect {
            sqlite: concat!(
                $before,
                " IN (SELECT value FROM json_each(",
                $list,
                "))",
                $after
            ),
            postgres: concat!(
                $before,
                " = ANY (ARRAY(SELECT value FROM jsonb_array_elements_text(",
                $list,
                "::jsonb)))",
                $after
            ),
        }
    };
}

pub(crate) use {with_numbers, with_texts};
