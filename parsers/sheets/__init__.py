"""Spreadsheets that come in: CSV, XLSX and ODS."""
