"""What the pages share: the reader's selection, queries, charts and words."""
