//! DIA-5: the document says at least what the vendors' own documents say of the calls that this server was made for, and
//! marks what they do not say.

use serde_json::{Value, json};

use super::document;
use crate::spawn::App;

/// Statuses of a call, with whether they are marked as ours.
fn statuses(responses: &Value, resolve: impl Fn(&Value) -> Value) -> Vec<(String, bool)> {
    let responses = responses.as_object().expect("responses");
    responses.iter().map(|(status, it)| (status.clone(), resolve(it)["x-atropos-addition"] == true)).collect()
}

#[tokio::test]
async fn kajabis_revocation_is_what_the_vendor_declares() {
    let app = App::spawn().await;
    let documented = document(&app).await;
    let call = &documented.document["paths"]["/v1/oauth/revoke"]["post"];
    assert_eq!(documented.document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert_eq!(call["security"], json!([{ "bearer": [] }]));
    let form = documented.resolve(&call["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]);
    assert_eq!((&form["required"], &form["properties"]["token"]["type"]), (&json!(["token"]), &json!("string")));
    let found = statuses(&call["responses"], |it| documented.resolve(it).clone());
    let vendors: Vec<_> = found.iter().filter(|(_, ours)| !ours).map(|(status, _)| status.as_str()).collect();
    assert_eq!(vendors, ["200", "401"]);
    assert_eq!(call["responses"]["200"].get("content"), None, "a successful response has an empty body");
    assert!(call["responses"]["401"]["content"]["application/json"].is_object());
}

#[tokio::test]
async fn anghamis_revocation_is_what_the_vendor_declares() {
    let app = App::spawn().await;
    let documented = document(&app).await;
    let call = &documented.document["paths"]["/v1/auth/token/revoke"]["post"];
    assert_eq!(call["security"], json!([]));
    let of = |response: &str| {
        let response = documented.resolve(&call["responses"][response]);
        documented.resolve(&response["content"]["application/json"]["schema"]).clone()
    };
    let request = documented.resolve(&call["requestBody"]["content"]["application/json"]["schema"]);
    assert_eq!(request["required"], json!(["token", "clientId"]));
    assert_eq!(of("200")["type"], "object");
    let violations = of("400");
    assert_eq!(violations["required"], json!(["violations"]));
    assert_eq!(violations["properties"]["violations"]["items"]["required"], json!(["field", "description"]));
    assert_eq!(of("default")["properties"]["message"]["type"], "string");
    assert!(statuses(&call["responses"], |it| documented.resolve(it).clone()).iter().all(|(_, ours)| !ours));
}

#[tokio::test]
async fn infisicals_revocation_is_what_the_vendor_declares() {
    let app = App::spawn().await;
    let documented = document(&app).await;
    let item = &documented.document["paths"]["/api/v1/auth/token-auth/tokens/{tokenId}/revoke"];
    let call = &item["post"];
    assert_eq!(call["security"], json!([{ "bearer": [] }]));
    let parameter = documented.resolve(&item["parameters"][0]);
    assert_eq!(
        (&parameter["name"], &parameter["in"], &parameter["required"]),
        (&"tokenId".into(), &"path".into(), &true.into())
    );
    let found = statuses(&call["responses"], |it| documented.resolve(it).clone());
    // Of 422 the vendor's document speaks as well; without a body, and with an id that is no UUID a 404, there is none.
    let vendors: Vec<_> = found.iter().filter(|(_, ours)| !ours).map(|(status, _)| status.as_str()).collect();
    assert_eq!(vendors, ["200", "400", "401", "403", "404", "422", "500"]);
    for status in vendors.iter().filter(|status| **status != "200") {
        let response = documented.resolve(&call["responses"][*status]);
        let media = &response["content"]["application/json"];
        let schema = documented.resolve(&media["schema"]);
        assert_eq!(schema["additionalProperties"], false, "{status}");
        assert_eq!(schema["required"], json!(["reqId", "statusCode", "message", "error"]), "{status}");
        let mut example = media["example"].clone();
        assert_eq!(example["statusCode"].to_string(), **status);
        example["statusCode"] = 999.into();
        assert!(documented.validate(&media["schema"], &example).is_err(), "{status}: only its own status");
    }
    let done = documented.resolve(&call["responses"]["200"]["content"]["application/json"]["schema"]);
    assert_eq!((&done["required"], &done["additionalProperties"]), (&json!(["message"]), &json!(false)));
}
