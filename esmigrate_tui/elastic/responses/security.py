"""Responses about users and what they may do, as types."""

from __future__ import annotations

import msgspec


class AuthenticateResponse(msgspec.Struct, frozen=True):
    """`GET _security/_authenticate`."""

    username: str = ""
    roles: tuple[str, ...] = ()


class RealmInfo(msgspec.Struct, frozen=True):
    """One realm."""

    type: str = ""


class RealmResponse(msgspec.Struct, frozen=True):
    """The realm that knows the user: a part of `GET _security/_authenticate`."""

    authentication_realm: RealmInfo = RealmInfo()


class HasPrivileges(msgspec.Struct, frozen=True):
    """`POST _security/user/_has_privileges`."""

    cluster: dict[str, bool] = {}
    index: dict[str, dict[str, bool]] = {}


class FieldSecurity(msgspec.Struct, frozen=True):
    """The fields that it shows."""

    grant: tuple[str, ...] | None = None
    except_: tuple[str, ...] | None = msgspec.field(name="except", default=None)

    @property
    def hides(self) -> bool:
        """Whether it leaves any out."""
        return bool(self.except_) or (self.grant is not None and "*" not in self.grant)


class IndexPrivileges(msgspec.Struct, frozen=True):
    """One entry of one role."""

    names: tuple[str, ...] = ()
    privileges: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    field_security: tuple[FieldSecurity, ...] = ()


class UserPrivileges(msgspec.Struct, frozen=True):
    """`GET _security/user/_privileges`."""

    indices: tuple[IndexPrivileges, ...] = ()
