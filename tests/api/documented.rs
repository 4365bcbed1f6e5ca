//! What every answer of these tests is held to: the `OpenAPI` document of the very server that gave it. A status that is not
//! there, a body of another shape, a header that is missing or that nobody told of: each fails the test that met it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::{Draft, Validator};
use reqwest::header::HeaderName;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::answer::Answer;

/// Headers of HTTP itself and of its framework.
const UNSPOKEN: [&str; 6] = ["date", "content-length", "content-type", "connection", "transfer-encoding", "vary"];

static SERVERS: LazyLock<Mutex<HashMap<SocketAddr, Arc<Documented>>>> = LazyLock::new(Mutex::default);

/// One document, with what was compiled of it.
pub(crate) struct Documented {
    pub document: Value,
    schemas: Mutex<HashMap<String, Arc<Validator>>>,
}

/// From now on this server's answers are held to its document.
pub(crate) fn hold(address: SocketAddr, openapi: &[u8]) {
    static KNOWN: LazyLock<Mutex<HashMap<Vec<u8>, Arc<Documented>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().expect("no panic");
    let documented = known.entry(openapi.to_vec()).or_insert_with(|| Arc::new(Documented::read(openapi)));
    SERVERS.lock().expect("no panic").insert(address, Arc::clone(documented));
}

/// A port that one server had goes to another, which has no document: to a listener of metrics, say.
pub(crate) fn release(address: SocketAddr) {
    SERVERS.lock().expect("no panic").remove(&address);
}

/// Does nothing where no document was told of: on the listener of the metrics, say.
pub(crate) fn check(address: SocketAddr, method: &Method, path: &str, answer: &Answer) {
    let documented = SERVERS.lock().expect("no panic").get(&address).cloned();
    if let Some(documented) = documented
        && let Err(wrong) = documented.check(method, path, answer)
    {
        panic!("{method} {path}: {wrong}: {answer:?}");
    }
}

pub(crate) fn address(url: &Url) -> Option<SocketAddr> {
    Some(SocketAddr::new(url.host_str()?.parse().ok()?, url.port()?))
}

impl Documented {
    pub(crate) fn read(openapi: &[u8]) -> Self {
        Self { document: serde_json::from_slice(openapi).expect("JSON"), schemas: Mutex::default() }
    }

    pub(crate) fn check(&self, method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
        let status = answer.status.as_u16().to_string();
        let item = self.item(path);
        let operation = item.and_then(|item| match method.as_str() {
            "HEAD" => item.get("get"),
            other => item.get(other.to_lowercase()),
        });
        let response = match (item, operation) {
            (Some(item), None) if *method == Method::OPTIONS => return self.check_options(item, answer),
            (_, Some(operation)) => operation["responses"].get(&status).ok_or("a status that is not documented")?,
            (_, None) => self.anywhere(path, &status, item.is_some())?,
        };
        self.check_response(self.resolve(response), method, answer)
    }

    /// A preflight, or the question which methods there are.
    fn check_options(&self, item: &Value, answer: &Answer) -> Result<(), String> {
        match answer.status.as_u16() {
            200 => Ok(()),
            204 => answer.header("allow").map(drop).ok_or_else(|| "no Allow".to_owned()),
            status @ (400 | 421) => {
                let mut of_item = item.as_object().into_iter().flat_map(|item| item.values());
                let refusal = of_item.find_map(|operation| operation["responses"].get(status.to_string()));
                let refusal = refusal.unwrap_or_else(|| &self.document["components"]["responses"]["InvalidRequest"]);
                self.check_response(self.resolve(refusal), &Method::OPTIONS, answer)
            }
            _ => Err("a status that is not documented".to_owned()),
        }
    }

    /// What is answered to paths that are not there, and to methods that are not allowed, in the words of that place.
    fn anywhere(&self, path: &str, status: &str, exists: bool) -> Result<&Value, String> {
        let below = path.strip_prefix(self.base().trim_end_matches('/')).unwrap_or(path);
        let tags = self.document["tags"].as_array().expect("tags");
        let at = |tag: &&Value| tag["x-atropos-prefix"].as_str().is_some_and(|prefix| below.starts_with(prefix));
        let words = tags.iter().find(at).map_or("", |tag| tag["x-atropos-words"].as_str().expect("words"));
        let name = match (status, exists) {
            ("404", false) => "NotFound",
            ("405", true) => "MethodNotAllowed",
            ("421", _) => "Misdirected",
            _ => return Err("neither documented, nor not found, nor not allowed".to_owned()),
        };
        let response = self.document["components"]["responses"].get(format!("{words}{name}"));
        response.ok_or_else(|| format!("there is no {words}{name}"))
    }

    /// The path item that a request belongs to, without its query.
    fn item(&self, path: &str) -> Option<&Value> {
        let path = path.split('?').next()?;
        let paths = self.document["paths"].as_object().expect("paths");
        let at = |(pattern, item): &(&String, &Value)| {
            let base = item["servers"][0]["url"].as_str().map_or_else(|| self.base(), path_of);
            path.strip_prefix(base.trim_end_matches('/')).is_some_and(|below| fits(pattern, below))
        };
        paths.iter().find(at).map(|(_, item)| item)
    }

    fn base(&self) -> String {
        path_of(self.document["servers"][0]["url"].as_str().expect("a URL"))
    }

    fn check_response(&self, response: &Value, method: &Method, answer: &Answer) -> Result<(), String> {
        let headers = response["headers"].as_object();
        for (name, header) in headers.into_iter().flatten() {
            let header = self.resolve(header);
            match answer.header(name) {
                Some(value) => self.check_text(&header["schema"], value).map_err(|wrong| format!("{name}: {wrong}"))?,
                None if header["required"] == true => return Err(format!("no {name}")),
                None => {}
            }
        }
        let told = |name: &str| headers.into_iter().flatten().any(|(told, _)| told.eq_ignore_ascii_case(name));
        let usual = |name: &str| UNSPOKEN.contains(&name) || name.starts_with("access-control-");
        let mut names = answer.headers.keys().map(HeaderName::as_str);
        if let Some(name) = names.find(|name| !told(name) && !usual(name)) {
            return Err(format!("{name} is not documented"));
        }
        self.check_body(response, method, answer)
    }

    fn check_body(&self, response: &Value, method: &Method, answer: &Answer) -> Result<(), String> {
        let Some(content) = response["content"].as_object() else {
            return if answer.body.is_empty() { Ok(()) } else { Err("a body that is not documented".to_owned()) };
        };
        let kind = answer.header("content-type").ok_or("no Content-Type")?;
        let media = content.get(kind).ok_or("a Content-Type that is not documented")?;
        if *method == Method::HEAD {
            return if answer.body.is_empty() { Ok(()) } else { Err("an answer to HEAD has a body".to_owned()) };
        }
        if !kind.ends_with("json") {
            return self.validate(&media["schema"], &Value::from(answer.body.as_str()));
        }
        let body = serde_json::from_str(&answer.body).map_err(|_| "a body that is no JSON")?;
        self.validate(&media["schema"], &body)
    }

    /// A header is a text, and is meant as a number where the schema says so.
    fn check_text(&self, schema: &Value, text: &str) -> Result<(), String> {
        let value = match text.parse::<u64>() {
            Ok(number) if schema["type"] == "integer" => Value::from(number),
            _ => Value::from(text),
        };
        self.validate(schema, &value)
    }

    pub(crate) fn validate(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let mut schemas = self.schemas.lock().expect("no panic");
        let schema = schemas.entry(schema.to_string()).or_insert_with(|| {
            // What it refers to is found where the document has it.
            let whole = json!({ "allOf": [schema], "components": self.document["components"] });
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            Arc::new(options.build(&whole).expect("a schema"))
        });
        schema.validate(value).map_err(|error| format!("{error} at {}", error.instance_path()))
    }

    /// What stands there, or what is referred to.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).expect("what is referred to"),
            None => value,
        }
    }
}

fn path_of(url: &str) -> String {
    Url::parse(url).expect("a URL").path().to_owned()
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    let one = |(part, segment): (&&str, &&str)| part == segment || (part.starts_with('{') && !segment.is_empty());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(one)
}
