"""Seeded generator of the demo data: a consumer-electronics retailer of any size."""
