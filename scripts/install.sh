# shellcheck shell=bash
# Sourced by scripts/run and scripts/test: puts in place what a fresh Debian 12 or Ubuntu 24.04 machine lacks.
# Every sentence is said in Vietnamese, then in English. Expects the working folder to be the checkout.

say() { # VIETNAMESE ENGLISH
    printf '%s\n%s\n' "$1" "$2" >&2
}

stop() { # EXIT-CODE VIETNAMESE ENGLISH
    say "$2" "$3"
    exit "$1"
}

pick_python() { # prints the first Python that is 3.11 or newer; a name on PATH may be a shim that does not run
    local name
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    stop 2 "Không tìm thấy Python 3.11 trở lên. Hãy cài: sudo apt-get install python3" \
        "No Python 3.11 or newer was found. Install it: sudo apt-get install python3"
}

venv_package() { # PYTHON: the package that lets this Python make a virtual environment
    if [ "$(readlink -f "$(command -v "$1")")" = "$(readlink -f /usr/bin/python3)" ]; then
        printf 'python3-venv\n'
    else
        "$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
}

missing_for_run() { # prints the packages that the site needs and this machine lacks
    local python
    python=$(pick_python) || exit 2
    venv_usable || "$python" -c 'import ensurepip, venv' 2>/dev/null || venv_package "$python"
    command -v tesseract >/dev/null || printf 'tesseract-ocr\n'
    { command -v tesseract >/dev/null && tesseract --list-langs 2>/dev/null | grep -x vie >/dev/null; } || printf 'tesseract-ocr-vie\n'
    command -v pdftoppm >/dev/null || printf 'poppler-utils\n'
}

missing_for_tests() { # prints the packages that only the tests need and this machine lacks
    local package
    for package in chromium curl faketime openssl libmagic1 fonts-freefont-ttf fonts-dejavu-core fonts-noto-core fonts-linuxlibertine; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep '^install ok installed' >/dev/null || printf '%s\n' "$package"
    done
}

missing_for_services() { # prints the packages that the four servers need and this machine lacks
    command -v redis-server >/dev/null || printf 'redis-server\n'
    ls -d /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || printf 'postgresql\n'
    # Maven fetches OpenSearch once, into the user's cache folder.
    [ -d "${XDG_CACHE_HOME:-$HOME/.cache}/diachi/opensearch-3.4.0" ] || command -v mvn >/dev/null || printf 'maven\n'
}

install_packages() { # PACKAGE...: with apt-get when we may, else says which line to run and stops
    [ $# -gt 0 ] || return 0
    local as_root=()
    command -v apt-get >/dev/null ||
        stop 2 "Máy này không có apt-get. Hãy tự cài: $*" "This machine has no apt-get. Install these yourself: $*"
    if [ "$(id -u)" != 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            say "Máy còn thiếu phần mềm. Hãy chạy dòng dưới đây (cần quyền quản trị), rồi chạy lại lệnh này:" \
                "Some software is missing. Run the line below (it needs administrator rights), then this command again:"
            printf '\n    sudo apt-get install --yes --no-install-recommends %s\n\n' "$*" >&2
            exit 2
        fi
        as_root=(sudo -n)
    fi
    say "Đang cài phần mềm của hệ thống: $*" "Installing system software: $*"
    { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends -qq -o Dpkg::Use-Pty=0 "$@"; } >&2 ||
        stop 3 "apt-get không cài được. Hãy xem lỗi ở trên và kiểm tra mạng." \
            "apt-get could not install these. See its error above and check the network."
}

venv_usable() { # whether .venv was made here, by a Python that still runs and is new enough
    [ -x .venv/bin/python ] && [ "$(cat .venv/.diachi-folder 2>/dev/null || pwd -P)" = "$(pwd -P)" ] &&
        .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

make_venv() {
    venv_usable || "$(pick_python)" -m venv --clear .venv
    pwd -P >.venv/.diachi-folder
}

pip_install() { # PIP-ARGUMENT...
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" >&2 ||
        stop 3 "Không cài được thư viện Python. Hãy xem lỗi ở trên và kiểm tra mạng." \
            "The Python libraries could not be installed. See the error above and check the network."
}

install_lock() { # LOCK-FILE: exact versions, each checked against its hash; nothing to do when already done
    local stamp=".venv/.diachi-$1.sha256" sum
    sum=$(sha256sum <"$1")
    [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ] || return 0
    say "Đang cài thư viện Python theo $1 (lần đầu mất vài phút)…" \
        "Installing the Python libraries of $1 (some minutes the first time)…"
    # What comes as source only (pyvips, iiif-validator) is built second, by the setuptools and cffi of the lock file and not by
    # unchecked ones that pip would fetch; without pkgconfig it leaves the compiler and any libvips of the system alone.
    awk '/^[^ ]/ { keep = $1 !~ /^(pyvips|iiif-validator)==/ } keep' "$1" >.venv/wheels.lock
    pip_install --require-hashes --only-binary :all: -r .venv/wheels.lock
    pip_install --require-hashes --no-deps --no-build-isolation -r "$1"
    printf '%s\n' "$sum" >"$stamp"
}

install_project() {
    local stamp=.venv/.diachi-project.sha256 sum
    sum=$(cat setup.cfg pyproject.toml | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ] || return 0
    pip_install --no-deps --no-build-isolation --no-index -e .
    printf '%s\n' "$sum" >"$stamp"
}
