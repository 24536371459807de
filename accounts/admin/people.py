from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.admin.columns import GuardedList
from accounts.models import Instance, LinkedAccount, User
from queues.read_only import ReadOnly

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    """Django's own, in the dress of the rest."""


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):  # type: ignore[type-arg]  # not one at run time
    """Django's own, in the dress of the rest."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Instance)
class InstanceAdmin(ReadOnly, GuardedList, ModelAdmin):
    list_display = ("host", "platform", "software", "version", "created_at")
    list_filter = ("platform", "software")
    search_fields = ("host",)


@admin.register(LinkedAccount)
class LinkedAccountAdmin(ReadOnly, GuardedList, ModelAdmin):
    """Without the sealed token, which is nobody's to see."""

    list_display = ("handle", "instance", "user", "status", "updated_at")
    list_filter = ("status", "instance__platform")
    list_select_related = ("instance", "user")
    search_fields = ("handle", "instance__host", "user__username")
    fields = ("uid", "user", "instance", "handle", "status", "created_at", "updated_at")
