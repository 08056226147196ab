"""Sign on pages: what waits, the forms one by one with what stands against each, and the policy once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions.seen import Seen
from patients.actions.signatures import acknowledge_policy, sign
from patients.admin.addresses import hub_url, page_url
from patients.admin.base import ClinicalAdmin, subject_in_reach
from patients.forms import definition, definitions
from patients.models import (
    MEANINGS,
    POLICY,
    POLICY_VERSION,
    Signature,
    SignatureMeaning,
    SignatureScope,
    Subject,
    Visit,
)
from patients.selectors import visible, visits_of
from patients.signatures import (
    FormStanding,
    by_visit,
    casebook_signature,
    forms_in_force,
    has_acknowledged,
    to_sign,
)
from trials.actions.errors import Refused
from trials.admin.act import act_page, posted, show_errors
from trials.admin.base import WRITING, user_of
from trials.admin.reentry import ReentryForm, reentered, status_shown
from trials.models import User
from trials.roles import NotPermitted, Verb, may

SIGNATURES_SHOWN = 50


class SigningForm(ReentryForm):
    """What the signature means, and who signs; the forms are checkboxes of the page's own."""

    meaning = forms.ChoiceField(label=gettext_lazy("What your signature says"), widget=forms.RadioSelect)
    field_order = ("meaning", "username", "password", "code")

    def __init__(self, *arguments: Any, scope: SignatureScope, **options: Any) -> None:
        super().__init__(*arguments, **options)
        known = MEANINGS[scope]
        field: Any = self.fields["meaning"]
        field.choices = [(each.value, each.label) for each in known]
        field.initial = known[0].value if len(known) == 1 else None


class PolicyForm(forms.Form):
    version = forms.CharField(widget=forms.HiddenInput, initial=POLICY_VERSION)
    read = forms.BooleanField(label=gettext_lazy("I have read this and acknowledge it."))


# ---------------------------------------------------------------- addresses
def sign_url(subject: Subject, **more: Any) -> str:
    """The page on which forms of a subject are signed: one, those of a visit, or the whole casebook."""
    asked = {"subject": subject.pk, **more}
    return f"{reverse('admin:patients_signature_sign')}?{urlencode(asked)}"


# ---------------------------------------------------------------- pages
def worklist_page(admin: ClinicalAdmin, request: HttpRequest) -> HttpResponse:
    """The subjects at the own sites that have unsigned forms."""
    admin.enter(request)
    user = user_of(request)
    if not may(user, Verb.SIGN):
        raise PermissionDenied
    lines = [(each, sign_url(each.subject)) for each in to_sign(user)]
    context = {"title": _("To sign"), "lines": lines, "acknowledged": has_acknowledged(user)}
    return admin.page(request, "study/to_sign.html", context)


def policy_page(admin: ClinicalAdmin, request: HttpRequest) -> HttpResponse:
    """What a signature holds one accountable for; acknowledged before the first one."""
    admin.enter(request, WRITING)
    user = user_of(request)
    if not may(user, Verb.SIGN):
        raise PermissionDenied
    back = reverse("admin:patients_signature_to_sign")
    if has_acknowledged(user):
        return redirect(back)
    return act_page(
        admin,
        request,
        form=PolicyForm(posted(request), initial={"version": POLICY_VERSION}),
        act=lambda typed: acknowledge_policy(actor=user, version=typed["version"]),
        said=_("Your acknowledgment is recorded."),
        to=back,
        context={
            "title": _("Policy on electronic signatures"),
            "lead": POLICY,
            "submit": _("Acknowledge"),
            "back_url": reverse("admin:index"),
        },
    )


def sign_page(admin: ClinicalAdmin, request: HttpRequest) -> HttpResponse:
    """Forms with their versions, chosen or whole; username and password; one signature."""
    admin.enter(request, WRITING)
    user = user_of(request)
    subject = subject_in_reach(request, request.GET.get("subject"))
    if not may(user, Verb.SIGN, site=subject.site):
        raise PermissionDenied
    if not has_acknowledged(user):
        messages.info(request, _("The policy on signatures is acknowledged once, before the first one."))
        return redirect("admin:patients_signature_policy")
    scope, visit = _asked(request, subject)
    form, status = SigningForm(posted(request), scope=scope), 200
    if request.method == "POST" and form.is_valid():
        try:
            made = _sign(request, user, subject, scope, visit, form.cleaned_data)
        except NotPermitted as refusal:
            raise PermissionDenied from refusal
        except Refused as refusal:
            show_errors(form, _flat(refusal.errors))
            status = status_shown(refusal)
        else:
            number = made.signed_forms.count()
            messages.success(request, _("%(number)s forms are signed.") % {"number": number})
            return redirect(hub_url(subject))
    shown = {"form": form, **_shown(request, subject, scope, visit)}
    return admin.page(request, "study/sign.html", shown, status=status)


def _asked(request: HttpRequest, subject: Subject) -> tuple[SignatureScope, Visit | None]:
    """What the page is for, by its address. Raises Http404."""
    scope = request.GET.get("scope", SignatureScope.FORMS)
    if scope not in SignatureScope.values:
        raise Http404
    key = request.GET.get("visit", "")
    if not key and scope != SignatureScope.VISIT:
        return SignatureScope(scope), None
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Http404
    visit = visits_of(subject).filter(pk=int(key)).first()
    if visit is None:
        raise Http404
    return SignatureScope(scope), visit


def _sign(
    request: HttpRequest,
    user: User,
    subject: Subject,
    scope: SignatureScope,
    visit: Visit | None,
    typed: Mapping[str, Any],
) -> Signature:
    return sign(
        actor=user,
        reentry=reentered(dict(typed), request),
        seen=_seen(user, subject, request.POST.getlist("seen")),
        meaning=typed["meaning"],
        scope=scope,
        visit=visit if scope == SignatureScope.VISIT else None,
    )


def _seen(user: User, subject: Subject, sent: Sequence[str]) -> list[Seen]:
    """The forms as the page named them: OID, key, version. Raises Refused for what is none."""
    versions: dict[str, dict[int, int]] = {}
    for each in sent:
        oid, _mark, rest = each.partition(":")
        key, _mark, version = rest.partition(":")
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in (key, version)):
            raise Refused({"forms": ["are not named as on the page"]})
        versions.setdefault(oid, {})[int(key)] = int(version)
    known = {kind.oid for kind in definitions()}
    if set(versions) - known:
        raise Refused({"forms": ["are not named as on the page"]})
    found = []
    for oid, own in versions.items():
        records = visible(definition(oid).model, user).filter(subject=subject, pk__in=own)
        records = records.select_related("subject__site", "subject__study", "subject__chain", "visit")
        found += [Seen(record, own[record.pk]) for record in records]
    if len(found) != sum(len(own) for own in versions.values()):
        raise Refused({"forms": ["are not all forms of this subject"]})
    return found


def _flat(errors: Mapping[str, Any]) -> dict[str, Any]:
    """Reasons about forms stand above the list, without the name of a field."""
    told = dict(errors)
    forms_told = told.pop("forms", [])
    return {**told, "__all__": forms_told} if forms_told else told


# ---------------------------------------------------------------- what is shown
@dataclass(frozen=True)
class Line:
    """A form as the page lists it."""

    standing: FormStanding
    url: str
    offered: bool
    checked: bool

    @property
    def value(self) -> str:
        return f"{self.standing.oid}:{self.standing.record_id}:{self.standing.version}"


def _shown(
    request: HttpRequest, subject: Subject, scope: SignatureScope, visit: Visit | None
) -> dict[str, Any]:
    forms_shown = forms_in_force([subject], visit=visit)
    whole = scope != SignatureScope.FORMS
    chosen = set(request.POST.getlist("seen"))
    one = (request.GET.get("form", ""), request.GET.get("record", ""))
    parts = [
        (part.visit, [_line(each, whole, chosen, one) for each in part.forms])
        for part in by_visit(forms_shown, list(visits_of(subject)))
    ]
    lines = [line for _visit, of in parts for line in of]
    titles = {
        SignatureScope.FORMS: _("Sign forms of %(code)s") % {"code": subject.code},
        SignatureScope.VISIT: _("Sign the visit %(visit)s") % {"visit": visit.code if visit else ""},
        SignatureScope.CASEBOOK: _("Sign the casebook of %(code)s") % {"code": subject.code},
    }
    ready = all(line.standing.is_ready for line in lines)
    return {
        "title": titles[scope],
        "subject": subject,
        "visit": visit,
        "whole": whole,
        "parts": parts,
        "can_sign": bool(lines) and (ready if whole else any(line.offered for line in lines)),
        "statements": [SignatureMeaning(each).label for each in MEANINGS[scope]],
        "sign_casebook_url": sign_url(subject, scope=SignatureScope.CASEBOOK),
        "sign_visit_urls": [
            (each, sign_url(subject, scope=SignatureScope.VISIT, visit=each.pk))
            for each, _lines in parts
            if each is not None
        ],
        "scope": scope,
        "back_url": hub_url(subject),
    }


def _line(standing: FormStanding, whole: bool, chosen: set[str], one: tuple[str, str]) -> Line:
    value = f"{standing.oid}:{standing.record_id}:{standing.version}"
    return Line(
        standing,
        page_url(definition(standing.oid).model, "change", standing.record_id),
        offered=not whole and standing.is_ready,
        checked=value in chosen or one == (standing.oid, str(standing.record_id)),
    )


def signing_of_form(user: User, record: Any) -> dict[str, Any]:
    """What the page of a form shows of signatures, beside the block of them."""
    if record.entered_in_error or not may(user, Verb.SIGN, site=record.subject.site):
        return {}
    return {"sign_url": sign_url(record.subject, form=record.form.oid, record=record.pk)}


def signing_of_casebook(user: User, subject: Subject) -> dict[str, Any]:
    """The signatures in a casebook, newest first, and the way to sign for who may."""
    found = list(
        Signature.objects.filter(subject=subject)
        .annotate(
            number=Count("signed_forms"), voided=Count("signed_forms", filter=Q(signed_forms__void=True))
        )
        .select_related("visit")
        .order_by("-id")[:SIGNATURES_SHOWN]
    )
    signed_off = any(each.scope == SignatureScope.CASEBOOK for each in found)
    whole = casebook_signature(subject, forms_in_force([subject])) if signed_off else None
    urls = [(each, page_url(each, "change", each.pk)) for each in found]
    mine = may(user, Verb.SIGN, site=subject.site)
    return {"signatures": urls, "sign_off": whole, "sign_url": sign_url(subject) if mine else ""}
