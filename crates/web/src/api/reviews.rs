//! What reviewers send, described.

use serde_json::{Value, json};

use super::reference;

/// Its path.
pub(super) fn path() -> (String, Value) {
    // A browser that sends the form is told in a page.
    let error = |about: &str| {
        json!({
            "description": about,
            "content": {
                "application/json": { "schema": reference("Error") },
                "text/html": { "schema": { "type": "string" } },
            },
        })
    };
    let text = |about: &str, most: u32| json!({ "type": "string", "maxLength": most, "description": about });
    let given = json!({
        "type": "object",
        "required": ["hunk", "mark"],
        "additionalProperties": false,
        "properties": {
            "hunk": text("By what the hunk is known: one of `hunks`.", 64),
            "mark": { "type": "string", "enum": ["seen", "fine", "question", "unseen"] },
            "note": text("What is to be said beside that.", 1000),
        },
    });
    let said = json!({
        "type": "object",
        "properties": {
            "hunk": { "type": "string" },
            "mark": { "type": "string" },
            "author": { "type": "string", "description": "Whose token it was." },
        },
    });
    let post = json!({ "post": {
        "operationId": "mark_hunk",
        "description": "Says something of a hunk of a review, with a reviewer's token. What is said \
                        is never changed: what is said later counts.",
        "security": [{ "reviewer": [] }],
        "parameters": [{
            "name": "id", "in": "path", "required": true,
            "description": "The review's number.",
            "schema": { "type": "string", "minLength": 1 },
        }],
        "requestBody": {
            "required": true,
            "content": { "application/x-www-form-urlencoded": { "schema": given } },
        },
        "responses": {
            "200": {
                "description": "It was noted.",
                "content": { "application/json": { "schema": said } },
            },
            "400": error("It cannot be understood."),
            "401": error("There is no token, or it is nobody's."),
            "403": error("It was sent from a page of another site."),
            "404": error("There is no such review or hunk, or nobody may say anything here."),
            "413": error("It is too long."),
            "429": error("It is more than one client may ask; `Retry-After` says when to ask again."),
        },
    } });
    ("/review/{id}/mark".to_owned(), post)
}
