"""What the pages share: the reader's selection, queries, charts and words."""

import pandas as pd

# Tables here are small: over pyarrow each look at a text costs more than the text is worth.
pd.options.mode.string_storage = "python"
