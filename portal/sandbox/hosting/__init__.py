"""SMS on numbers that stay with another carrier: eligibility, orders, authorization (doc pages 1, 8-11).

Orders and documents are there twice, in the preview that the pages describe and as numbers.twilio.com/v2,
which follows it; both see the same ones. What no page says and is inferred stands in the docstring of whoever
does it.
"""
