from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import Instance, LinkedAccount, User
from accounts.services.rights import groups_within, held_by, users_within
from queues.admin.listing import CarefulList
from queues.read_only import ReadOnly

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelMultipleChoiceField
    from django.http import HttpRequest

# What a user may do: fields that superusers alone change.
RIGHTS: Final = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)


def as_user(request: HttpRequest) -> User:
    """Return who calls; the admin has let nobody in who is not signed in."""
    return cast("User", request.user)


class WithinRights(admin.ModelAdmin):  # type: ignore[type-arg]  # not one at run time
    """For an admin class: rows that would give more than the caller has are theirs only to view."""

    def within(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that the caller may change and delete."""
        raise NotImplementedError

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_within(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_within(request, obj) and super().has_delete_permission(request, obj)

    def _is_within(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or self.within(request).filter(pk=obj.pk).exists()


@admin.register(Group)
class GroupAdmin(WithinRights, CarefulList, BaseGroupAdmin, ModelAdmin):  # type: ignore[misc]  # of one kind
    """Django's own, but that nobody hands out a permission that they lack."""

    def within(self, request: HttpRequest) -> QuerySet[Group]:
        return groups_within(as_user(request))

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        """Offer the permissions that the caller has; another id is no permission here."""
        if db_field.name == "permissions" and request:
            kwargs["queryset"] = held_by(as_user(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(User)
class UserAdmin(WithinRights, CarefulList, BaseUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]  # not one at run time
    """Django's own, but that rights are given by superusers alone.

    Others change those users who may do no more than they: names, passwords, whether they are
    active.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def within(self, request: HttpRequest) -> QuerySet[User]:
        return users_within(as_user(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if as_user(request).is_superuser else RIGHTS


@admin.register(Instance)
class InstanceAdmin(ReadOnly, CarefulList, ModelAdmin):
    list_display = ("host", "platform", "software", "version", "created_at")
    list_filter = ("platform", "software")
    search_fields = ("host",)


@admin.register(LinkedAccount)
class LinkedAccountAdmin(ReadOnly, CarefulList, ModelAdmin):
    """Without the sealed token, which is nobody's to see."""

    list_display = ("handle", "instance", "user", "status", "updated_at")
    list_filter = ("status", "instance__platform")
    list_select_related = ("instance", "user")
    search_fields = ("handle", "instance__host", "user__username")
    fields = ("uid", "user", "instance", "handle", "status", "created_at", "updated_at")
