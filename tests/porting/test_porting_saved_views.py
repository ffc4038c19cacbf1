"""The lists of porting and hosting can be saved as they are seen (UX-12)."""

import pytest

from portal.models import SavedView
from tests.pages import Page, url_of

pytestmark = pytest.mark.django_db
LISTS = (
    ("/port-ins/", "porting:port-in-list", {"status": "action_required", "sort": "waiting"}),
    ("/porting/hosting/orders/", "porting:hosted-order-list", {"turn": "us", "sort": "number"}),
    ("/porting/hosting/letters/", "porting:authorization-list", {"status": "signing"}),
)


@pytest.mark.parametrize(("path", "name", "narrowed"), LISTS)
def test_a_list_is_saved_with_its_filters_and_sort_and_opened_again(
    as_porter, porter, as_viewer, parent, path, name, narrowed
):
    assert "Save this view" not in Page.of(as_porter, path).one("main").text
    link = Page.of(as_porter, url_of(path, **narrowed)).link("Save this view")
    form = Page.of(as_porter, link).form()

    as_porter.post("/views/add/", {**form, "name": "Ours", "sharing": "everybody"})

    view = SavedView.objects.get(owner=porter)
    assert (view.list_name, view.name) == (name, "Ours")
    for client in (as_porter, as_viewer):
        assert Page.of(client, view.get_absolute_url()).one(".views summary").text == "View: Ours"
    altered = Page.of(as_porter, url_of(path, view=view.pk)).one(".views")
    assert [badge.text for badge in altered.all(".badge")] == ["Changed"]
