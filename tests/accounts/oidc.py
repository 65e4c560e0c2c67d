"""A small OpenID Connect provider on this machine: discovery, authorize, token, userinfo, keys.

Tests set `person` (the claims), and bend an answer by `bend`: a dict of claims that replace those of
the ID token, such as {"iss": "https://elsewhere.example"}; a claim that is None is left out.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "lectern", "the-client-secret"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    def __init__(self):
        self.key = KEY
        self.person = {"sub": "42", "email": "ida@example.com", "email_verified": True}
        self.bend: dict = {}
        self.broken: dict = {}
        self.codes: dict = {}
        self.has_id_token = True
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def id_token(self, key=None, **claims) -> str:
        now = int(time.time())
        body = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, **self.person}
        body |= claims | self.bend
        body = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(body, key or self.key, "RS256", headers={"kid": "1"})

    def authorize(self, address: str) -> str:
        """What the person's browser does there: sign in and come back with a code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["client_id"] == CLIENT_ID
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"code": code, "state": query["state"]}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def documents(self) -> dict:
        numbers = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/jwks",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
            "/jwks": {"keys": [{**numbers, "kid": "1", "use": "sig", "alg": "RS256"}]},
            "/userinfo": self.person,
        } | self.broken

    def token(self, form: dict) -> tuple[int, dict]:
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).decode().rstrip("=")
        if (
            asked is None
            or form.get("client_secret") != CLIENT_SECRET
            or asked.get("code_challenge") != challenge
        ):
            return 400, {"error": "invalid_grant"}
        answer = {"access_token": "at", "token_type": "Bearer", "expires_in": 300}
        if not self.has_id_token:
            return 200, answer
        return 200, answer | {
            "id_token": self.id_token(nonce=asked.get("nonce")),
        }

    def _handler(provider):  # noqa: N805 - the handler's own self is the request
        class Handler(BaseHTTPRequestHandler):
            disable_nagle_algorithm = True  # head and body are two writes: nobody waits between

            def log_message(self, *args):
                """Quiet."""

            def _answer(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                body = provider.documents().get(urlsplit(self.path).path)
                self._answer(200 if body is not None else 404, body)

            def do_POST(self):
                raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(raw).items()}
                self._answer(*provider.token(form))

        return Handler
