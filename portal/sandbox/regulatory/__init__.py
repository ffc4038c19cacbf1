"""RegulatoryCompliance of numbers.twilio.com/v2, its upload host, and its reviewers (doc pages 24 to 41).

What no page says and is inferred stands in the docstring of whoever does it.
"""
