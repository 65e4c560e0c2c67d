"""The sign-in flows under /api/v1/auth/app/, which allauth serves, as OpenAPI paths."""

from engineroom.problems import CONTENT_TYPE

ROOT = "/api/v1/auth/app/v1"
TEXT = {"type": "string"}
EMAIL = {"type": "string", "format": "email"}
CODE = {"type": "string", "description": "The code from the mail or the authenticator app."}
CREDENTIAL = {"type": "object", "description": "The credential as the browser or phone gives it."}
SESSION = {
    "name": "X-Session-Token",
    "in": "header",
    "schema": TEXT,
    "description": "The session token of the flow, from `meta.session_token` of the answer before.",
}
ANSWER = {
    "type": "object",
    "required": ["status", "meta"],
    "properties": {
        "status": {"type": "integer"},
        "data": {
            "type": "object",
            "description": "The person, or `flows`: what is left to do, one of them `is_pending`.",
        },
        "meta": {
            "type": "object",
            "properties": {
                "is_authenticated": {"type": "boolean"},
                "session_token": {**TEXT, "description": "Carries the flow to its next call."},
                "access_token": {
                    **TEXT,
                    "description": "The device's bearer, at the end of the flow.",
                },
                "refresh_token": {**TEXT, "description": "Trades for a new pair of tokens, once."},
            },
        },
    },
}
PROBLEM = {"$ref": "#/components/schemas/Problem"}
UNFINISHED = {
    "description": "A problem document that also carries what the flow needs to go on.",
    "allOf": [
        PROBLEM,
        {
            "type": "object",
            "properties": {name: ANSWER["properties"][name] for name in ("data", "meta")},
        },
    ],
}
# Address, verb, operation id, summary, members of the body.
FLOWS = (
    ("config", "get", "readSignInConfiguration", "Read which ways to sign in there are.", {}),
    ("auth/signup", "post", "signUp", "Sign up.", {"email": EMAIL, "password": TEXT}),
    ("auth/email/verify", "post", "verifyEmail", "Confirm the e-mail address.", {"key": CODE}),
    (
        "auth/email/verify/resend",
        "post",
        "resendVerification",
        "Send the confirmation mail again.",
        {},
    ),
    ("auth/login", "post", "signIn", "Sign in by password.", {"email": EMAIL, "password": TEXT}),
    (
        "auth/2fa/authenticate",
        "post",
        "giveSecondFactor",
        "Give the second factor.",
        {"code": CODE},
    ),
    (
        "auth/webauthn/login",
        "get",
        "askForPasskey",
        "Begin signing in by passkey.",
        {},
    ),
    (
        "auth/webauthn/login",
        "post",
        "signInByPasskey",
        "Sign in by passkey.",
        {"credential": CREDENTIAL},
    ),
    (
        "auth/password/request",
        "post",
        "requestPasswordReset",
        "Ask for a mail that resets the password.",
        {"email": EMAIL},
    ),
    (
        "auth/password/reset",
        "post",
        "resetPassword",
        "Set a new password.",
        {"key": CODE, "password": TEXT},
    ),
    ("auth/reauthenticate", "post", "reauthenticate", "Prove it is you again.", {"password": TEXT}),
    ("auth/session", "get", "readSignInState", "Read how far the flow is.", {}),
    ("auth/session", "delete", "signOut", "Sign out.", {}),
)


def paths() -> dict:
    """Slot `developers.paths`: the flows that a program needs, from sign-up to signing out."""
    found: dict = {}
    for address, verb, name, summary, body in FLOWS:
        found.setdefault(f"{ROOT}/{address}", {})[verb] = _operation(verb, name, summary, body)
    return found


def _operation(verb, name, summary, body) -> dict:
    content = {"application/json": {"schema": ANSWER}}
    unfinished = {CONTENT_TYPE: {"schema": UNFINISHED}}
    operation = {
        "operationId": name,
        "summary": summary,
        "tags": ["sign-in"],
        "parameters": [SESSION],
        "responses": {
            "200": {"description": "Done.", "content": content},
            "401": {"description": "Not signed in yet: see `data.flows`.", "content": unfinished},
            "410": {
                "description": "The session token is not known any more.",
                "content": {CONTENT_TYPE: {"schema": PROBLEM}},
            },
            "429": {"$ref": "#/components/responses/Problem429"},
        },
    }
    if verb != "get":
        for status in ("400", "409"):
            operation["responses"][status] = {"$ref": f"#/components/responses/Problem{status}"}
    if body:
        schema = {"type": "object", "required": list(body), "properties": body}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return operation
