"""Text that only looks as if it held credentials: ids, hashes, pictures, lock files, code, placeholders. Seeded."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Iterator

from tests.core.secret_samples import ALNUM, B64, B64URL, DIGIT, HEX, UPPER

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE = (
    "token = tokenizer.next_token(stream)",
    "self._access_token = access_token or self._load_token()",
    "if password != confirm_password: raise ValidationError('passwords differ')",
    "api_key = os.environ['SERVICE_API_KEY']",
    "client = Client(api_key=settings.api_key, timeout=30)",
    "secret_name: my-service-secret",
    "def get_secret_value(secret_id: str, version_stage: str = 'AWSCURRENT') -> str:",
    "private_key_path = Path.home() / '.ssh' / 'id_ed25519'",
    "PASSWORD_HASHERS = ['django.contrib.auth.hashers.Argon2PasswordHasher']",
    "max_tokens: 4096, prompt_tokens: 1532, completion_tokens: 210",
    "token_type: Bearer",
    "const csrfToken = document.querySelector('meta[name=csrf-token]').content",
    "password: ${{ secrets.DB_PASSWORD }}",
    "API_KEY=<your-api-key-here>",
    "OPENAI_API_KEY=sk-...",
    "export TOKEN=$(vault read -field=token secret/ci)",
    "password: changeme",
    "password=********",
    "access_key_id: YOUR_ACCESS_KEY_ID",
    "secretKeyRef: {name: db-credentials, key: password}",
    "the session key is rotated every 24h and the token expires after 3600s",
    "Authorization: Bearer $TOKEN",
    "curl -u $USER:$PASSWORD https://example.org",
    "mysql -u root -p shop",
    "docker login --username ada --password-stdin",
    "keyboard shortcut: Ctrl+Shift+P opens the command palette",
    "class TokenAuthenticationMiddleware2(BaseHTTPMiddleware):",
    "ssh-keygen -t ed25519 -f ~/.ssh/id_ed25519_2026",
    "tokenizer: Qwen/Qwen2.5-Coder-1.5B-Instruct",
    "primary_key=True, foreign_key='user_accounts.id'",
    "passwd:x:0:0:root:/root:/bin/bash",
    "key: value1234567890",
    "auth: {type: oauth2, flow: authorization_code}",
    "http://user:password@example.com/path is how such an address looks",
    "reset_password_token_expires_at timestamp without time zone",
)


def benign(seed: int) -> Iterator[tuple[str, str]]:
    """(kind, text)."""
    r = random.Random(seed)

    def of(alphabet: str, size: int) -> str:
        return "".join(r.choice(alphabet) for _ in range(size))

    for text in CODE:
        yield "code", text
    for _ in range(30):
        yield "uuid", f"request {uuid.UUID(int=r.getrandbits(128))} took 12 ms"
        yield "git", f"commit {of(HEX, 40)}"
        yield "git-short", f"{of(HEX, 7)} Fix the token parser"
        yield "sha256", f"{of(HEX, 64)}  dist/package-1.2.3.tar.gz"
        yield "docker", f"FROM python@sha256:{of(HEX, 64)}"
        yield "npm-lock", f'"integrity": "sha512-{of(B64, 86)}==",'
        yield "yarn-lock", f"  integrity sha1-{of(B64, 27)}="
        yield "pip-hash", f"    --hash=sha256:{of(HEX, 64)} \\"
        yield "poetry", f'{{file = "x.whl", hash = "sha256:{of(HEX, 64)}"}},'
        yield "go-sum", f"github.com/x/y v1.2.3 h1:{of(B64, 43)}="
        yield "cargo", f'checksum = "{of(HEX, 64)}"'
        yield "record", f"pkg/module.py,sha256={of(B64URL, 43)},1234"
        yield "nix", f"/nix/store/{of('0123456789abcdfghijklmnpqrsvwxyz', 32)}-bash-5.2"
        yield "ulid", f"session 01J{of(_CROCKFORD, 23)} ended"
        yield "image", f'<img src="data:image/png;base64,{base64.b64encode(r.randbytes(300)).decode()}">'
        yield "ssh-public", f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{of(B64, 43)} ada@host"
        yield "ssh-print", f"SHA256:{of(B64, 43)} ada@host (ED25519)"
        yield (
            "certificate",
            "-----BEGIN CERTIFICATE-----\n" + "\n".join(of(B64, 64) for _ in range(4)) + "\n-----END CERTIFICATE-----",
        )
        yield "wrapped base64", "\n".join(base64.b64encode(r.randbytes(57)).decode() for _ in range(5))
        yield "path", f"/home/ada/src/{of(ALNUM, 6)}/node_modules/@types/node/index.d.ts:{r.randrange(999)}"
        yield "url", f"https://example.org/watch?v={of(B64URL, 11)}&t=42s"
        yield "arn", f"arn:aws:iam::{of(DIGIT, 12)}:role/service-role/MyLambdaRole-{of(UPPER, 8)}"
        yield "etag", f'ETag: "{of(HEX, 32)}"'
        yield "trace", f"traceparent: 00-{of(HEX, 32)}-{of(HEX, 16)}-01"
        yield "css", f".css-{of(HEX, 6)}-MuiButton-root {{ color: #{of(HEX, 6)} }}"
        yield "version", f"torch==2.{r.randrange(9)}.0+cu{r.randrange(100, 130)} numpy==1.26.{r.randrange(9)}"
        yield "object id", f'{{"_id": "{of(HEX, 24)}", "token_count": {r.randrange(9999)}}}'
        yield "host", f"ip-10-0-{r.randrange(255)}-{r.randrange(255)}.eu-west-1.compute.internal"
