"""HTML and feeds to facts: page text, structured data, dates, prices, encodings, language."""
