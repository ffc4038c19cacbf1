import django_filters

from portal.filtering import AccountsFilter, AnyOf, MirroredFilter
from porting.models import AuthorizationDocument
from porting.statuses import AUTHORIZATION_STATES


class LetterFilter(AccountsFilter, MirroredFilter):
    """What letters of authorization can be narrowed by. Names are the URL's parameters."""

    status = AnyOf(
        "Status",
        choices=[(status, label.word) for status, label in AUTHORIZATION_STATES.items()],
    )
    q = django_filters.CharFilter(label="Search", field_name="sid", lookup_expr="startswith")

    class Meta:
        model = AuthorizationDocument
        fields: list[str] = []
