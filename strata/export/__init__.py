"""Audiences for marketing tools, and a workbook, from the marts of a build."""
