"""PDF through PDFium: the text layer, form fields and notes, page by page."""
