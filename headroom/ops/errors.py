"""What goes wrong when AWS or a database is asked, in one line each."""

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from headroom.errors import UserError
from headroom.ops.permissions import action

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_INVALID = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "NotAuthorized"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "RequestThrottled",
    "SlowDown",
}
_OPT_IN = {"OptInRequired", "InvalidAction", "UnsupportedOperation"}


class LackError(UserError):
    """Something couldn't be read or done; the message is one line, and the rest of an answer goes on without it.

    Attributes:
        code: AWS's error code, or empty.
        everywhere: every other call will fail in the same way: no credentials, no way to AWS.
    """

    def __init__(self, message: str, *, code: str = "", everywhere: bool = False) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code
        self.everywhere = everywhere

    @property
    def absent(self) -> bool:
        """What was asked for doesn't exist."""
        return self.code.endswith(("NotFound", "NotFoundFault", "NotFoundException", "NoSuchResourceException"))


class RefusedError(Exception):
    """The answer is no: nothing was changed. Exit code 1; the message has the reason."""


def lack(error: Exception, service: str, operation: str, region: str, endpoint: str) -> LackError:
    """What an exception of botocore's means.

    Args:
        error: botocore's.
        service: botocore's name of the service.
        operation: the API's.
        region: that was asked.
        endpoint: AWS_ENDPOINT_URL, or empty.
    """
    asked = action(service, operation)
    if isinstance(error, ClientError):
        return _answered(error, asked, region)
    if isinstance(error, (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)):
        return LackError(
            "no AWS credentials: sign in (aws sso login), set AWS_PROFILE, or for the local stack "
            'eval "$(headroom local env)"',
            everywhere=True,
        )
    if isinstance(error, (exceptions.TokenRetrievalError, exceptions.SSOError, exceptions.CredentialRetrievalError)):
        return LackError(f"the AWS credentials can't be used: sign in again (aws sso login): {error}", everywhere=True)
    if isinstance(error, exceptions.ProfileNotFound):
        return LackError(f"AWS_PROFILE: {error}: name one of your ~/.aws/config", everywhere=True)
    if isinstance(error, (exceptions.ConnectionError, exceptions.HTTPClientError)):
        where = f"AWS_ENDPOINT_URL={endpoint}" if endpoint else f"AWS in {region}"
        hint = "is the local stack up? (make up)" if endpoint else "is there a way to it from here?"
        return LackError(f"{where} doesn't answer ({asked}): {hint}", everywhere=True)
    if isinstance(error, BotoCoreError):
        return LackError(f"{asked}: {error}")
    raise error


def _answered(error: ClientError, asked: str, region: str) -> LackError:
    answer = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _EXPIRED:
        return LackError("the AWS credentials have expired: sign in again (aws sso login)", code=code, everywhere=True)
    if code in _INVALID:
        return LackError(
            f"AWS doesn't take these credentials ({code}): are they complete, and of this account? A region that the "
            f"account hasn't enabled says the same: {region}",
            code=code,
            everywhere=True,
        )
    if code in _DENIED:
        return LackError(f"missing permission: {asked} (docs/operations.md lists what is needed)", code=code)
    if code in _THROTTLED:
        return LackError(f"AWS throttles {asked}, after several attempts, too: ask again in a minute", code=code)
    if code in _OPT_IN:
        return LackError(f"{asked}: {region} doesn't have it: is that the stack's region? ({code})", code=code)
    if isinstance(status, int) and status >= 500:
        return LackError(f"{asked}: AWS has trouble of its own (HTTP {status}): ask again in a minute", code=code)
    return LackError(f"{asked}: {message or code}", code=code)
