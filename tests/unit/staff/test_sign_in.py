"""Who gets in, for how long, and what keeps the others out."""

import pytest
from staff_desk import PASSWORD

from app.security import safe_path
from repository.domain.access import Role
from repository.domain.records import User


def test_whoever_is_not_signed_in_is_shown_the_way_and_comes_back_to_the_page(desk):
    asked = desk.get("/staff/batches/new?lang=en")
    assert asked.status_code == 303
    assert asked.headers["Location"] == "/staff/sign-in?next=/staff/batches/new?lang%3Den"
    assert desk.sign_in("canbo", next="/staff/batches/new").headers["Location"] == "/staff/batches/new"
    assert desk.get("/staff/batches/new").status_code == 200


def test_a_wrong_password_and_an_unknown_name_are_told_apart_by_nobody(desk):
    wrong, unknown = desk.sign_in("canbo", "sai"), desk.sign_in("khong-ai", "sai")
    assert wrong.status_code == unknown.status_code == 401
    assert "Tên hoặc mật khẩu không đúng." in wrong.text
    assert "Tên hoặc mật khẩu không đúng." in unknown.text


@pytest.mark.parametrize(
    "target",
    ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)", "example.org", "/a\nb", ""],
)
def test_signing_in_never_leads_to_another_site(desk, target):
    assert safe_path(target) is None
    assert desk.sign_in("canbo", next=target).headers["Location"] == "/staff/"


def test_readers_sign_in_but_do_not_come_into_the_staff_pages(desk_of):
    reader = desk_of("doc")
    assert reader.get("/staff/").status_code == 403
    assert reader.get("/staff/password").status_code == 200


def test_the_sixth_try_for_one_name_within_a_minute_has_to_wait(desk):
    answers = [desk.sign_in("canbo", "sai") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert "hãy thử lại sau" in answers[-1].text
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61  # whole seconds, rounded up
    assert desk.beside().sign_in("Canbo ", PASSWORD).status_code == 429, "the same name in other letters"
    assert desk.beside().sign_in("duyet").status_code == 303, "others come in"


def test_one_address_may_not_try_many_names(desk):
    assert [desk.sign_in(f"ten{n}", "sai").status_code for n in range(11)] == [401] * 10 + [429]


def test_a_class_of_twelve_signs_in_from_one_address(desk):
    assert {desk.beside().sign_in("canbo").status_code for _ in range(12)} == {303}


def test_a_form_without_its_token_is_refused_in_plain_words(desk_of):
    staff = desk_of("canbo")
    answer = staff.client.post("/staff/batches/new", data={"title": "Lô"})
    assert answer.status_code == 400
    assert "hãy tải lại trang" in answer.text
    assert "Chưa có lô nào" in staff.get("/staff/").text


def test_a_token_of_another_session_is_no_use(desk, desk_of):
    staff, other = desk_of("canbo"), desk_of("duyet")
    answer = staff.client.post("/staff/batches/new", data={"title": "Lô", "csrf_token": other.token()})
    assert answer.status_code == 400


def test_a_new_password_ends_every_other_session(desk_of):
    here, elsewhere = desk_of("canbo"), desk_of("canbo")
    changed = here.post("/staff/password", old=PASSWORD, new="mật khẩu mới hơn", again="mật khẩu mới hơn")
    assert changed.status_code == 303
    assert here.get("/staff/").status_code == 200
    assert elsewhere.get("/staff/").status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "told"),
    [
        ("sai", "mật khẩu mới hơn", "mật khẩu mới hơn", "không đúng"),
        (PASSWORD, "mật khẩu mới hơn", "khác hẳn", "không giống nhau"),
        (PASSWORD, "ngắn", "ngắn", "ít nhất 10"),
    ],
)
def test_a_new_password_needs_the_old_one_and_some_length(desk_of, old, new, again, told):
    answer = desk_of("canbo").post("/staff/password", old=old, new=new, again=again)
    assert answer.status_code == 400
    assert told in answer.text


def test_a_user_who_is_locked_is_out_at_once(desk_of):
    staff = desk_of("canbo")
    admin = desk_of("quantri")
    assert admin.post("/staff/users/canbo", role="staff", library="TV").status_code == 303
    assert staff.get("/staff/").status_code == 303
    assert staff.sign_in("canbo").status_code == 401


def test_signing_out_ends_the_session(desk_of):
    staff = desk_of("canbo")
    staff.post("/staff/sign-out")
    assert staff.get("/staff/").status_code == 303


def test_nothing_of_the_staff_pages_is_kept_by_browsers_or_caches(desk, desk_of):
    assert desk.get("/staff/sign-in").headers["Cache-Control"] == "no-store"
    assert desk_of("canbo").get("/staff/").headers["Cache-Control"] == "no-store"


def test_the_session_cookie_is_not_for_scripts_and_not_for_other_sites(desk):
    cookie = desk.sign_in("canbo").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires" in cookie


def test_without_https_the_page_says_what_is_off(desk):
    page = desk.get("/staff/sign-in", base_url="http://192.168.1.5:8080").text
    assert "không được mã hóa" in page
    assert "không được mã hóa" not in desk.get("/staff/sign-in", base_url="https://thuvien.example").text


@pytest.mark.parametrize("path", ["/staff/users", "/staff/libraries"])
def test_only_administrators_see_users_and_libraries(desk_of, path):
    assert desk_of("duyet").get(path).status_code == 403
    assert desk_of("duyet").post(path, name="x").status_code == 403
    assert desk_of("quantri").get(path).status_code == 200


def test_administrators_add_users_and_nobody_twice(desk_of):
    admin = desk_of("quantri")
    form = {"name": "Chị Hoa", "role": "approver", "library": "BT", "password": "mật khẩu của Hoa"}
    admin.post("/staff/users", **form)
    assert User("Chị Hoa", Role.APPROVER, "BT") in admin.services.accounts.all()
    admin.post("/staff/users", **{**form, "name": "chị hoa"})
    assert "Đã có người dùng" in admin.get("/staff/users").text
    assert desk_of("quantri").beside().sign_in("Chị Hoa", "mật khẩu của Hoa").status_code == 303


def test_administrators_cannot_lock_themselves_out(desk_of):
    admin = desk_of("quantri")
    admin.post("/staff/users/quantri", role="staff", library="TV", active="on")
    assert "Không thể tự khóa" in admin.get("/staff/users").text


def test_libraries_keep_only_address_ranges_that_make_sense(desk_of):
    admin = desk_of("quantri")
    form = {"code": "LS", "name": "Thư viện Lạng Sơn", "access": "onsite", "new": "1"}
    admin.post("/staff/libraries", **form, ranges="192.168.1.7/24\n2001:db8::/32, 10.0.0.1")
    kept = admin.services.reading.library("LS")
    assert kept.address_ranges == ("192.168.1.0/24", "2001:db8::/32", "10.0.0.1/32")
    for wrong in ("192.168.1.300", "phòng đọc", "0.0.0.0/0"):
        admin.post("/staff/libraries", code="LS", name="Đổi tên", access="public", ranges=wrong)
        assert wrong.split()[0] in admin.get("/staff/libraries").text
    assert admin.services.reading.library("LS") == kept
