"""Results into tables, figures, HTML."""
