"""A production site's storage by its commands: set up, checked, verified, repaired, a master withdrawn."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from reading_room import LIBRARY, ReadingRoom
from servers_here import Servers
from sqlalchemy import delete

from app.cli.main import diachi
from config.services import Services, build_services
from config.settings import load_settings
from repository.db.service_tables import MasterRow
from repository.domain.batches import StepName, StepState
from repository.domain.errors import StoreFailed, WrongUse
from repository.domain.jobs import JobKind, Priority, WindowJob
from repository.domain.records import Description

pytestmark = pytest.mark.service
LINES = [["Địa chí tỉnh Thái Nguyên", "quyển một"], ["Sông Cầu chảy qua", "thành phố"]]


class ProductionRoom(ReadingRoom):
    """A reading room on the servers that its folder's settings name."""

    def __post_init__(self) -> None:
        self.services = build_services(load_settings(self.folder))
        with self.services.ledger.write() as work:
            work.libraries.put(LIBRARY)


def run(folder: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(diachi, ["--data", str(folder), *map(str, arguments)], standalone_mode=False)


@pytest.fixture
def folder(servers: Servers, own_name: str, tmp_path: Path) -> Path:
    """The data folder of a new production site with keys of its own; nothing is set up yet."""
    settings = servers.settings(own_name) | {
        "DIACHI_MINIO_ACCESS_KEY": f"{own_name}-app",
        "DIACHI_MINIO_CUSTODIAN_ACCESS_KEY": f"{own_name}-keep",
        "DIACHI_MINIO_RETENTION_DAYS": "20",
    }
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "diachi.env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return folder


@pytest.fixture
def admin(servers: Servers) -> list[str | Path]:
    return [
        "--admin-user", servers.minio.root_user, "--admin-password-file", servers.minio.folder / "root-password",
    ]  # fmt: skip


@pytest.fixture
def room(folder: Path, admin: list[str | Path]) -> Iterator[ProductionRoom]:
    assert run(folder, "storage", "setup", *admin).return_value == 0
    room = ProductionRoom(folder)
    yield room
    room.close()


def verify(folder: Path, *options: str) -> dict[str, object]:
    said = run(folder, "verify", "--json", *options)
    found: dict[str, object] = json.loads(said.stdout)
    assert said.return_value == (1 if found["left"] else 0)
    return found


def test_what_is_missing_is_said_until_it_is_set_up(folder: Path, admin: list[str | Path], servers: Servers) -> None:
    assert isinstance(run(folder, "storage", "check").exception, StoreFailed)  # the key is not known yet
    for _ in range(2):
        done = run(folder, "storage", "setup", *admin)
        assert done.return_value == 0
        assert servers.minio.root_password not in done.output
    checked = run(folder, "storage", "check")
    assert checked.return_value == 0
    assert "khóa 20 ngày" in checked.output
    settings = (folder / "diachi.env").read_text()
    (folder / "diachi.env").write_text(settings.replace("RETENTION_DAYS=20", "RETENTION_DAYS=40"))
    longer = run(folder, "storage", "check")
    assert longer.return_value == 1
    assert "20 ngày, thiết lập đòi 40 ngày" in longer.output
    assert run(folder, "storage", "setup", *admin).return_value == 0
    assert run(folder, "storage", "check").return_value == 0


def test_what_cannot_be_set_up_is_said(folder: Path, admin: list[str | Path], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-password")
    refused = run(folder, "storage", "setup", "--admin-user", str(admin[1]), "--admin-password-file", wrong).exception
    assert isinstance(refused, StoreFailed)
    assert "kiểm tra khóa" in str(refused)
    assert "not-the-password" not in str(refused)
    settings = folder / "diachi.env"
    settings.write_text(settings.read_text() + "DIACHI_MINIO_ACCESS_KEY=a-name-that-is-too-long-for-minio\n")
    assert isinstance(run(folder, "storage", "setup", *admin).exception, WrongUse)


def test_a_lost_derivative_is_owed_again_and_a_forgotten_letter_is_taken_out(
    room: ProductionRoom, folder: Path
) -> None:
    services = room.services
    item = room.add_item("DC-1", Description("Địa chí Thái Nguyên"), LINES)
    settle(services, item)
    assert verify(folder) == {
        "masters": 2, "pages": 2, "problems": [], "left": 0, "more": 0, "withdrawn": 0, "notes": [],
    }  # fmt: skip
    assert verify(folder, "--older-than", "1")["masters"] == 0
    with services.ledger.read() as work:
        page = work.pages.of_item(item, approved_only=False)[0]
    assert page.derivative is not None
    services.derivatives.delete(page.derivative)
    assert services.queue is not None
    services.queue.deliver([WindowJob(987_654_321, Priority.BATCH, "", "", 1)])
    found = verify(folder, "--quick")
    assert found["left"] == 2
    said = run(folder, "verify", "--repair", "--quick")
    assert f"Mất ảnh dẫn xuất của trang {page.id}. Đã giao làm lại." in said.output
    assert "phiếu của công việc 987654321" in said.output
    assert said.return_value == 0
    with services.ledger.read() as work:
        assert work.steps.of(page.id)[StepName.DERIVATIVE].state is StepState.OWED
        assert work.jobs.owed(JobKind.PAGE, page.id)
    assert services.queue.present() == frozenset()
    assert verify(folder, "--quick")["problems"] == []  # it is lost still, and somebody will see to it


def test_work_that_nobody_was_given_is_given_out(room: ProductionRoom, folder: Path) -> None:
    item = room.add_item("DC-2", Description("Địa chí Bắc Kạn"), LINES)
    settle(room.services, item)
    with room.services.ledger.write() as work:
        [first, _] = work.pages.of_item(item, approved_only=False)
        work.steps.owe(first.id, StepName.CLEAN)
    assert verify(folder)["problems"] == [f"Trang {first.id} còn việc phải làm và không ai được giao."]
    assert verify(folder, "--repair")["left"] == 0
    assert verify(folder)["problems"] == []


def test_masters_of_before_there_were_rows_get_theirs(room: ProductionRoom, folder: Path) -> None:
    """A page names a master that went into the store without the ledger's knowing."""
    item = room.add_item("DC-3", Description("Địa chí Lạng Sơn"), LINES)
    settle(room.services, item)
    with room.services.ledger.read() as work:
        image = work.pages.of_item(item, approved_only=False)[0].image
    assert image is not None
    forget(room.services, image)
    assert verify(folder)["masters"] == 2
    with room.services.ledger.read() as work:
        row = work.masters.get(image)
    assert row is not None
    assert row.version is not None
    assert row.checked_at is not None


def test_a_master_is_withdrawn_by_command_with_the_custodians_key_only(room: ProductionRoom, folder: Path) -> None:
    item = room.add_item("DC-4", Description("Địa chí Cao Bằng"), LINES)
    settle(room.services, item)
    with room.services.ledger.read() as work:
        image = work.pages.of_item(item, approved_only=False)[0].image
    assert image is not None
    settings = (folder / "diachi.env").read_text()
    (folder / "diachi.env").write_text("".join(line for line in settings.splitlines(True) if "CUSTODIAN" not in line))
    refused = run(folder, "storage", "withdraw", image, "--reason", "thử", "--yes")
    assert isinstance(refused.exception, WrongUse)
    assert "không có khóa của người giữ kho" in str(refused.exception)
    assert room.services.masters.exists(image)
    (folder / "diachi.env").write_text(settings)
    done = run(folder, "storage", "withdraw", image, "--reason", "theo quyết định 15", "--yes")
    assert "Đã rút" in done.output
    assert not room.services.masters.exists(image)
    found = verify(folder)
    assert (found["left"], found["withdrawn"]) == (0, 1)
    assert "theo quyết định 15" in str(found["notes"])
    with room.services.ledger.read() as work:
        assert [event.what for event in work.journal.of(image)] == ["withdraw_master"]


def test_an_embedded_site_withdraws_too(tmp_path: Path) -> None:
    room = ReadingRoom(tmp_path / "site")
    item = room.add_item("DC-5", Description("Địa chí Tuyên Quang"), LINES)
    settle(room.services, item)
    with room.services.ledger.read() as work:
        image = work.pages.of_item(item, approved_only=False)[0].image
    room.close()
    assert image is not None
    assert verify(tmp_path / "site")["problems"] == []
    assert run(tmp_path / "site", "storage", "withdraw", image, "--reason", "theo hợp đồng", "--yes").return_value == 0
    assert not list((tmp_path / "site" / "masters").glob(f"??/??/{image}"))
    assert verify(tmp_path / "site")["withdrawn"] == 1
    assert isinstance(run(tmp_path / "site", "storage", "check").exception, WrongUse)


def settle(services: Services, item: str) -> None:
    """As if every file was looked into and every step done by workers."""
    with services.ledger.write() as work:
        for page in work.pages.of_item(item, approved_only=False):
            work.files.set_taken(page.file, 1)
            work.steps.owe_all(page.id)
            for step in StepName:
                work.steps.done(page.id, step, 1.0)


def forget(services: Services, key: str) -> None:
    with services.ledger.write() as work:
        work._session.execute(delete(MasterRow).where(MasterRow.key == key))
