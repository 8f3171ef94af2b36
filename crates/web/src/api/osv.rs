//! The interface of OSV, described: its questions stand in the body.

use serde_json::{Value, json};

use super::reference;

/// Its paths.
pub(super) fn paths() -> Vec<(String, Value)> {
    let post = |id: &str, about: &str, asked: &str, answered: &str| {
        json!({ "post": {
            "operationId": id,
            "description": about,
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": reference(asked) } },
            },
            "responses": responses(answered),
        } })
    };
    let vulnerability = json!({ "get": {
        "operationId": "osv_vulnerability",
        "description": "The record of a vulnerability.",
        "parameters": [{
            "name": "id", "in": "path", "required": true,
            "description": "A vulnerability's identifier.",
            "schema": { "type": "string", "minLength": 1 },
        }],
        "responses": with_unknown(responses("OsvRecord")),
    } });
    let query = "The records that speak of a version of a package, as api.osv.dev tells them.";
    let batch = "The identifiers of the records of up to a thousand queries, in their order.";
    [
        (
            "/v1/query",
            post("osv_query", query, "OsvQuery", "OsvRecords"),
        ),
        (
            "/v1/querybatch",
            post("osv_query_batch", batch, "OsvQueries", "OsvResults"),
        ),
        ("/v1/vulns/{id}", vulnerability),
    ]
    .map(|(path, described)| (path.to_owned(), described))
    .into()
}

fn responses(answered: &str) -> Value {
    let of = |about: &str, schema: Value| {
        json!({
            "description": about, "content": { "application/json": { "schema": schema } },
        })
    };
    let error = reference("OsvError");
    json!({
        "200": of("The answer.", reference(answered)),
        "304": { "description": "What the asker has already still holds." },
        "400": of("The question cannot be understood.", error.clone()),
        "413": of("The question is too long.", error.clone()),
        "429": of(
            "It is more than one client may ask; `Retry-After` says when to ask again.",
            reference("Error"),
        ),
        "504": of("It took too long.", error),
    })
}

fn with_unknown(mut responses: Value) -> Value {
    responses["404"] = json!({
        "description": "There is no record of that name.",
        "content": { "application/json": { "schema": reference("OsvError") } },
    });
    responses
}

/// Its schemas, by name.
pub(super) fn schemas() -> Value {
    let text = json!({ "type": "string", "maxLength": 500 });
    let token = json!({ "type": "string", "description": "`next_page_token` of an answer." });
    let found = |items: Value| {
        json!({
            "type": "object",
            "properties": {
                "vulns": { "type": "array", "items": items },
                "next_page_token": { "type": "string" },
            },
        })
    };
    json!({
        "OsvQuery": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "commit": { "type": "string", "pattern": "^([0-9a-fA-F]{2}){0,64}$" },
                "version": text.clone(),
                "package": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": { "name": text.clone(), "ecosystem": text.clone(), "purl": text },
                },
                "page_token": token,
            },
        },
        "OsvQueries": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "queries": { "type": "array", "maxItems": 1000, "items": reference("OsvQuery") },
            },
        },
        "OsvRecord": {
            "type": "object",
            "description": "A record of OSV's schema 1.7.",
            "required": ["id", "modified"],
            "properties": {
                "id": { "type": "string" },
                "modified": { "type": "string", "format": "date-time" },
            },
        },
        "OsvRecords": found(reference("OsvRecord")),
        "OsvResults": {
            "type": "object",
            "required": ["results"],
            "properties": { "results": { "type": "array", "items": found(json!({
                "type": "object",
                "required": ["id", "modified"],
                "properties": {
                    "id": { "type": "string" },
                    "modified": { "type": "string", "format": "date-time" },
                },
            })) } },
        },
        "OsvError": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": { "type": "integer", "description": "A code of gRPC's." },
                "message": { "type": "string" },
            },
        },
    })
}
