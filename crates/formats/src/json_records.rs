//! json_records
