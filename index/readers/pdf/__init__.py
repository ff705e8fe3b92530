"""PDF: one file, one paper, with the place of each word on its pages."""
