"""The driver of the bench: starts what is measured, reads the reports, prints tables. Standard library only."""
