"""One folder a source: `source.yml`, and `extractor.py` where the source has ways of its own."""
