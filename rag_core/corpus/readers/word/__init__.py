"""Word documents (.docx), read from their own XML: `reader` puts together what the other modules find."""
