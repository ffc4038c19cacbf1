import pytest

# What these assert is told in full when it fails, as in the tests themselves.
pytest.register_assert_rewrite(
    "tests.mirroring", "tests.pages", "tests.porting.drafting", "tests.porting.hosting", "tests.query_counts"
)
