"""Strong entity tags, `"version.representation"`.

On an object the first part is its version, the second a digest of the very bytes; on a list both come from the bytes.
Compression does not harm them: proxies that compress mark the tag as weak or append `-gzip`, and both are forgiven.
"""

import re
from hashlib import blake2b

from django.http import HttpRequest, HttpResponse
from django.utils.http import quote_etag

from refamp.base.api.errors import PreconditionFailed, PreconditionRequired

TAG = re.compile(r'(?:W/)?"([^"]*)"')


def digest(body: bytes) -> str:
    return blake2b(body, digest_size=12).hexdigest()


def tags(header: str) -> list[str]:
    """The opaque parts of a list of entity tags."""
    return [re.sub(r"[-;](gzip|br|zstd|deflate)$", "", tag) for tag in TAG.findall(header)]


def conditional(request: HttpRequest, response: HttpResponse, tag: str) -> HttpResponse:
    """Put the tag on the answer; 304 without a body where the caller already has it."""
    known = request.headers.get("If-None-Match", "")
    if known and (known.strip() == "*" or tag in tags(known)):
        unchanged = HttpResponse(status=304)
        for name in ("Cache-Control", "Link", "Vary"):
            if name in response:
                unchanged[name] = response[name]
        response = unchanged
        del response["Content-Type"]
    response["ETag"] = quote_etag(tag)
    return response


def expected_versions(request: HttpRequest) -> list[str] | None:
    """The versions that the caller is ready to change; None for `*` (whichever it is).

    Raises PreconditionRequired (428) where nothing is said.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired
    if header == "*":
        return None
    return [tag.partition(".")[0] for tag in tags(header)]


def check_version(request: HttpRequest, version: int) -> int | None:
    """Compare with the present version before any work; what the action must still find when it has locked the row.

    Raises PreconditionFailed (412) where the caller's is an older one.
    """
    versions = expected_versions(request)
    if versions is None:
        return None
    if str(version) not in versions:
        raise PreconditionFailed
    return version
