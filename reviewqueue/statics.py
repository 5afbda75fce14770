"""Static files: served compressed, under names that carry a hash."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORT = r"""(?P<matched>(?P<word>\bfrom|\bimport)\s*["'](?P<url>\./[^"']+)["'])"""


class Statics(CompressedManifestStaticFilesStorage):
    """Our own scripts name each other by these names too; those of packages stay as they came."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("labeling/*.js", ((_IMPORT, '%(word)s "%(url)s"'),)),
    )
