"""What a reader sees, door by door."""

import json
import re
from html import unescape

import pytest
from flask.testing import FlaskClient

INSIDE_THE_LIBRARY = "192.0.2.17"


def html(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    assert answer.mimetype == "text/html"
    return unescape(answer.get_data(as_text=True))


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


class TestHome:
    def test_has_a_search_box_the_newest_items_and_ways_in(self, shelves, reader):
        page = html(reader, "/")
        assert '<form class="search wide" role="search" action="/search"' in page
        assert f'href="/items/{shelves.gazetteer}"' in page
        assert 'href="/items?kind=gazetteer"' in page
        assert 'href="/items?place=Th%C3%A1i+Nguy%C3%AAn"' in page or "place=Th%C3%A1i%20Nguy%C3%AAn" in page

    def test_counts_only_what_the_visitor_may_see(self, shelves):
        assert "1 tài liệu" in plain(html(shelves.browser(), "/items"))
        assert "3 tài liệu" in plain(html(shelves.browser(INSIDE_THE_LIBRARY), "/items"))


class TestBrowse:
    def test_narrows_by_kind_and_lets_go_again(self, shelves):
        page = html(shelves.browser(INSIDE_THE_LIBRARY), "/items?kind=gazetteer")
        assert "Địa chí Thái Nguyên" in page
        assert "Chỉ tại chỗ" not in page
        assert re.search(r'<a href="/items" class="chosen"', page)

    def test_pages_that_do_not_exist_say_so(self, reader):
        assert "Không có tài liệu nào khớp" in html(reader, "/items?page=999")


class TestResults:
    def test_mark_the_words_and_box_them_on_a_cut_of_the_page(self, shelves, reader):
        page = html(reader, "/search?q=đường+sắt")
        assert "<mark>đường sắt.</mark>" in page
        assert f'href="/items/{shelves.gazetteer}/pages/1?q=' in page
        assert re.search(r'<img src="/iiif/image/3/\w+/\d+,\d+,\d+,\d+/\S+/0/default.jpg" width', page)
        assert re.search(r'<rect x="\d+" y="\d+" width="\d+" height="\d+"/>', page)

    def test_the_cut_is_an_image_that_the_site_serves(self, reader):
        source = re.search(r'class="cut".*?<img src="([^"]+)" width="(\d+)"', html(reader, "/search?q=đường"))
        assert source is not None
        assert reader.get(source[1]).mimetype == "image/jpeg"

    def test_words_without_marks_find_words_with_marks(self, reader):
        page = html(reader, "/search?q=huong+uoc")
        assert "<mark>hương ước</mark>" in page
        assert "khớp không kể dấu" in page

    def test_exact_marks_stand_above_folded_ones(self, reader):
        hits = re.findall(r"/pages/(\d)\?q=", html(reader, "/search?q=đường"))
        assert hits[0] == "1"
        assert "2" in hits

    def test_a_query_that_makes_no_sense_is_explained(self, reader):
        assert "Câu tìm chỉ có từ phải loại trừ" in html(reader, "/search?q=-chùa")

    def test_nothing_found_comes_with_advice(self, reader):
        page = html(reader, "/search?q=khôngcótừnày")
        assert "Không tìm thấy “khôngcótừnày”" in page
        assert "hãy bớt từ" in page

    def test_grouped_by_item_counts_items(self, reader):
        assert "1 tài liệu" in plain(html(reader, "/search?q=trang&group=item"))

    def test_a_hit_in_the_record_leads_to_the_item(self, shelves, reader):
        page = html(reader, "/search?q=DC0001")
        assert f'<h2><a href="/items/{shelves.gazetteer}">' in page
        assert "Trong mô tả tài liệu" in page

    def test_within_one_item(self, shelves, reader):
        assert "1 kết quả" in plain(html(reader, f"/items/{shelves.gazetteer}/search?q=hương+ước"))

    def test_what_is_typed_is_never_html(self, reader):
        answer = reader.get("/search?q=<script>alert(1)</script>").get_data(as_text=True)
        assert "<script>alert" not in answer


class TestClosedItems:
    @pytest.mark.parametrize("name", ["network", "onsite", "restricted", "embargoed"])
    def test_are_refused_with_the_reason_and_a_way_to_sign_in(self, shelves, reader, name):
        item = getattr(shelves, name)
        for path in (f"/items/{item}", f"/items/{item}/pages/1", f"/items/{item}/text"):
            page = html(reader, path, 403)
            assert "/staff/sign-in?next=/items/" in page
            assert "voi chín ngà" not in page

    def test_drafts_are_not_known_at_all(self, shelves, reader):
        assert "Không tìm thấy tài liệu này" in html(reader, f"/items/{shelves.draft}", 404)

    def test_leak_neither_into_hits_nor_into_counts(self, shelves, reader):
        assert "Không có kết quả" in html(reader, "/search?q=voi+chín+ngà")
        assert "2 kết quả" in plain(html(shelves.browser(INSIDE_THE_LIBRARY), "/search?q=voi+chín+ngà"))

    def test_are_read_at_the_library_and_kept_by_no_cache(self, shelves):
        answer = shelves.browser(INSIDE_THE_LIBRARY).get(f"/items/{shelves.onsite}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"


class TestItem:
    def test_describes_cites_and_offers_to_take_along(self, shelves, reader):
        page = html(reader, f"/items/{shelves.gazetteer}")
        assert "Nguyễn Văn A" in page
        assert "NGUYỄN VĂN A. Địa chí Thái Nguyên [trực tuyến]. Thái Nguyên: NXB Trẻ, 1936. " in page
        assert f'href="/items/{shelves.gazetteer}/text"' in page
        assert f"/iiif/presentation/3/{shelves.gazetteer}/manifest" in page
        assert len(re.findall(r'href="/items/\w+/pages/\d"><span class="cover">', page)) == 3

    def test_whole_text_is_a_file_with_pages_parted_by_form_feeds(self, shelves, reader):
        answer = reader.get(f"/items/{shelves.gazetteer}/text")
        assert answer.mimetype == "text/plain"
        assert answer.headers["Content-Disposition"] == "attachment; filename=DC0001.txt"
        assert answer.get_data(as_text=True).count("\f") == 2


class TestPage:
    def test_shows_image_and_text_with_hits_without_any_script(self, shelves, reader):
        page = html(reader, f"/items/{shelves.gazetteer}/pages/1?q=dia+chi")
        assert re.search(r'<img src="/iiif/image/3/\w+/full/max/0/default.jpg"', page)
        assert re.search(r'<mark data-box="\d+,\d+,\d+,\d+">Địa chí</mark>', page)
        assert re.search(r'<svg viewBox="0 0 1240 1754".*?<rect', page)

    def test_boxes_are_where_the_word_was_printed(self, shelves, reader):
        page = html(reader, f"/items/{shelves.gazetteer}/pages/2?q=hương")
        written = re.search(r'<script type="application/json" id="viewer-data">(.*?)</script>', page)
        assert written is not None
        with shelves.room.services.ledger.read() as work:
            at = work.pages.at(shelves.gazetteer, 2)
            text = work.texts.current([at.id])[at.id]
        word = next(word for word in text.words if word.text == "hương")
        assert json.loads(written[1])["hits"] == [[word.box.x, word.box.y, word.box.w, word.box.h]]

    def test_turns_to_its_neighbours_and_keeps_the_query(self, shelves, reader):
        page = html(reader, f"/items/{shelves.gazetteer}/pages/2?q=trang")
        assert f'rel="prev" data-turn href="/items/{shelves.gazetteer}/pages/1?q=trang"' in page
        assert f'rel="next" data-turn href="/items/{shelves.gazetteer}/pages/3?q=trang"' in page

    def test_leads_from_matching_page_to_matching_page(self, shelves, reader):
        page = plain(html(reader, f"/items/{shelves.gazetteer}/pages/1?q=trang"))
        assert "2 trang khớp" in page
        assert "khớp sau: trang 2" in page
        assert "khớp trước" not in page

    @pytest.mark.parametrize(
        ("written", "understood"),
        [
            ("100,200,300,400", [100, 200, 300, 400]),
            ("1000,1700,9999,9999", [1000, 1700, 240, 54]),
            ("1240,0,5,5", None),
            ("1,2,3", None),
            ("-1,2,3,4", None),
            ("NaN,0,0,0", None),
            ("9" * 500 + ",0,1,1", None),
        ],
    )
    def test_an_address_names_a_region(self, shelves, reader, written, understood):
        page = html(reader, f"/items/{shelves.gazetteer}/pages/1?region={written}")
        data = re.search(r'id="viewer-data">(.*?)</script>', page)
        assert data is not None
        assert json.loads(data[1])["region"] == understood

    def test_goes_to_the_page_typed_or_the_nearest(self, shelves, reader):
        base = f"/items/{shelves.gazetteer}/pages"
        assert reader.get(f"{base}?n=2").location == f"{base}/2"
        assert reader.get(f"{base}?n=99999999999999999999").location == f"{base}/3"
        assert reader.get(f"{base}?n=xyz&q=chè").location == f"{base}/1?q=ch%C3%A8"

    def test_its_text_and_its_master_are_files(self, shelves, reader):
        base = f"/items/{shelves.gazetteer}/pages/2"
        assert "hương ước" in reader.get(f"{base}/text").get_data(as_text=True)
        master = reader.get(f"{base}/original")
        assert master.mimetype == "image/png"
        assert master.data.startswith(b"\x89PNG")
        assert "DC0001-0002.png" in master.headers["Content-Disposition"]
        master.close()

    def test_numbers_beyond_any_item_are_not_found(self, shelves, reader):
        html(reader, f"/items/{shelves.gazetteer}/pages/0", 404)
        html(reader, f"/items/{shelves.gazetteer}/pages/{10**30}", 404)


class TestEveryPage:
    def test_says_what_browsers_may_do(self, reader):
        for path in ("/", "/items", "/search?q=chè", "/không-có"):
            headers = reader.get(path).headers
            assert "default-src 'self'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"].startswith(("private", "no-store"))

    def test_uses_no_inline_styles_or_handlers_which_the_policy_forbids(self, shelves, reader):
        for path in ("/", "/items", "/search?q=chè", f"/items/{shelves.gazetteer}/pages/1?q=chè"):
            assert not re.search(r'<[^>]+\s(style|on[a-z]+)="', html(reader, path))

    def test_loads_scripts_only_for_the_viewer(self, shelves, reader):
        for path in ("/", "/items", "/search?q=chè", f"/items/{shelves.gazetteer}"):
            assert "<script" not in html(reader, path)
        assert "openseadragon" in html(reader, f"/items/{shelves.gazetteer}/pages/1")
