"""All settings of the school. Machines differ by their environment only.

Every variable is declared in SCHEMA; each may also be read from the file named by NAME_FILE.
"""

import logging
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.rest import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401 - settings, too
from engineroom.boot import (
    Environment,
    content_security_policy,
    database_options,
    file_storages,
    grace_days,
    loopback,
    offline_settings,
    seller_settings,
    stored_secret,
    stripe_settings,
    usable_key_ring,
)
from engineroom.logs import configuration

BASE_DIR = Path(__file__).resolve().parent.parent

SCHEMA = {
    "SITE_URL": (str, ""),
    "SCHOOL_NAME": (str, "Lectern"),
    "PORT": (int, 8000),
    "BIND": (str, "127.0.0.1"),
    "WEB_WORKERS": (int, 2),
    "WEB_THREADS": (int, 4),
    "LECTERN_ROLES": (list, ["pages", "api", "admin", "webhooks", "worker"]),
    "DATA_DIR": (str, ""),
    "DEBUG": (bool, False),
    "SECRET_KEY": (str, ""),
    "ENCRYPTION_KEYS": (list, []),
    "DATABASE_URL": (str, ""),
    "CACHE_URL": (str, ""),
    "EMAIL_URL": (str, ""),
    "DEFAULT_FROM_EMAIL": (str, ""),
    "TEST_SCHOOL": (bool, False),
    "DEMO_SCHOOL": (bool, True),
    "STAFF_EMAIL": (str, "staff@example.com"),
    "PAYMENT_GATEWAY": (str, "simulator"),
    "STRIPE_SECRET_KEY": (str, ""),
    "STRIPE_WEBHOOK_SECRETS": (list, []),
    "STRIPE_API_BASE": (str, ""),
    "STRIPE_TEST_CLOCK": (str, ""),
    "OFFLINE_PAYMENT": (bool, False),
    "OFFLINE_ACCOUNT_HOLDER": (str, ""),
    "OFFLINE_IBAN": (str, ""),
    "OFFLINE_BIC": (str, ""),
    "OFFLINE_BANK": (str, ""),
    "OFFLINE_DAYS": (int, 14),
    "DUNNING_GRACE_DAYS": (int, 14),
    "SELLER_NAME": (str, ""),
    "SELLER_ADDRESS": (list, []),
    "SELLER_COUNTRY": (str, ""),
    "SELLER_VAT_ID": (str, ""),
    "SELLER_REGISTER": (str, ""),
    "SELLER_EMAIL": (str, ""),
    "SELLER_OSS": (bool, True),
    "SELLER_SMALL_BUSINESS": (bool, False),
    "VAT_ID_LIVE_CHECK": (bool, False),
    "GEO_COUNTRY_HEADER": (str, ""),
    "FILE_STORAGE": (str, ""),
    "FILE_STORAGE_OPTIONS": (str, ""),
    "TRUSTED_PROXIES": (int, 0),
    "TIME_ZONE": (str, "UTC"),
    "LOG_LEVEL": (str, "INFO"),
    "OIDC_NAME": (str, ""),
    "OIDC_SERVER_URL": (str, ""),
    "OIDC_CLIENT_ID": (str, ""),
    "OIDC_CLIENT_SECRET": (str, ""),
}
env = Environment(**SCHEMA)

PORT = env("PORT")
BIND = env("BIND")
WEB_WORKERS = env("WEB_WORKERS")
WEB_THREADS = env("WEB_THREADS")
ROLES = frozenset(env("LECTERN_ROLES"))
if not ROLES or ROLES - {"pages", "api", "admin", "webhooks", "worker"}:
    raise ImproperlyConfigured(
        "LECTERN_ROLES names roles among pages, api, admin, webhooks, worker."
    )
DATA_DIR = Path(env("DATA_DIR") or BASE_DIR / "var")

# One origin: cookies, hosts, passkeys, mail links and canonical addresses all follow from it.
SITE_URL = (env("SITE_URL") or f"http://localhost:{PORT}").rstrip("/")
_site = urlsplit(SITE_URL)
SITE_HOST = _site.hostname or ""
IS_HTTPS = _site.scheme == "https"
IS_LOOPBACK = loopback(SITE_HOST)
if _site.scheme not in {"http", "https"} or not SITE_HOST or _site.path:
    raise ImproperlyConfigured("SITE_URL must be an origin such as https://school.example.")
if not IS_HTTPS and not IS_LOOPBACK:
    raise ImproperlyConfigured("SITE_URL may be http only for localhost: use https elsewhere.")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"] if IS_LOOPBACK else [SITE_HOST]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SCHOOL_NAME = env("SCHOOL_NAME")
TEST_SCHOOL = IS_LOOPBACK or env("TEST_SCHOOL")
SHOW_TEST_BANNER = env("TEST_SCHOOL") and not IS_LOOPBACK
DEMO_SCHOOL = env("DEMO_SCHOOL")
STAFF_EMAIL = env("STAFF_EMAIL")
PAYMENT_GATEWAY = env("PAYMENT_GATEWAY")
vars().update(stripe_settings(env, TEST_SCHOOL))
vars().update(offline_settings(env, SCHOOL_NAME))
DUNNING_GRACE_DAYS = grace_days(env)
DEBUG = env("DEBUG")

# Who stands on invoices, and how VAT is charged. Without a country the school charges none.
vars().update(seller_settings(env, SCHOOL_NAME, STAFF_EMAIL))

_database_url = env("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'school.db'}"
DATABASES = {"default": env.db_url_config(_database_url)}
IS_EMBEDDED = DATABASES["default"]["ENGINE"].endswith("sqlite3")
DATABASES["default"].update(database_options(DATABASES["default"]))

# Several machines must share these two, so only the embedded school makes its own.
SECRET_KEY = env("SECRET_KEY") or stored_secret(DATA_DIR / "secret_key", IS_EMBEDDED, "SECRET_KEY")
KEY_RING_FILE = None if env("ENCRYPTION_KEYS") else DATA_DIR / "encryption_keys"
ENCRYPTION_KEYS = usable_key_ring(env("ENCRYPTION_KEYS"), DATA_DIR / "encryption_keys", IS_EMBEDDED)
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must be at least 50 characters long.")

CACHES = {
    "default": env.cache_url_config(env("CACHE_URL"))
    if env("CACHE_URL")
    else {
        "BACKEND": "engineroom.counters.CounterCache",
        "LOCATION": str(DATA_DIR / "counters.db"),
    }
}
RATELIMIT_USE_CACHE = "default"
RATELIMIT_IP_META_KEY = "engineroom.addresses.client_address"
RATELIMIT_FAIL_OPEN = False
TRUSTED_PROXIES = env("TRUSTED_PROXIES")

vars().update(env.email_url_config(env("EMAIL_URL") or f"filemail:///{DATA_DIR / 'mail'}"))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL") or f"{SCHOOL_NAME} <school@{SITE_HOST}>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL

INSTALLED_APPS = [
    "config.apps.SchoolAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "engineroom",
    "accounts",
    "catalog",
    "payments",
    "learning",
    "config.apps.ConfigConfig",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "csp",
]

MIDDLEWARE = [
    "engineroom.middleware.RequestIdMiddleware",
    "engineroom.middleware.RolesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "engineroom.middleware.RefusalMiddleware",
    "engineroom.middleware.PlainTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", BASE_DIR / "templates" / "allauth"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "engineroom.context.school",
            ],
            "builtins": ["engineroom.templatetags.components"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

LANGUAGE_CODE = "en"
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env("TIME_ZONE")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns where there is none
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
MEDIA_ROOT = DATA_DIR / "files"
STORAGES = file_storages(env)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# --- security
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = content_security_policy()
CSRF_FAILURE_VIEW = "engineroom.views.csrf_failure"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_check = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _check + "UserAttributeSimilarityValidator"},
    {"NAME": _check + "MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": _check + "CommonPasswordValidator"},
]

# --- people
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/learn/"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
HEADLESS_ADAPTER = "accounts.adapters.HeadlessAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.newcomers.NewcomerForm"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only in the browser that signed up
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme
ACCOUNT_RATE_LIMITS = False  # ours stand in front, exact across processes
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SCHOOL_NAME
MFA_TOTP_TOLERANCE = 1  # phones' clocks differ by up to half a minute
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_LOOPBACK
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"provider_class": "accounts.openid.NonceProvider"}}
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "accounts.tokens.DeviceTokenStrategy"
HEADLESS_SERVE_SPECIFICATION = False
OIDC_PROVIDER = {
    "name": env("OIDC_NAME") or "Single sign-on",
    "server_url": env("OIDC_SERVER_URL"),
    "client_id": env("OIDC_CLIENT_ID"),
    "secret": env("OIDC_CLIENT_SECRET"),
}

LOGGING = configuration(env("LOG_LEVEL"))
logging.captureWarnings(True)
