"""On real texts the model learns as well as was measured before it was built."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from labeling.learning.classifiers.linear import LinearClassifier
from labeling.learning.text.tfidf import Featurizer

DATA = Path(os.environ.get("REVIEWQUEUE_DATA", Path(__file__).parents[4] / "shared" / "data"))


def read(name):
    path = DATA / name / "data.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the data set {name} is not here: set REVIEWQUEUE_DATA to the folder that holds it")
    lines = gzip.decompress(path.read_bytes()).decode().split("\n")
    records = [json.loads(line) for line in lines if line]
    classes = sorted({record["label"] for record in records})
    return [record["text"] for record in records], np.array([classes.index(r["label"]) for r in records])


def macro_f1(predicted, truth):
    scores = []
    for number in np.unique(truth):
        hits = ((predicted == number) & (truth == number)).sum()
        scores.append(2 * hits / ((predicted == number).sum() + (truth == number).sum()))
    return float(np.mean(scores))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("trec6", 0.60), ("sms_spam", 0.78), ("ag_news", 0.76)])
def test_two_hundred_random_labels_reach_what_was_measured(name, least):
    texts, labels = read(name)
    order = np.random.default_rng(0).permutation(len(texts))
    pool, test = order[:4_000], order[4_000:]
    featurizer = Featurizer.learn([texts[i] for i in pool])
    train = featurizer.transform([texts[i] for i in pool[:200]])
    model = LinearClassifier().learn(train, labels[pool[:200]], int(labels.max()) + 1)
    argmax = model.probabilities(featurizer.transform([texts[i] for i in test])).argmax(axis=1)
    assert macro_f1(argmax, labels[test]) > least
