"""Feature editions: where the files of a project's features are. Known without loading what reads them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

FEATURIZER = "featurizer"  # a folder of an edition: what makes features of texts
DISTILLATION = "distilled-map"  # another: what guesses embeddings from these features
WORDS_VIEW = "words"  # the dense view of the words alone
DISTILLED_VIEW = "distilled-"  # how the name of the view of such guesses begins


def edition_folder(project_id: int, edition: int) -> Path:
    return Path(settings.FEATURES_DIR) / str(project_id) / f"edition-{edition}"
