"""The outermost middleware: every answer, redirects and errors too, leaves with these headers."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def security_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Add the security headers that an answer does not carry yet; whatever does not say it may be kept is not.

    Django's own middleware gives some of them too, but not to what is refused before it has seen the answer.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", _strict_transport())
        return response

    return middleware


def _strict_transport() -> str:
    parts = {"includeSubDomains": settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, "preload": settings.SECURE_HSTS_PRELOAD}
    return "; ".join([f"max-age={settings.SECURE_HSTS_SECONDS}", *(name for name, on in parts.items() if on)])
