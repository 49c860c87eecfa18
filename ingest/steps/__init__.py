"""The steps of a page, one file each.

A step does its slow work outside any transaction and gives back what to write into the ledger and a fingerprint of what
it did: the same input and settings give the same fingerprint and the same outputs."""
