"""What every room of the house stands on: the ledger, the stores, the text rules and the catalogue."""
