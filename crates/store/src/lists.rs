//! Statements with a list among their parameters, in both dialects: a list comes as one JSON text.

/// Numbers in one statement's list.
pub(crate) const CHUNK: usize = 20_000;

/// A statement with one list among its parameters, of which PostgreSQL reads each element so.
macro_rules! with_list {
    ($before:literal, $list:literal, $after:literal, $element:literal) => {
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
                " = ANY (ARRAY(SELECT ",
                $element,
                " FROM jsonb_array_elements_text(",
                $list,
                "::jsonb)))",
                $after
            ),
        }
    };
}

/// A statement with one list of numbers among its parameters.
macro_rules! with_numbers {
    ($before:literal, $list:literal, $after:literal) => {
        crate::lists::with_list!($before, $list, $after, "value::bigint")
    };
}

/// A statement with one list of texts among its parameters.
macro_rules! with_texts {
    ($before:literal, $list:literal, $after:literal) => {
        crate::lists::with_list!($before, $list, $after, "value")
    };
}

pub(crate) use {with_list, with_numbers, with_texts};
