"""HTML: saved listing pages, arXiv's HTML, and articles of any other site."""
