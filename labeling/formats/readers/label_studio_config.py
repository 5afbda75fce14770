"""Label Studio labeling configurations: the classes of each control, and the field that holds the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from xml.etree import ElementTree

from labeling.formats.outlines import Kind, OutlineClass

MAX_CHARACTERS = 1_000_000

_COLOR = re.compile("#[0-9a-fA-F]{6}")
_KINDS: Mapping[str, Kind] = MappingProxyType({"labels": "spans", "hypertextlabels": "spans"})


@dataclass(frozen=True, slots=True)
class Control:
    """A set of choices or labels, by its name in the results."""

    name: str
    kind: Kind
    classes: tuple[OutlineClass, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelingConfig:
    """What a configuration says of the texts.

    text_key : the field of the data that holds them; empty where it is not said
    """

    text_key: str = ""
    controls: tuple[Control, ...] = ()


def parse_config(xml: str) -> LabelingConfig:
    """The controls for text in the order of the file; none where it is no XML.

    >>> choices = '<Choices name="topic" toName="mail"><Choice value="Bug"/></Choices>'
    >>> parse_config(f'<View><Text name="mail" value="$body"/>{choices}</View>').text_key
    'body'
    """
    if len(xml) > MAX_CHARACTERS or "<!" in xml.replace("<!--", ""):
        return LabelingConfig()
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError):
        return LabelingConfig()
    text_key, controls = "", []
    for element in root.iter():
        tag = element.tag.lower()
        if tag in ("text", "hypertext") and not text_key:
            value = element.get("value", "")
            text_key = value[1:] if value.startswith("$") else ""
        elif (tag == "choices" and element.get("perRegion") != "true") or tag in _KINDS:
            controls.append(_control(element, tag))
    return LabelingConfig(text_key, tuple(controls))


def _control(element: ElementTree.Element, tag: str) -> Control:
    kind: Kind = _KINDS.get(tag, "multi" if element.get("choice") == "multiple" else "single")
    children = [child for child in element.iter() if child.tag in ("Choice", "Label")]
    return Control(element.get("name", ""), kind, tuple(map(_class, children)))


def _class(element: ElementTree.Element) -> OutlineClass:
    color = element.get("background", "")
    return OutlineClass(
        element.get("alias") or element.get("value") or "",
        color=color.lower() if _COLOR.fullmatch(color) else "",
        shortcut=element.get("hotkey", ""),
    )
