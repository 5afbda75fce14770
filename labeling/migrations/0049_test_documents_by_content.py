"""Only test documents are looked up by their text: an index of all costs an import more than any other."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0048_dataset_versions")]

    operations = [
        migrations.AddIndex(
            "document",
            models.Index(
                fields=["project", "content_hash"],
                condition=models.Q(split="test"),
                name="test_documents_by_content",
            ),
        ),
        migrations.RemoveIndex("document", "documents_by_content"),
    ]
