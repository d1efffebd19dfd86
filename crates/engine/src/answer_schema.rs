//! Whether an answer fits what a HumanTask asks for: the part of JSON Schema that schemas of workflows are described
//! with. What it does not know it lets pass; the task's own schema has the last word.

use serde_json::Value;

/// Returns what is wrong with `answer`, the first of it, or `None` when it fits `schema`.
pub(crate) fn problem(answer: &Value, schema: &Value) -> Option<String> {
    find(answer, schema, "the answer")
}

fn find(value: &Value, schema: &Value, place: &str) -> Option<String> {
    alternatives(value, schema, place)
        .or_else(|| kind(value, schema, place))
        .or_else(|| listed(value, schema, place))
        .or_else(|| bounds(value, schema, place))
        .or_else(|| fields(value, schema, place))
        .or_else(|| items(value, schema, place))
}

/// One of several schemas has to fit.
fn alternatives(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let options = schema["anyOf"].as_array().or(schema["oneOf"].as_array())?;
    let fits = options
        .iter()
        .any(|option| find(value, option, place).is_none());
    (!fits).then(|| format!("{place} fits none of what is allowed there"))
}

fn kind(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let expected = schema["type"].as_str()?;
    let fits = match expected {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    };
    (!fits).then(|| format!("{place} must be of type {expected}"))
}

fn listed(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let fields = schema.as_object()?;
    if let Some(only) = fields.get("const") {
        return (value != only).then(|| format!("{place} must be {only}"));
    }
    let allowed = fields.get("enum")?.as_array()?;
    let names = || {
        allowed
            .iter()
            .map(Value::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    (!allowed.contains(value)).then(|| format!("{place} must be one of {}", names()))
}

fn bounds(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let limit = |name: &str| schema[name].as_f64();
    let (size, least, most, what) = match value {
        Value::Number(number) => (number.as_f64()?, "minimum", "maximum", ""),
        #[expect(clippy::cast_precision_loss, reason = "no answer is that long")]
        Value::String(text) => (
            text.chars().count() as f64,
            "minLength",
            "maxLength",
            " characters",
        ),
        #[expect(clippy::cast_precision_loss, reason = "no answer is that long")]
        Value::Array(items) => (items.len() as f64, "minItems", "maxItems", " items"),
        _ => return None,
    };
    let (least, most) = (limit(least), limit(most));
    if let Some(least) = least.filter(|least| size < *least) {
        return Some(format!("{place} must have at least {least}{what}"));
    }
    if let Some(most) = most.filter(|most| size > *most) {
        return Some(format!("{place} must have at most {most}{what}"));
    }
    let above = limit("exclusiveMinimum").filter(|above| value.is_number() && size <= *above)?;
    Some(format!("{place} must be above {above}"))
}

fn fields(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let given = value.as_object()?;
    let required = schema["required"].as_array().into_iter().flatten();
    let mut missing = required
        .filter_map(Value::as_str)
        .filter(|name| !given.contains_key(*name));
    if let Some(name) = missing.next() {
        return Some(format!("{place} must have a field `{name}`"));
    }
    given.iter().find_map(|(name, field)| {
        let own = schema["properties"].get(name);
        let expected = own.or_else(|| schema.get("additionalProperties"));
        let place = format!("field `{name}`");
        expected.and_then(|expected| find(field, expected, &place))
    })
}

fn items(value: &Value, schema: &Value, place: &str) -> Option<String> {
    let expected = schema.get("items")?;
    let items = value.as_array()?.iter().enumerate();
    items
        .map(|(at, item)| find(item, expected, &format!("item {at} of {place}")))
        .find_map(|problem| problem)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "rating": { "type": "integer", "minimum": 1, "maximum": 5 },
                "choice": { "type": "string", "enum": ["a", "b"] },
                "note": { "anyOf": [{ "type": "string", "maxLength": 3 }, { "type": "null" }] },
                "tags": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            },
            "required": ["rating"],
        })
    }

    #[test]
    fn what_fits_has_no_problem() {
        for answer in [
            json!({ "rating": 5 }),
            json!({ "rating": 1, "choice": "b", "note": null, "tags": ["x"], "more": 1 }),
        ] {
            assert_eq!(problem(&answer, &schema()), None, "{answer}");
        }
        assert_eq!(problem(&json!(7), &json!({})), None);
    }

    #[test]
    fn the_first_problem_is_named_with_its_place() {
        for (answer, expected) in [
            (json!([]), "the answer must be of type object"),
            (json!({}), "the answer must have a field `rating`"),
            (
                json!({ "rating": 1.5 }),
                "field `rating` must be of type integer",
            ),
            (json!({ "rating": 9 }), "field `rating` must have at most 5"),
            (
                json!({ "rating": 1, "choice": "c" }),
                "field `choice` must be one of \"a\", \"b\"",
            ),
            (
                json!({ "rating": 1, "note": "long" }),
                "field `note` fits none of what is allowed there",
            ),
            (
                json!({ "rating": 1, "tags": [] }),
                "field `tags` must have at least 1 items",
            ),
            (
                json!({ "rating": 1, "tags": [1] }),
                "item 0 of field `tags` must be of type string",
            ),
        ] {
            assert_eq!(problem(&answer, &schema()).as_deref(), Some(expected));
        }
    }
}
