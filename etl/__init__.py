"""Loads tables of rule-of-law indicators into the warehouse; never imports the dashboard."""
