"""Roles: each holds what the ones before it hold."""

from __future__ import annotations

from typing import Final, Literal, get_args

from interplane.serving.tokens import ROLES, Role

__all__ = ["PERMISSIONS", "Permission", "permitted"]

Permission = Literal["look", "contribute", "operate", "administer"]
"""What a page or an action asks for."""

PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)


def permitted(role: Role | None, permission: Permission) -> bool:
    """Return whether a role holds a permission; nobody's role holds none.

    >>> permitted("viewer", "look"), permitted("viewer", "operate"), permitted(None, "look")
    (True, False, False)
    """
    return role is not None and ROLES.index(role) >= PERMISSIONS.index(permission)
