"""Can every report be had as a table and as JSON, at the same place of its page?"""

import re

from django.contrib.auth.models import User
from django.test import Client

from tests.fixtures.full_project import Gallery

PLACE = re.compile(r'class="[^"]*\bdownloads\b.*?</p>', re.DOTALL)
PAGES = (
    "classes", "quality", "test_set", "confusion", "distribution", "slices", "curves", "steering", "compare",
)  # fmt: skip

MORE = {"confusion": 1, "quality": 3, "slices": 1, "steering": 1}  # further tables


def test_every_report_links_its_table_and_its_json(gallery: Gallery, client: Client, joan: User) -> None:
    client.force_login(joan)
    addresses = gallery.addresses()
    for name in PAGES:
        page = client.get(addresses[f"analytics:{name}"]).content.decode()
        links = re.findall(r'href="([^"]+)"', "".join(PLACE.findall(page)))
        answers = [client.get(link.replace("&amp;", "&"))["Content-Type"].partition(";")[0] for link in links]
        assert answers == ["text/csv"] * (1 + MORE.get(name, 0)) + ["application/json"], name
        assert page.count(".csv") == len(answers) - 1, name
