"""The fault tests: the promises about money, held against processes that are killed, doubled and raced.

`make faults DB=sqlite|postgres` runs them at full length; tests/faults/test_short.py is their short form.
"""
