"""Whose request it is, by network address."""

from ipaddress import ip_address, ip_network

from django.conf import settings


def client_address(request) -> str:
    """REMOTE_ADDR, or the address that the nearest TRUSTED_PROXIES hops vouch for.

    IPv6 addresses are cut to their /64, the smallest network one person usually holds.
    """
    address = request.META.get("REMOTE_ADDR", "") or "127.0.0.1"
    if hops := settings.TRUSTED_PROXIES:
        chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        chain = [part for part in chain if part]
        if len(chain) >= hops:
            address = chain[-hops]
    try:
        parsed = ip_address(address)
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - a name for "unreadable", never bound to
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.version == 6:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def visitor_country(request) -> str:
    """The two letters that a trusted proxy tells in GEO_COUNTRY_HEADER; "" without one."""
    if not (settings.GEO_COUNTRY_HEADER and settings.TRUSTED_PROXIES):
        return ""
    code = request.headers.get(settings.GEO_COUNTRY_HEADER, "").strip().upper()
    # XX and T1 are what proxies say of addresses nobody can place.
    known = len(code) == 2 and code.isascii() and code.isalpha() and code != "XX"
    return code if known else ""


def absolute_url(path: str) -> str:
    """The path on the school's one origin, for mail and API answers."""
    return settings.SITE_URL + path
