"""What MinIO and the way to it can answer, as the errors of the house. Nothing said here holds a key or a password."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import InvalidResponseError, MinioAdminException, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError, MaxRetryError, SSLError

from repository.domain.errors import N_, DiachiError, ObjectMissing, ServerUnreachable, StoreFailed

SERVER = "MinIO"
MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})  # the last: what was asked for is a marker
REFUSED = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "XMinioAdminNoSuchUser"})
FULL = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"})
DAMAGED = frozenset({"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody"})
# Of the server's moment, not of the request. NoSuchUpload: the answer to a finished upload was lost, then asked again.
PASSING = frozenset(
    {"SlowDown", "SlowDownRead", "SlowDownWrite", "ServiceUnavailable", "XMinioServerNotInitialized", "InternalError",
     "RequestTimeout", "NoSuchUpload", "OperationAborted", "ClientDisconnected", "XMinioBackendDown"}
)  # fmt: skip


@contextmanager
def said(endpoint: str, operation: str, subject: str) -> Iterator[None]:
    """Turn what the client raises in the block into an error that says which server (`endpoint`, host:port), which
    `operation` (S3's name for it) and on what (`subject`, bucket or bucket/key) failed, and what to do."""
    try:
        yield
    except S3Error as error:
        raise _of_code(error.code or "?", endpoint, operation, subject) from error
    except (ServerError, InvalidResponseError) as error:
        status = error.status_code if isinstance(error, ServerError) else error._code
        raise _of_status(int(status), endpoint, operation, subject) from error
    except MinioAdminException as error:
        raise _of_admin(error, endpoint, operation, subject) from error
    except HTTPError as error:
        raise unreachable(error, endpoint, operation) from error
    except MinioException as error:
        raise _refusal(endpoint, operation, subject, type(error).__name__) from error


def unreachable(error: HTTPError, endpoint: str, operation: str) -> ServerUnreachable:
    """The error for a connection that was not made, not trusted or cut."""
    cause: BaseException = error
    if isinstance(error, MaxRetryError) and error.reason is not None:
        cause = error.reason
    if isinstance(cause, SSLError):
        return ServerUnreachable(
            N_("Không tin được chứng chỉ TLS của {server} ({endpoint}); hãy kiểm tra DIACHI_MINIO_CA_FILE."),
            server=SERVER,
            endpoint=endpoint,
        )
    return silent(endpoint, operation, type(cause).__name__)


def _of_code(code: str, endpoint: str, operation: str, subject: str) -> DiachiError:
    if code in MISSING:
        return ObjectMissing(N_("Không có đối tượng “{key}” trong kho lưu trữ."), key=subject)
    if code in PASSING:
        return silent(endpoint, operation, code)
    if code in FULL:
        return StoreFailed(
            N_("{server} ({endpoint}) đã hết chỗ, không giữ thêm được gì; hãy thêm đĩa hoặc dọn đĩa."),
            server=SERVER,
            endpoint=endpoint,
        )
    if code in DAMAGED:
        return StoreFailed(
            N_("Dữ liệu gửi tới {server} ({endpoint}) bị hỏng dọc đường ({code}); hãy thử lại."),
            server=SERVER,
            endpoint=endpoint,
            code=code,
        )
    if code in REFUSED:
        return StoreFailed(
            N_("{server} ({endpoint}) không cho khóa này làm {operation} trên {subject} ({code}); hãy kiểm tra khóa và "
               "quyền của nó bằng lệnh diachi storage check."),
            server=SERVER, endpoint=endpoint, operation=operation, subject=subject, code=code,
        )  # fmt: skip
    if code == "NoSuchBucket":
        return StoreFailed(
            N_("{server} ({endpoint}) chưa có ngăn chứa {subject}; hãy chạy diachi storage setup."),
            server=SERVER,
            endpoint=endpoint,
            subject=subject.partition("/")[0],
        )
    if code == "RequestTimeTooSkewed":
        return StoreFailed(
            N_("Đồng hồ của máy này và của {server} ({endpoint}) lệch nhau quá nhiều nên máy chủ từ chối; "
               "hãy chỉnh giờ cả hai máy."),
            server=SERVER, endpoint=endpoint,
        )  # fmt: skip
    return _refusal(endpoint, operation, subject, code)


def _of_admin(error: MinioAdminException, endpoint: str, operation: str, subject: str) -> DiachiError:
    try:
        code = json.loads(error._body)["Code"]
    except (ValueError, TypeError, KeyError):
        return _of_status(int(error._code), endpoint, operation, subject)
    return _of_code(str(code), endpoint, operation, subject)


def _of_status(status: int, endpoint: str, operation: str, subject: str) -> DiachiError:
    if status >= 500 or status == 429:
        return silent(endpoint, operation, f"HTTP {status}")
    return _refusal(endpoint, operation, subject, f"HTTP {status}")


def silent(endpoint: str, operation: str, cause: str) -> ServerUnreachable:
    """The error for a server that did not answer, or not to the end."""
    return ServerUnreachable(
        N_("{server} ({endpoint}) không trả lời khi làm {operation} ({cause}); hãy kiểm tra máy chủ và đường mạng. "
           "Việc dở dang sẽ tự tiếp tục khi máy chủ trở lại."),
        server=SERVER, endpoint=endpoint, operation=operation, cause=cause,
    )  # fmt: skip


def _refusal(endpoint: str, operation: str, subject: str, code: str) -> StoreFailed:
    return StoreFailed(
        N_("{server} ({endpoint}) không làm được {operation} trên {subject} ({code}); hãy xem nhật ký của máy chủ ấy."),
        server=SERVER, endpoint=endpoint, operation=operation, subject=subject, code=code,
    )  # fmt: skip
