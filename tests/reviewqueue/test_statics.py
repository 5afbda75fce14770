"""Do the hashed names of static files hold together? As `collectstatic` gathers them where HTTPS is on."""

import re

from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import StaticFilesStorage

from reviewqueue.statics import Statics

IMPORT = re.compile(r"""(?:from|import)\s*["']\./([^"']+)["']""")


def test_scripts_import_each_other_by_the_names_under_which_they_are_served(tmp_path):
    gathered = {}
    for finder in get_finders():
        for path, storage in finder.list([]):
            if path.startswith("labeling/"):
                gathered[path] = (storage, path)
    plain = StaticFilesStorage(location=tmp_path, base_url="/static/")
    for path, (storage, _) in gathered.items():
        with storage.open(path) as result:
            plain.save(path, result)
    hashed = Statics(location=tmp_path, base_url="/static/")
    errors = [done for _, _, done in hashed.post_process(gathered) if isinstance(done, Exception)]
    assert errors == []
    scripts = [name for name in hashed.hashed_files.values() if name.endswith(".js")]
    assert any("desk." in name for name in scripts)
    imports = [
        f"{name.rpartition('/')[0]}/{imported}"
        for name in scripts
        for imported in IMPORT.findall((tmp_path / name).read_text())
    ]
    assert len(imports) > 20
    assert set(imports) <= set(hashed.hashed_files.values())
