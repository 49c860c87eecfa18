"""What the container files promise, read from the files themselves."""

import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import Settings

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "docker"
ONE = "compose.yaml"
FILES = (ONE, "compose.backup.yaml", "compose.backup-minio.yaml", "compose.shared.yaml", "compose.workers.yaml")
OVER_ONE = FILES[1:4]
GIVEN = {"backup-minio-secret-key"}  # by whoever runs the other MinIO
SERVERS = {"minio", "opensearch", "redis", "postgres"}
UNITS = {"m": 1 << 20, "g": 1 << 30}


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DOCKER / name).read_text())
    return content


def services(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(name)["services"]
    return found


def whole(name: str) -> dict[str, dict[str, Any]]:
    """Services that this file defines rather than adds to."""
    return {key: value for key, value in services(name).items() if "image" in value}


def every() -> list[Any]:
    return [pytest.param(part, id=f"{file}:{name}") for file in FILES for name, part in whole(file).items()]


def memory(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


@pytest.mark.parametrize("service", every())
def test_every_container_is_confined(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d{4,}:\d{4,}", service["user"])
    assert service["read_only"] or service["image"].startswith("opensearchproject/")
    assert service["restart"] in ("unless-stopped", "no")
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["init"]
    assert service["pids_limit"] > 0


@pytest.mark.parametrize("service", every())
def test_every_container_has_a_health_check_or_ends_by_itself(service: dict[str, Any]) -> None:
    assert service["healthcheck"].get("test") or service["restart"] == "no"


@pytest.mark.parametrize("service", every())
def test_every_image_is_of_a_named_version(service: dict[str, Any]) -> None:
    name, _, tag = service["image"].partition(":")
    assert name
    assert re.search(r"\d", tag)
    assert "latest" not in tag


def test_the_limits_leave_room_on_a_machine_with_8_gb() -> None:
    limits = [memory(service["mem_limit"]) for service in services(ONE).values()]
    assert sum(limits) <= 7 << 30


def test_postgresql_owns_the_folder_it_keeps_its_data_in() -> None:
    """The image's volume belongs to the image's own user, and initdb wants to own its folder."""
    service = services(ONE)["postgres"]
    mounted = [str(volume).split(":")[1] for volume in service["volumes"] if str(volume).startswith("postgres:")]
    assert Path(service["environment"]["PGDATA"]).parent == Path(mounted[0])


def test_opensearch_may_use_twice_its_heap() -> None:
    service = services(ONE)["opensearch"]
    heap = re.fullmatch(r"-Xms(\w+) -Xmx(\w+)", service["environment"]["OPENSEARCH_JAVA_OPTS"])
    assert heap is not None
    assert heap[1] == heap[2]
    assert memory(heap[1]) * 2 <= memory(service["mem_limit"])


def test_reading_pages_comes_last_for_the_processor() -> None:
    parts = services(ONE)
    others = [part["cpu_shares"] for name, part in parts.items() if name != "workers"]
    assert parts["workers"]["cpu_shares"] * 4 <= min(others)


def test_only_the_proxy_is_reachable_and_only_it_leads_out() -> None:
    parts = services(ONE)
    assert [name for name, part in parts.items() if "ports" in part] == ["proxy"]
    networks = read(ONE)["networks"]
    outward = {name for name, network in networks.items() if not network.get("internal")}
    assert [name for name, part in parts.items() if outward & set(part["networks"])] == ["proxy"]
    assert not {"servers"} & set(parts["proxy"]["networks"])
    assert all(part["networks"] == ["servers"] for name, part in parts.items() if name in SERVERS)


def test_servers_are_opened_to_other_machines_on_the_private_address_alone() -> None:
    published = [port for part in services("compose.shared.yaml").values() for port in part.get("ports", [])]
    assert published
    assert all(port.startswith("${PRIVATE_ADDRESS") for port in published)


def test_the_database_lets_in_without_tls_only_the_network_of_this_machine() -> None:
    subnet = read(ONE)["networks"]["servers"]["ipam"]["config"][0]["subnet"]
    rules = [line.split() for line in (DOCKER / "postgres/access.conf").read_text().splitlines() if line[0] != "#"]
    unencrypted = [rule for rule in rules if rule[0] in ("host", "hostnossl") and rule[3] != "127.0.0.1/32"]
    assert unencrypted == [["hostnossl", "diachi", "diachi", subnet, "scram-sha-256"]]


def test_every_setting_exists() -> None:
    known = {f"DIACHI_{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    used = {
        key for file in FILES for part in services(file).values() for key in part.get("environment", {})
        if key.startswith("DIACHI_")
    }  # fmt: skip
    assert used
    assert used - known == set()


def test_a_backup_has_every_setting_of_either_place() -> None:
    wanted = {f"DIACHI_{name.upper()}" for name in Settings.model_fields if name.startswith("backup_")}
    given = services("compose.backup-minio.yaml")["workers"]["environment"]
    assert {name.removesuffix("_FILE") if "SECRET" in name else name for name in given} == wanted
    assert wanted - services("compose.backup.yaml")["workers"]["environment"].keys() == {
        name for name in wanted if "MINIO" in name
    }


def test_a_setting_left_empty_is_not_set(tmp_path: Path) -> None:
    assert Settings(data=tmp_path, backup_minio_ca_file="").backup_minio_ca_file is None  # type: ignore[arg-type]


def test_no_secret_stands_in_the_environment() -> None:
    for file in FILES:
        for part in services(file).values():
            for name in part.get("environment", {}):
                assert not re.search(r"(PASSWORD|SECRET_KEY)$", name), f"{file}: {name}"


def test_only_the_one_shot_container_has_the_keys_that_can_destroy() -> None:
    parts = services(ONE)
    for secret in ("minio-root-password", "minio-custodian-secret-key"):
        holders = {name for name, part in parts.items() if secret in part.get("secrets", [])}
        assert holders <= {"init", "minio"}
        assert "init" in holders


@pytest.mark.parametrize("file", FILES)
def test_every_secret_volume_and_network_used_is_declared(file: str) -> None:
    content = read(file)
    base = read(ONE) if file in OVER_ONE else {}
    for part in content["services"].values():
        for kind in ("secrets", "networks"):
            declared = {**base.get(kind, {}), **content.get(kind, {})}
            assert set(part.get(kind, [])) <= set(declared)
        for volume in part.get("volumes", []):
            if isinstance(volume, str) and not volume.startswith("."):
                assert volume.split(":")[0] in content["volumes"]


@pytest.mark.parametrize("file", FILES)
def test_every_secret_is_read_where_it_is_given(file: str) -> None:
    for name, part in services(file).items():
        said = yaml.safe_dump(part) + (DOCKER / "postgres/10-diachi.sh").read_text() * (name == "postgres")
        for secret in part.get("secrets", []):
            assert f"/run/secrets/{secret}" in said, f"{file}: {name} does not read {secret}"
        for path in re.findall(r"/run/secrets/([a-z-]+)", yaml.safe_dump(part)):
            assert path in part.get("secrets", []) or path in services(ONE)[name].get("secrets", [])


def test_every_secret_is_made_once_and_never_again(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    first = subprocess.run([DOCKER / "make-secrets", folder], capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    wanted = {Path(secret["file"]).name for file in FILES for secret in read(file).get("secrets", {}).values()}
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(made) == wanted - GIVEN
    assert len(set(made.values())) == len(made)
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert re.fullmatch("[0-9a-f]{48}", path.read_text())

    (folder / "redis-password").unlink()
    second = subprocess.run([DOCKER / "make-secrets", folder], capture_output=True, text=True, check=False)
    assert second.returncode == 0
    kept = {path.name: path.read_text() for path in folder.iterdir()}
    assert {**kept, "redis-password": ""} == {**made, "redis-password": ""}
    assert kept["redis-password"] != made["redis-password"]

    third = subprocess.run([DOCKER / "make-secrets", folder], capture_output=True, text=True, check=False)
    assert third.returncode == 1
    assert {path.name: path.read_text() for path in folder.iterdir()} == kept


def test_every_value_that_must_be_filled_in_is_in_the_example() -> None:
    for files, example in ((FILES[:4], "env.example"), (FILES[4:], "workers.env.example")):
        offered = set(re.findall(r"(?m)^#?([A-Z_]+)=", (DOCKER / example).read_text()))
        wanted = {name for file in files for name in re.findall(r"\$\{([A-Z_]+)", (DOCKER / file).read_text())}
        assert wanted - offered <= {"DIACHI_VERSION"}


def test_the_images_carry_no_more_than_they_copy() -> None:
    copied = re.findall(r"(?m)^COPY (?:--chmod=\S+ )?(?!--from)(\S.*) \S+$", (DOCKER / "Dockerfile").read_text())
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {name for line in copied for name in line.split()} == let_in
    for name in let_in:
        assert (ROOT / name).exists()


def test_the_images_are_built_as_they_are_named() -> None:
    dockerfile = (DOCKER / "Dockerfile").read_text()
    stages = set(re.findall(r"(?m)^FROM \S+ AS (\S+)$", dockerfile))
    for file in FILES:
        for part in whole(file).values():
            if "build" in part:
                assert part["build"]["target"] in stages
                assert (DOCKER / part["build"]["context"] / part["build"]["dockerfile"]).is_file()
    assert dockerfile.count("\nUSER 10001:10001\n") == 3
    minio = re.search(r'MINIO = "([^"]+)"', (ROOT / "scripts/server_binaries.py").read_text())
    assert minio is not None
    assert f'go install -trimpath -ldflags="-s -w" {minio[1]}\n' in dockerfile


def test_the_program_in_the_image_is_all_of_it() -> None:
    setup = (ROOT / "setup.cfg").read_text()
    listed = re.search(r"(?s)include =\n(.*?)\n\n", setup)
    assert listed is not None
    packages = {line.strip().rstrip("*") for line in listed[1].splitlines()}
    assert packages <= {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines()}
