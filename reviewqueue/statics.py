"""How are static files served where `collectstatic` gathered them? Compressed, under names that carry a hash."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORT = r"""(?P<matched>(?P<word>\bfrom|\bimport)\s*["'](?P<url>\./[^"']+)["'])"""


class Statics(CompressedManifestStaticFilesStorage):
    """Our own scripts name each other by the hashed name too; those of installed packages stay as they came."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("labeling/*.js", ((_IMPORT, '%(word)s "%(url)s"'),)),
    )
