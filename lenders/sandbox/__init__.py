"""Lenders to develop and test against: a process of its own that speaks the lender protocol over real HTTP.

It knows the protocol from docs/lender-api.md, not from our adapter, so that the two check each other.
"""
