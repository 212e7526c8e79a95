"""What Flask-AppBuilder, Flask-WTF, Flask-Limiter and Flask-JWT are told, beside what `config.Config` reads. Each value
that differs from their default closes something that was found open; tests/compat holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FAB_SETTINGS: Mapping[str, Any] = {
    "APP_NAME": "Fixnado console",
    "FAB_BASE_TEMPLATE": "console/shell.html",
    "FAB_CREATE_DB": False,  # or it creates every table of ours at the first start, with the wrong owner
    "FAB_UPDATE_PERMS": False,  # permission rows are made by `flask roles sync`; starts race and cost 3.5 s otherwise
    "FAB_ADD_SECURITY_API": False,
    "FAB_ADD_OPENAPI_VIEWS": False,
    "FAB_ADD_MENU_API": False,
    "FAB_API_SWAGGER_UI": False,
    "FAB_API_SHOW_STACKTRACE": False,
    "FAB_API_MAX_PAGE_SIZE": 100,
    "FAB_API_KEY_ENABLED": False,
    "FAB_ALLOW_GET_UNSAFE_MUTATIONS": False,
    "FAB_SECURITY_SIGNALS_ENABLED": False,
    "FAB_PASSWORD_HASH_METHOD": "scrypt",
    "AUTH_TYPE": 1,  # AUTH_DB
    "AUTH_USER_REGISTRATION": False,  # staff do not register themselves; customers do so in the storefront
    "AUTH_ROLE_ADMIN": "Administrator",
    "AUTH_ROLE_PUBLIC": "Public",  # never created: the public sees nothing here
    "AUTH_RATE_LIMITED": False,  # our login view carries its own limits, by address and by account
    "AUTH_RATE_LIMIT": "10 per minute",
    "RATELIMIT_ENABLED": True,
    "RATELIMIT_STRATEGY": "moving-window",
    "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,  # Redis away: still limited, per process
    "RATELIMIT_HEADERS_ENABLED": False,
    "WTF_CSRF_ENABLED": True,
    "WTF_CSRF_TIME_LIMIT": None,  # as long as the session lives: a form left open over lunch is not lost
    "WTF_CSRF_SSL_STRICT": True,
    "BABEL_DEFAULT_LOCALE": "en",
    "BABEL_DEFAULT_TIMEZONE": "Europe/London",
}


def rate_limit_storage(redis_url: str) -> str:
    """The address as Flask-Limiter's storage spells it: a socket is redis+unix:// there."""
    return redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix://") else redis_url
