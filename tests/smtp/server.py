"""A mail relay for the tests: it listens on a free port of loopback and tells what it gets, a JSON object a line.

It ends when its standard input ends. --answers are given to mails in turn, the last one to all that follow: a code
of three digits to the recipient, or "drop" to cut the connection while the mail is sent.
"""

import argparse
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

TEXTS = {"250": "250 ok", "451": "451 4.3.0 try again", "550": "550 5.1.1 <{}>: no such user"}


def tell(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


class Relay:
    def __init__(self, answers):
        self.answers = answers

    def turn(self):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def handle_RCPT(self, server, session, envelope, address, options):
        session.turn = self.turn()
        if session.turn == "drop":
            envelope.rcpt_tos.append(address)
            return "250 ok"
        if session.turn == "250":
            envelope.rcpt_tos.append(address)
        else:
            tell("refused", code=session.turn)
        return TEXTS[session.turn].format(address)

    async def handle_DATA(self, server, session, envelope):
        if session.turn == "drop":
            tell("dropped")
            server.transport.abort()
            return "451 gone"
        tell(
            "message",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            tls=server.transport.get_extra_info("sslcontext") is not None,
            authenticated=bool(session.authenticated),
            text=envelope.content.decode("utf-8", "replace"),
        )
        return "250 taken"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--answers", default="250")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()

    context = None
    if given.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate, given.key)

    def authenticate(server, session, envelope, mechanism, data):
        wanted = LoginPassword(given.user.encode(), given.password.encode())
        tell("login", success=data == wanted)
        return AuthResult(success=data == wanted, handled=False)

    relay = Relay(given.answers.split(","))
    options = {"hostname": "relay.test", "ident": "relay"}
    if given.tls == "starttls":
        options.update(tls_context=context, require_starttls=True)
    if given.user:
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls=given.tls == "starttls")

    def connected():
        tell("connection")
        return SMTP(relay, **options)

    loop = asyncio.get_running_loop()
    implicit = context if given.tls == "implicit" else None
    server = await loop.create_server(connected, "127.0.0.1", given.port, ssl=implicit)
    tell("listening", port=server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
