"""Rankings look for the documents that wait for a second opinion without reading the whole pool."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("labeling", "0012_embeddings")]

    operations = [
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                fields=["project", "id"], condition=Q(extra_slots__gt=0), name="documents_asked_again"
            ),
        ),
    ]
