"""Porting numbers in: numbers.twilio.com/v1/Porting and v1/Documents of the upload host (doc pages 12 to 17).

What no page says and is inferred stands in the docstring of whoever does it.
"""
