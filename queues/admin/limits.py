"""Limits of keys, and the keys that jobs run or wait with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import path, reverse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

from queues import limits
from queues.admin.acting import as_operator
from queues.admin.listing import CarefulList
from queues.control import ControlError
from queues.models import Limit
from queues.operations import LIMIT_VERBS, KeyWords
from queues.read_only import ReadOnly

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern


class LimitForm(forms.Form):
    """A limit as people write it: `300/60` is so many in so many seconds."""

    key = forms.CharField(max_length=limits.MAX_KEY, widget=UnfoldAdminTextInputWidget())
    concurrency = forms.IntegerField(required=False, widget=UnfoldAdminTextInputWidget())
    rate = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget())
    seconds = forms.FloatField(required=False, widget=UnfoldAdminTextInputWidget())
    reason = forms.CharField(required=False, max_length=1000, widget=UnfoldAdminTextInputWidget())

    def words(self) -> KeyWords:
        """Return what a verb is given. The form is valid."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        return KeyWords(**given)


@admin.register(Limit)
class LimitAdmin(ReadOnly, CarefulList, ModelAdmin):
    """The limits that were set. They are changed on the page of the keys in use."""

    list_display = ("key", "concurrency", "rate", "per_seconds", "updated_at")
    search_fields = ("key",)
    list_before_template = "admin/queues/limit_list_note.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the live view, which also takes the verbs."""
        view = self.admin_site.admin_view(self.keys_view)
        return [path("keys/", view, name="queues_limit_keys"), *super().get_urls()]

    def keys_view(self, request: HttpRequest) -> HttpResponse:
        """Show keys, holders and who waits; do a verb of `queues.limits` to one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = LimitForm(request.POST or None)
        if request.method == "POST" and self._apply(request, form):
            return redirect("admin:queues_limit_keys")
        context = {
            **self.admin_site.each_context(request),
            "title": "Keys in use",
            "keys": limits.keys_in_use(),
            "limits": Limit.objects.all()[: limits.SHOWN],
            "form": form,
            "may_change": request.user.has_perm("queues.change_limit"),
            "jobs_url": reverse("admin:queues_job_changelist"),
        }
        return render(request, "admin/queues/keys.html", context)

    def _apply(self, request: HttpRequest, form: LimitForm) -> str:
        """Do what the form says; return the verb that was done, or nothing."""
        if not request.user.has_perm("queues.change_limit"):
            raise PermissionDenied
        verb = request.POST.get("verb", "")
        if not form.is_valid():
            return ""
        try:
            with as_operator(request):
                if verb not in LIMIT_VERBS:
                    raise ControlError(f"verb is {verb[:30]!r}; allowed: {', '.join(LIMIT_VERBS)}.")
                LIMIT_VERBS[verb](form.words())
        except ControlError as error:
            messages.error(request, str(error))
            return ""
        messages.success(request, f"{form.cleaned_data['key']}: {verb} is done.")
        return verb
