"""Glossary: the field's terms as the pages use them, each explained in a sentence or two."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Term:
    """A term, other forms in which pages write it, and what it means here."""

    name: Promise
    meaning: Promise
    forms: tuple[Promise, ...] = ()

    @property
    def slug(self) -> str:
        """Its anchor in the glossary, the same in every language.

        >>> Term("Test set", "").slug
        'test-set'
        """
        with translation.override(None):
            return slugify(str(self.name))

    def to_json(self) -> dict[str, object]:
        """For the script that explains terms where they first stand on a page."""
        return {
            "slug": self.slug,
            "forms": [str(form) for form in (self.name, *self.forms)],
            "meaning": str(self.meaning),
        }


TERMS = (
    Term(_("Accuracy"), _("The share of documents for which the prediction equals the label.")),
    Term(
        _("Active learning"),
        _("Letting the model choose which documents to label next, so that fewer labels are needed."),
        (_("Actively selected"),),
    ),
    Term(
        _("Adjudicator"),
        _("A member who decides disputes and replies to questions, besides labeling."),
        (_("Adjudicators"),),
    ),
    Term(
        _("Annotation"),
        _(
            "What one annotator saved for one document: one label, several, or none. Edits keep the "
            "older ones."
        ),
        (_("Annotations"),),
    ),
    Term(
        _("Average precision"),
        _(
            "The area under the precision-recall curve: 1 if every document of the class ranks above "
            "all others."
        ),
    ),
    Term(
        _("Brier score"),
        _("The mean squared error of the predicted probabilities. 0 is perfect; lower is better."),
    ),
    Term(
        _("Calibration"),
        _(
            "How well probabilities match reality: of the predictions made with 70%, seven in ten "
            "should be correct."
        ),
        (_("Calibrated"),),
    ),
    Term(
        _("Calibration error"),
        _("How far confidence is from accuracy, averaged over all predictions (ECE). 0 is perfect."),
    ),
    Term(
        _("Class priorities"),
        _("How much of the queue each class gets, automatically from its quality or set by hand."),
    ),
    Term(
        _("Committee disagreement"),
        _("Choosing documents on which the models of the committee predict different classes."),
    ),
    Term(
        _("Confidence"),
        _("The probability that the model gives its own prediction."),
    ),
    Term(
        _("Confidence interval"),
        _("The range in which the true value lies in 95 of 100 cases. A small test set gives a wide one."),
        (_("Confidence intervals"),),
    ),
    Term(
        _("Confusion matrix"),
        _("A table of true classes by predicted classes. Whatever is off the diagonal is an error."),
    ),
    Term(
        _("Coverage"),
        _("Choosing documents that together resemble the whole pool, for projects with many classes."),
    ),
    Term(
        _("Cross-validation"),
        _(
            "Measuring on labeled pool documents that were left out of training in turn. Biased by "
            "how they were chosen."
        ),
        (_("Cross-validated"),),
    ),
    Term(
        _("Data card"),
        _(
            "A page about a dataset version: its classes, splits, annotators, agreement and how its "
            "documents were selected."
        ),
    ),
    Term(
        _("Dataset version"),
        _("The data of a project as they were at one time: numbered, with a hash, never changed."),
        (_("Dataset versions"),),
    ),
    Term(
        _("Decision threshold"),
        _("The probability from which on a class is predicted. A higher one trades recall for precision."),
        (_("Decision thresholds"),),
    ),
    Term(
        _("Dispute"),
        _("A document on which annotators disagree without a majority. An adjudicator decides it."),
        (_("Disputes"), _("Disputed")),
    ),
    Term(
        _("Effective classes"),
        _(
            "How many equally frequent classes would be as varied as these: fewer than there are if "
            "some dominate."
        ),
    ),
    Term(
        _("Exact match"),
        _("The share of documents whose predicted labels are all correct, none missing and none added."),
    ),
    Term(
        _("F1"),
        _("The harmonic mean of precision and recall: high only if both are."),
    ),
    Term(
        _("Final label"),
        _(
            "The label that counts for a document: agreed by its annotators, decided by an "
            "adjudicator, or imported."
        ),
        (_("Final labels"),),
    ),
    Term(
        _("Focus"),
        _(
            "A request for more labels of one class: documents likely to have it come first until "
            "enough are labeled."
        ),
    ),
    Term(
        _("Gold document"),
        _("A document with a known label, handed out unmarked to measure annotators."),
        (_("Gold documents"), _("Gold")),
    ),
    Term(
        _("Guideline"),
        _(
            "The labeling rules of the project, in versions. Each annotation records the version it "
            "was made under."
        ),
        (_("Guidelines"),),
    ),
    Term(
        _("Hamming loss"),
        _("The share of wrong decisions over all documents and classes."),
    ),
    Term(
        _("Held-out"),
        _("Not used for training, so that measuring on it is fair."),
    ),
    Term(
        _("Hyperparameters"),
        _("Settings of the training, such as the strength of regularization, chosen by cross-validation."),
    ),
    Term(
        _("Learning curve"),
        _("Quality by the number of labels. It shows whether more labels still help."),
        (_("Learning curves"),),
    ),
    Term(
        _("Log loss"),
        _("How surprised the model is by the true labels. Lower is better; confident errors cost most."),
    ),
    Term(
        _("Macro F1"),
        _("The mean F1 of all classes, each counting the same however rare it is."),
    ),
    Term(
        _("Micro F1"),
        _("F1 over all labels together, so that frequent classes count more."),
    ),
    Term(
        _("Near-duplicate"),
        _("A document that shares at least four fifths of its words with another one."),
        (_("Near-duplicates"),),
    ),
    Term(
        _("Overconfident"),
        _("Confidence above accuracy: the model is right less often than its probabilities promise."),
    ),
    Term(
        _("Overlap"),
        _("How many annotators label each document. Two or more show where they agree."),
        (_("Annotators per document"),),
    ),
    Term(
        _("Pool"),
        _("The documents that may be labeled for training: all but the test set."),
    ),
    Term(
        _("Pre-labels"),
        _("Predictions that annotators are shown. They save time and can bias annotators toward the model."),
    ),
    Term(
        _("Precision"),
        _("Of the documents predicted to be of a class, the share that is."),
    ),
    Term(
        _("Prevalence"),
        _("The share of all documents that have a class, estimated from random samples."),
    ),
    Term(
        _("Queue composition"),
        _(
            "The shares of the queue: uncertain documents, weak classes, random samples, second "
            "opinions, seed words."
        ),
    ),
    Term(
        _("Random sample"),
        _("A document selected with a known probability, independent of the model, for unbiased evaluation."),
        (_("Random samples"),),
    ),
    Term(
        _("Recall"),
        _("Of the documents that have a class, the share that is predicted to."),
    ),
    Term(
        _("Second opinion"),
        _("Another annotation of a labeled document whose label may be wrong."),
        (_("Second opinions"),),
    ),
    Term(
        _("Seed words"),
        _("Words that often occur in documents of a class. They find documents of a class with few labels."),
    ),
    Term(
        _("Slice"),
        _("A group of documents that share something, such as a source, a language or a length."),
        (_("Slices"),),
    ),
    Term(
        _("Statistically significant"),
        _("Unlikely to be random variation alone (at most 5%)."),
        (_("Significant"),),
    ),
    Term(
        _("Test set"),
        _("Documents drawn at random that the model never trains on. All unbiased numbers come from them."),
        (_("Test documents"), _("Test document")),
    ),
    Term(
        _("Uncertainty sampling"),
        _("Choosing the documents whose prediction is least certain: their labels teach the model most."),
    ),
    Term(
        _("Underconfident"),
        _("Confidence below accuracy: the model is right more often than its probabilities promise."),
    ),
    Term(
        _("Weak classes"),
        _("Classes with a low F1 or few labels. The queue brings more documents of them."),
        (_("Weak class"),),
    ),
)


def pattern(term: Term) -> re.Pattern[str]:
    """What a page writes for the term: any of its forms as a whole, in upper or lower case.

    >>> [bool(pattern(Term("Pool", "")).search(text)) for text in ("of the pool.", "spool")]
    [True, False]
    """
    forms = "|".join(
        re.escape(str(form)) for form in sorted((term.name, *term.forms), key=lambda form: -len(str(form)))
    )
    return re.compile(rf"(?<![\w-])({forms})(?![\w-])", re.I)
