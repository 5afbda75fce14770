"""Guidelines: label classes, versions of the guideline, and the keys of the classes."""
