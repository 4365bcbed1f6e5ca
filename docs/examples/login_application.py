"""A login application: it signs people in for Atropos, by a directory of its own. docs/login-application.md explains it.

ATROPOS is the URL of the server, CLIENT and SECRET are the client that this is there, PORT is where to listen.
"""
import hashlib, hmac, html, json, os
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit
from urllib.request import Request, urlopen

ATROPOS, CLIENT, SECRET, PORT = (os.environ[name] for name in ("ATROPOS", "CLIENT", "SECRET", "PORT"))


def scrypt(password, salt):
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


# Your directory: what people type, who they are in tokens for ever, and what is kept of their password.
PEOPLE = {"carol@example.com": ("u-1041", b"salt of carol", scrypt("teapot", b"salt of carol"))}
NOBODY = ("", b"salt", b"")  # A name that there is not takes as long as one that there is.


def ask(call, **form):  # on the back channel, by client_secret_basic
    basic = b64encode(f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}".encode()).decode()
    request = Request(f"{ATROPOS}/oauth/login/{call}", urlencode(form).encode(), {"Authorization": f"Basic {basic}"})
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)

PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Sign in</title><h1>Sign in</h1>
<p>to go on to {application}</p><p role="alert">{fault}</p><form method="post">
<input type="hidden" name="login_challenge" value="{challenge}">
<label>Name <input name="name" value="{name}" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button name="answer" value="accept">Sign in</button> <button name="answer" value="reject">Cancel</button></form>"""

class Login(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(self.page, urlsplit(self.path).query)

    def do_POST(self):
        self.answer(self.signed_in, self.rfile.read(min(int(self.headers["Content-Length"]), 9999)).decode())

    def page(self, query, fault=""):
        form = dict(parse_qsl(query))
        asked = ask("lookup", login_challenge=form.get("login_challenge", ""))
        shown = {"application": asked.get("client_name", "your account"), "challenge": form["login_challenge"],
                 "name": form.get("name", asked.get("login_hint", "")), "fault": fault}
        self.send(403 if fault else 200, PAGE.format(**{key: html.escape(text) for key, text in shown.items()}))

    def signed_in(self, body):
        form = dict(parse_qsl(body))
        challenge = form.get("login_challenge", "")
        if form.get("answer") == "reject":
            return self.send(303, "", Location=ask("reject", login_challenge=challenge)["redirect_to"])
        subject, salt, known = PEOPLE.get(form.get("name"), NOBODY)
        if not hmac.compare_digest(scrypt(form.get("password", ""), salt), known):
            return self.page(body, "This name and this password do not belong together.")
        self.send(303, "", Location=ask("accept", login_challenge=challenge, subject=subject)["redirect_to"])

    def answer(self, handle, text):
        try:
            handle(text)
        except HTTPError as refused:  # 400: the challenge is no good any more. 503: a moment later it may be.
            self.send(refused.code, "<h1>Go back to where you came from and start again</h1>")

    def send(self, status, page, **headers):
        headers |= {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
        self.send_response(status)
        for name, value in {"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page.encode())

    log_message = lambda *_: None  # The URL has the challenge in it.

server = ThreadingHTTPServer(("127.0.0.1", int(PORT)), Login)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
