"""Visitors that the tests send to the doors."""

from repository.domain.access import Role, Visitor

PASSER_BY = Visitor(address="203.0.113.7")
IN_READING_ROOM = Visitor(address="10.1.4.4")
IN_OTHER_READING_ROOM = Visitor(address="10.2.4.4")
READER = Visitor(address="203.0.113.8", user="doc", role=Role.READER, library="TV")
STAFF = Visitor(address="10.1.0.9", user="canbo", role=Role.STAFF, library="TV")
OTHER_STAFF = Visitor(address="203.0.113.9", user="ban", role=Role.STAFF, library="BT")
APPROVER = Visitor(address="10.1.0.8", user="duyet", role=Role.APPROVER, library="TV")
ADMIN = Visitor(address="10.1.0.7", user="quantri", role=Role.ADMIN, library="TV")
