//! What somebody would call the browser that a request comes from.

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;
use woothee::parser::Parser;

/// Longer texts are nothing that a browser says of itself.
const LONGEST: usize = 512;

/// "Firefox on Linux". `None` if it does not say.
pub(super) fn name(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get(USER_AGENT)?.to_str().ok().filter(|text| text.len() <= LONGEST)?;
    let found = Parser::new().parse(text)?;
    let is_known = |name: &&str| !matches!(*name, "UNKNOWN" | "");
    let (browser, system) = (Some(found.name).filter(is_known), Some(found.os).filter(is_known));
    match (browser, system) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}
