"""Responses about users and what they may do, as types."""

from __future__ import annotations

import msgspec


class AuthenticateResponse(msgspec.Struct, frozen=True):
    """`GET _security/_authenticate`."""

    username: str = ""
    roles: tuple[str, ...] = ()


class _RealmInfo(msgspec.Struct, frozen=True):
    type: str = ""


class RealmResponse(msgspec.Struct, frozen=True):
    """The realm that knows the user: a part of `GET _security/_authenticate`."""

    authentication_realm: _RealmInfo = _RealmInfo()


class HasPrivileges(msgspec.Struct, frozen=True):
    """`POST _security/user/_has_privileges`."""

    cluster: dict[str, bool] = {}
    index: dict[str, dict[str, bool]] = {}


class _FieldSecurity(msgspec.Struct, frozen=True):
    grant: tuple[str, ...] | None = None
    except_: tuple[str, ...] | None = msgspec.field(name="except", default=None)

    @property
    def hides(self) -> bool:
        return bool(self.except_) or (self.grant is not None and "*" not in self.grant)


class _IndexPrivileges(msgspec.Struct, frozen=True):
    names: tuple[str, ...] = ()
    privileges: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    field_security: tuple[_FieldSecurity, ...] = ()


class UserPrivileges(msgspec.Struct, frozen=True):
    """`GET _security/user/_privileges`."""

    indices: tuple[_IndexPrivileges, ...] = ()
