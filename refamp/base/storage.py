"""How static files are kept and named."""

from whitenoise.storage import CompressedManifestStaticFilesStorage as Whitenoise


class StaticStorage(Whitenoise):
    """Hashed names, inside our own modules' imports too, so that a browser never mixes two releases of them.

    Only ours: the libraries' modules import names that are no files.
    """

    patterns = (*Whitenoise.patterns, ("js/*.js", Whitenoise._js_module_import_aggregation_patterns[1]))
