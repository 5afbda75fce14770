"""Class names are stored as they are compared: composed characters, single blanks."""

import unicodedata

from django.db import migrations


def normalize(apps, schema_editor):
    classes = apps.get_model("labeling", "LabelClass").objects
    for label_class in classes.order_by("project_id", "position", "id").iterator():
        name = unicodedata.normalize("NFC", " ".join(label_class.name.split()))[:100]
        if name == label_class.name:
            continue
        others = classes.filter(project_id=label_class.project_id).exclude(pk=label_class.pk)
        number = 2
        free = name
        while others.filter(name=free).exists():
            free = f"{name[:90]} ({number})"
            number += 1
        classes.filter(pk=label_class.pk).update(name=free)


class Migration(migrations.Migration):
    dependencies = [("labeling", "0032_answers_of_machines")]

    operations = [migrations.RunPython(normalize, migrations.RunPython.noop)]
