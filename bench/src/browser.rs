//! A browser in which a person signs in and approves, on the server's own pages: what has to be done before there is a code.
use std::fmt::Write as _;
use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail, ensure};

use crate::connection::Connection;

/// What demo-web asks in every request; the challenge is that of RFC 7636 appendix B.
const AUTHORIZE: &str = "/oauth/authorize?client_id=demo-web&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
    &response_type=code&scope=read&state=af0ifjsldkj\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
/// Where a code is sent.
const CALLBACK: &str = "https://app.example/callback?";

/// It keeps cookies, and one connection.
pub(crate) struct Browser {
    connection: Connection,
    /// As they are sent: `name=value`.
    cookies: Vec<String>,
}

struct Page {
    status: u16,
    location: Option<String>,
    text: String,
}

impl Browser {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self { connection: Connection::open(address).await?, cookies: Vec::new() })
    }

    /// Comes with an application's request, and gives the page on which that waits for a person.
    pub(crate) async fn come(&mut self) -> Result<String> {
        let login = self.get(AUTHORIZE).await?.leads_to()?;
        ensure!(login.starts_with("/login/"), "the person is not asked for, but sent to {login}");
        let page = self.get(&login).await?;
        ensure!(page.text.contains(r#"type="password""#), "{}: no form to sign in by", page.status);
        Ok(login)
    }

    /// Sends the form of that page.
    pub(crate) async fn sign_in(&mut self, login: &str, name: &str, password: &str) -> Result<()> {
        let form = format!("answer=sign_in&username={name}&password={password}");
        let there = self.post(login, &form).await?.leads_to()?;
        let has_session = self.cookies.iter().any(|cookie| cookie.starts_with("atropos-session="));
        ensure!(there == login && has_session, "{name} is not signed in");
        Ok(())
    }

    /// Signs in, approves where it was not approved before, and gives the code.
    pub(crate) async fn sign_in_and_approve(&mut self, name: &str, password: &str) -> Result<String> {
        let login = self.come().await?;
        self.sign_in(&login, name, password).await?;
        let page = self.get(&login).await?;
        if page.status == 200 {
            return self.post(&login, "answer=allow").await?.code();
        }
        page.code()
    }

    /// A code for what was approved before, without a question.
    pub(crate) async fn code(&mut self) -> Result<String> {
        self.get(AUTHORIZE).await?.code()
    }

    async fn get(&mut self, path: &str) -> Result<Page> {
        self.send(&format!("GET {path} HTTP/1.1\r\n"), "").await
    }

    async fn post(&mut self, path: &str, form: &str) -> Result<Page> {
        let content = "Content-Type: application/x-www-form-urlencoded";
        self.send(&format!("POST {path} HTTP/1.1\r\n{content}\r\nContent-Length: {}\r\n", form.len()), form).await
    }

    async fn send(&mut self, head: &str, body: &str) -> Result<Page> {
        let mut request = format!("{head}Host: localhost\r\n");
        if !self.cookies.is_empty() {
            write!(request, "Cookie: {}\r\n", self.cookies.join("; "))?;
        }
        write!(request, "\r\n{body}")?;
        let (status, text) = self.connection.exchange(request.as_bytes()).await?;
        let text = String::from_utf8_lossy(text).into_owned();
        for cookie in self.connection.headers("set-cookie") {
            self.keep(&cookie);
        }
        Ok(Page { status, location: self.connection.headers("location").pop(), text })
    }

    /// In place of what it had by this name.
    fn keep(&mut self, cookie: &str) {
        let pair = cookie.split(';').next().unwrap_or_default();
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        self.cookies.retain(|known| known.split_once('=').is_none_or(|(known, _)| known != name));
        self.cookies.push(pair.to_owned());
    }
}

impl Page {
    /// No text, for that may be longer than anybody reads; its status says enough.
    fn leads_to(self) -> Result<String> {
        ensure!(self.status == 303, "answered {} where a browser is to be sent on", self.status);
        self.location.context("a redirect without a Location")
    }

    fn code(self) -> Result<String> {
        let location = self.leads_to()?;
        let Some(told) = location.strip_prefix(CALLBACK) else { bail!("the application was told nothing") };
        let code = told.split('&').find_map(|pair| pair.strip_prefix("code="));
        Ok(code.context("the application was told no code")?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(status: u16, location: &str) -> Page {
        Page { status, location: Some(location.to_owned()), text: String::new() }
    }

    #[test]
    fn a_code_is_what_the_application_is_told() {
        let code = |location| page(303, location).code();
        assert_eq!(code("https://app.example/callback?code=ac_1&iss=x").unwrap(), "ac_1");
        assert_eq!(code("https://app.example/callback?iss=x&code=ac_1").unwrap(), "ac_1");
        assert!(code("https://app.example/callback?error=access_denied").is_err());
        assert!(code("/login/1").is_err());
        assert!(page(200, "https://app.example/callback?code=ac_1").code().is_err());
    }
}
