"""Odd but legal servers, each under an application that asks of it what it may."""

from __future__ import annotations

import io

from corpus.kit import Corpus
from corpus.play_wsgi import Starter, Wrapper

SERVERS = Corpus("wsgi")


def echo(environ, start_response):
    """Answers with its variables and its body."""
    said = [
        f"{name}={environ[name]!r}\n".encode("latin-1", "backslashreplace")
        for name in sorted(environ)
        if isinstance(environ[name], str)
    ]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [*said, environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))]


def odd(clause, name, why, *, shows=(), expects=None, **server):
    """A server under which ``echo`` runs."""
    SERVERS(clause, name=name, why=why, shows=shows, expects=expects, **server)(echo)


V = "wsgi.environ."
odd(
    V + "empty-cgi-vars-omittable",
    "no_empty_variables",
    "Variables whose value would be empty may be left out, QUERY_STRING and both paths included.",
    shows=(
        V + "empty-cgi-vars-omittable",
        V + "query-string-omittable",
        V + "content-type-omittable",
        V + "content-length-omittable",
    ),
    omit=("QUERY_STRING", "SCRIPT_NAME"),
)
odd(
    V + "content-length-omittable",
    "empty_variables",
    "They may as well be empty.",
    shows=(
        V + "query-string-omittable",
        V + "content-type-omittable",
        V + "content-length-omittable",
        V + "script-name-may-be-empty",
    ),
    QUERY_STRING="",
    CONTENT_LENGTH="",
    CONTENT_TYPE="",
)
odd(
    V + "path-info-may-be-empty",
    "mount_point",
    "A request for the mount point has an empty PATH_INFO.",
    shows=V + "path-info-may-be-empty",
    SCRIPT_NAME="/app",
    PATH_INFO="",
)
odd(
    V + "script-name-may-be-empty",
    "no_host",
    "An HTTP/1.0 request needs no Host.",
    shows=V + "script-name-may-be-empty",
    omit=("HTTP_HOST",),
    SERVER_PROTOCOL="HTTP/1.0",
)
odd(
    V + "path-info-decoding",
    "asterisk",
    "OPTIONS * is no path.",
    REQUEST_METHOD="OPTIONS",
    PATH_INFO="*",
)
odd(
    V + "path-info-decoding",
    "any_octet",
    "PATH_INFO holds the decoded octets, whatever they are.",
    PATH_INFO="/" + "".join(map(chr, range(1, 256))),
)
odd(
    V + "request-method-matches",
    "method_of_its_own",
    "Any token is a method, in any case.",
    REQUEST_METHOD="M-SEARCH",
)
odd(
    V + "query-string-type",
    "query_as_sent",
    "The query is kept as it was sent.",
    QUERY_STRING="a=1&&b=%zz;c=+&?",
)
odd(
    V + "os-environ-allowed",
    "variables_of_the_system",
    "Variables of the operating system may be mixed in.",
    shows=V + "os-environ-allowed",
    PATH="/usr/bin",
    **{"ProgramFiles(x86)": "C:\\Program Files (x86)", "_": "/usr/bin/python", "lower": "a"},
)
odd(
    V + "server-extension-vars",
    "variables_of_the_server",
    "A server adds what it likes under a name of its own.",
    shows=V + "server-extension-vars",
    **{"acme.socket": object(), "acme.worker_id": 7, "acme.v2.none": None},
)
odd(
    V + "other-cgi-vars",
    "further_cgi_variables",
    "Further CGI variables are welcome.",
    REMOTE_ADDR="::1",
    REMOTE_PORT="5000",
    AUTH_TYPE="Basic",
    REMOTE_USER="me",
    GATEWAY_INTERFACE="CGI/1.1",
    SERVER_SOFTWARE="acme/1.0",
)
odd(
    V + "ssl-vars",
    "over_tls",
    "TLS comes with variables of its own.",
    HTTPS="on",
    SSL_PROTOCOL="TLSv1.3",
    SERVER_PORT="443",
    **{"wsgi.url_scheme": "https"},
)
odd(
    V + "multithread-accurate",
    "flags_that_are_no_bools",
    "The flags need only be true or false in effect.",
    shows="wsgi.threads.server-dependent",
    **{"wsgi.multithread": 0, "wsgi.multiprocess": 1, "wsgi.run_once": ""},
)
odd(
    "wsgi.threads.server-dependent",
    "single_thread",
    "A server may use no threads and serve one request a process.",
    shows="wsgi.threads.server-dependent",
    **{"wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": True},
)
odd(
    "wsgi.file-wrapper.optional",
    "no_file_wrapper",
    "wsgi.file_wrapper is optional.",
    shows="wsgi.file-wrapper.optional",
    omit=("wsgi.file_wrapper",),
)
odd(
    V + "repeated-headers-joined",
    "joined_headers",
    "Repeated request headers are one value.",
    HTTP_ACCEPT="text/html, text/plain",
    HTTP_COOKIE="a=1; b=2",
    HTTP_X_EMPTY="",
)
odd(
    V + "http-vars-name-mapping",
    "any_header_name",
    "A header name is a token, so its variable may hold more than letters.",
    **{"HTTP_X.Y!": "1"},
)
odd(
    V + "content-length-type",
    "zeros_before_the_request_length",
    "CONTENT_LENGTH is what the client sent: digits.",
    CONTENT_LENGTH="000",
)
odd(
    V + "server-name-required",
    "address_of_version_six",
    "SERVER_NAME may be an address.",
    SERVER_NAME="::1",
    HTTP_HOST="[::1]:8000",
)
odd(
    V + "server-protocol-present",
    "http_2",
    "Other versions of HTTP have other protocol names.",
    SERVER_PROTOCOL="HTTP/2",
)


class Slow(io.BytesIO):
    """Gives at most one octet a read, as a socket may."""

    def read(self, size=-1):
        return super().read(size if size is None or size < 1 else 1)


class Old:
    """The methods that PEP 333 asked for, and no others."""

    def __init__(self, body):
        self.body = io.BytesIO(body)

    def read(self, size):
        return self.body.read(size)

    def readline(self):
        return self.body.readline()

    def readlines(self, hint=None):
        return self.body.readlines()

    def __iter__(self):
        return iter(self.body)


odd(
    "wsgi.input.read-size",
    "slow_input",
    "A read may give less than was asked for.",
    body=b"abc",
    stream=Slow,
)
odd(
    "wsgi.input.readline-size-omittable",
    "old_input",
    "An old server's readline() takes no size.",
    shows="wsgi.input.readline-size-omittable",
    body=b"abc",
    stream=Old,
)
odd(
    "wsgi.input.readlines-hint-optional",
    "no_body",
    "A request without a body has an empty input.",
    body=b"",
)
odd(
    "wsgi.start-response.signature",
    "starter_object",
    "start_response may be any callable.",
    starter=Starter,
)
odd(
    "wsgi.environ.input-yields-body-bytes",
    "body_without_a_length",
    "A chunked request has a body and no length.",
    body=b"abc",
    omit=("CONTENT_LENGTH",),
    HTTP_TRANSFER_ENCODING="chunked",
    **{"wsgi.input_terminated": True},
)


@SERVERS(
    "wsgi.input.readline-size-omittable",
    shows="wsgi.input.readline-size-omittable",
    body=b"a\nb",
    stream=Old,
)
def lines_of_an_old_server(environ, start_response):
    """readline() without a size works on every server."""
    start_response("200 OK", [])
    return [environ["wsgi.input"].readline(), *environ["wsgi.input"].readlines()]


@SERVERS(
    "wsgi.file-wrapper.may-assume-file-semantics",
    shows="wsgi.file-wrapper.may-assume-file-semantics",
    **{"wsgi.file_wrapper": lambda file, size=8: _Descriptor(file, size)},
)
def file_by_its_descriptor(environ, start_response):
    """A server may take the descriptor of a wrapped file, and send what is behind it."""
    start_response("200 OK", [("Content-Length", "5")])
    return environ["wsgi.file_wrapper"](Described(b"hello"))


class Described(io.BytesIO):
    """A file in memory with a descriptor, as far as anybody can tell."""

    def fileno(self):
        return 5


class _Descriptor(Wrapper):
    """Sends what is behind the descriptor, and never calls read()."""

    def __iter__(self):
        return iter([self.file.getvalue()] if self.file.fileno() == 5 else self.file)
