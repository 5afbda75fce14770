"""Tables: rows and columns of CSV and JSON files, their dialect, and what each column is."""
