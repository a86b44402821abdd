"""How static files are kept and named."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, inside our modules' imports too, so that a browser never mixes two releases of them."""

    support_js_module_import_aggregation = True
