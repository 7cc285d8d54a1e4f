# ruff: noqa: E501  (a table; randomness that must repeat)
"""Where credentials really stand: each kind of `secret_kinds` in the files, commands and sentences people leave it in.

Half of the kinds and half of the contexts (`UNSEEN`) were kept for measuring until the other half was done with.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeVar
from urllib.parse import quote

from tests.core.secret_kinds import B64, HEX, KINDS, LOWER, Kind, drawn

T = TypeVar("T")
SEEN, UNSEEN = "seen", "unseen"
Sample = tuple[str, str, str]
"""Kind and context, text, the secret in it."""

# {K} DB_PASSWORD, {k} db_password, {d} db-password, {c} dbPassword, {s} db password, {v} the value, {q} quoted for a
# URL, {u} user, {h} host, {b} base64 of user:value, {w} base64 of the value, {n} a number
_ANY: dict[str, str] = {
    "export": "export {K}={v}",
    "export quoted": 'export {K}="{v}"',
    "history": "  {n}  {K}={v} ./deploy.sh --region eu-west-1",
    "zsh history": ": 1699999999:0;{K}='{v}' python manage.py migrate",
    "dotenv": "# local\nDEBUG=1\n{K}={v}\nPORT=8080\n",
    "dotenv quoted": "{K}='{v}'  # rotate me",
    "fish": "set -gx {K} {v}",
    "powershell": '$env:{K} = "{v}"',
    "cmd": "set {K}={v}",
    "dockerfile env": "FROM python:3.11\nENV {K}={v}\nRUN make",
    "dockerfile arg": "ENV {K} {v}",
    "docker run": "docker run -d -e {K}={v} -p 80:80 {u}/web:latest",
    "compose list": "services:\n  web:\n    environment:\n      - {K}={v}\n      - TZ=UTC\n",
    "compose map": "    environment:\n      {K}: {v}\n      TZ: UTC\n",
    "k8s env": "        env:\n        - name: {K}\n          value: {v}\n",
    "k8s env quoted": '        - name: {K}\n          value: "{v}"\n',
    "k8s stringData": "kind: Secret\nstringData:\n  {d}: {v}\n",
    "helm set": "helm upgrade web ./chart --set config.{c}={v} --wait",
    "kubectl": "kubectl create secret generic web --from-literal={d}={v}",
    "terraform": 'variable "{k}" {{\n  type    = string\n  default = "{v}"\n}}',
    "tfvars": '{k}          = "{v}"\nregion = "eu-west-1"',
    "actions env": "    env:\n      {K}: {v}\n    steps:\n",
    "actions log": "2024-03-02T10:11:12.1234567Z   {K}: {v}",
    "actions log set": "##[debug]{k} => '{v}'",
    "python": '{K} = "{v}"\n\ndef main():\n    pass',
    "python kw": "client = Client(region='eu', {k}='{v}', timeout=3)",
    "python dict": "config = {{'{k}': '{v}', 'retries': 3}}",
    "python environ": 'os.environ["{K}"] = "{v}"',
    "python default": 'os.getenv("{K}", "{v}")',
    "js": 'const {c} = "{v}";',
    "js object": "module.exports = {{ {c}: '{v}', port: 3000 }}",
    "ts typed": "private readonly {c}: string = '{v}';",
    "js fallback": "const key = process.env.{K} || '{v}';",
    "go": '\t{c} := "{v}"',
    "go const": 'const {c} string = "{v}"',
    "go struct": '&Config{{{C}: "{v}", Timeout: 5}}',
    "java": 'private static final String {K} = "{v}";',
    "java setter": 'config.set{C}("{v}");',
    "kotlin": 'val {c}: String = "{v}"',
    "csharp": 'public string {C} {{ get; set; }} = "{v}";',
    "php": "define('{K}', '{v}');",
    "php array": "    '{k}' => '{v}',",
    "php var": "${k} = '{v}';",
    "ruby": "config.{k} = '{v}'",
    "ruby symbol": '  {k}: "{v}",',
    "rust": 'let {k} = "{v}".to_string();',
    "rust const": 'const {K}: &str = "{v}";',
    "swift": 'static let {c} = "{v}"',
    "c define": '#define {K} "{v}"',
    "lua": 'local {k} = "{v}"',
    "properties": "app.{c}={v}\napp.name=web\n",
    "properties dotted": "spring.{p} = {v}",
    "ini": "[{u}]\n{k} = {v}\nregion = eu\n",
    "toml": '[auth]\n{k} = "{v}"\n',
    "xml": "<{c}>{v}</{c}>",
    "xml attribute": '<add key="{C}" value="{v}" />',
    "xml param": '<property name="{d}" value="{v}"/>',
    "json": '{{\n  "{k}": "{v}",\n  "debug": false\n}}',
    "json one line": '{{"user":"{u}","{c}":"{v}","n":{n}}}',
    "json escaped": '{{\\"{k}\\":\\"{v}\\"}}',
    "json name value": '{{"name": "{K}", "value": "{v}"}}',
    "yaml": "{k}: {v}\nname: web\n",
    "yaml quoted": "  {d}: '{v}'",
    "yaml folded": "{k}: >-\n  {v}\n",
    "ansible": 'ansible-playbook site.yml -e "{k}={v}"',
    "flag space": "deployctl login --{d} {v} --yes",
    "flag equals": "deployctl login --{d}={v}",
    "curl form": "curl -X POST https://{h}/oauth -d '{k}={q}&grant_type=x'",
    "curl json": 'curl https://{h}/v1 -d \'{{"{k}": "{v}"}}\'',
    "query": "https://{h}/v1/items?{k}={q}&page=2",
    "log request": '10.0.0.3 - - [02/Mar/2024:10:11:12 +0000] "GET /v1?{k}={q} HTTP/1.1" 200 12',
    "log line": "2024-03-02 10:11:12,345 DEBUG app.config: {k}={v} loaded",
    "log kv": 'level=info msg="starting" {k}="{v}" port=80',
    "stack trace": '  File "/srv/app.py", line {n}, in connect\n    connect({k}="{v}")\nValueError: refused',
    "exception": "AuthError: invalid {s} '{v}' for {u}",
    "repr": "Settings({k}='{v}', debug=False)",
    "diff added": '@@ -1,3 +1,3 @@\n-{K} = ""\n+{K} = "{v}"\n',
    "diff removed": "-  {k}: {v}\n+  {k}: ${{{K}}}\n",
    "markdown table": "| Setting | Value |\n|---|---|\n| {s} | {v} |\n",
    "markdown code table": "| `{K}` | `{v}` |",
    "markdown list": "- **{s}**: `{v}`",
    "markdown sentence": "Set `{K}` to `{v}` and restart.",
    "chat is": "the {s} is {v}",
    "chat my": "hey, my {s}: {v} (please don't share)",
    "chat use": "you can use {v} as the {s} for now",
    "chat here": "Here's the {s} for {h}: {v}",
    "chat equals": "{s} = {v}, user = {u}",
    "chat newline": "{s}:\n{v}\n",
    "email": "Hi,\n\nyour {s} has been reset to: {v}\n\nRegards,\nIT",
    "gcloud": "printf '{v}' | gcloud secrets create {d} --data-file=-",
    "gh secret": "gh secret set {K} --body '{v}'",
    "aws ssm": "aws ssm put-parameter --name /prod/{d} --type SecureString --value {v}",
    "vault put": "vault kv put secret/web {k}={v}",
    "heroku set": "heroku config:set {K}={v} -a web",
    "systemd": "[Service]\nEnvironment={K}={v}\n",
    "systemd quoted": 'Environment="{K}={v}"',
    "jenkins": "withEnv(['{K}={v}']) {{",
    "env dump": "PWD=/srv\n{K}={v}\nSHLVL=1\n",
    "csv": "name,{k}\n{u},{v}\n",
}
_TOKEN: dict[str, str] = {
    "bearer header": 'curl -H "Authorization: Bearer {v}" https://{h}/v1/me',
    "token header": "curl -H 'Authorization: token {v}' https://{h}/user",
    "x-api-key": "curl -H 'X-Api-Key: {v}' https://{h}/",
    "python header": 'headers = {{"Authorization": f"Bearer {v}"}}',
    "raw header": "> GET / HTTP/1.1\n> Host: {h}\n> Authorization: Bearer {v}\n> Accept: */*",
    "private-token": "curl --header 'PRIVATE-TOKEN: {v}' https://{h}/api/v4/projects",
    "userinfo token": "git clone https://oauth2:{v}@{h}/{u}/web.git",
    "git extraheader": "git -c http.extraHeader='Authorization: Bearer {v}' fetch",
    "npmrc": "//registry.npmjs.org/:_authToken={v}",
    "npmrc auth": "_auth={v}",
    "pypirc": "[pypi]\nusername = __token__\npassword = {v}\n",
    "docker login": "echo {v} | docker login -u {u} --password-stdin",
    "cargo": '[registry]\ntoken = "{v}"',
    "sdk positional": 'client = ApiClient(api_key="{v}")',
    "jq token": '{{"access_token":"{v}","token_type":"Bearer","expires_in":3600}}',
    "cookie": "Cookie: theme=dark; session_token={v}; lang=en",
    "query access": "wss://{h}/ws?access_token={q}",
    "chat token": "my token: {v}",
    "chat key": "API key is {v}",
}
_PASSWORD: dict[str, str] = {
    "userinfo": "https://{u}:{q}@{h}/repo.git",
    "postgres": "postgresql://{u}:{q}@{h}:5432/app?sslmode=require",
    "mysql url": "mysql+pymysql://{u}:{q}@{h}/app",
    "mongo": "mongodb+srv://{u}:{q}@{h}/?retryWrites=true",
    "redis": "redis://:{q}@{h}:6379/0",
    "amqp": "amqps://{u}:{q}@{h}:5671/%2F",
    "clickhouse": "clickhouse://{u}:{q}@{h}:9000/default",
    "cassandra": "cql: PlainTextAuthProvider(username='{u}', password='{v}')",
    "jdbc": "jdbc:postgresql://{h}:5432/app?user={u}&password={q}",
    "sql server": "Server=tcp:{h},1433;Initial Catalog=app;User ID={u};Password={v};Encrypt=True;",
    "odbc": "DRIVER={{ODBC Driver 18}};SERVER={h};UID={u};PWD={v}",
    "oracle": "sqlplus {u}/{v}@{h}:1521/ORCL",
    "libpq": "host={h} port=5432 dbname=app user={u} password={v}",
    "go dsn": "{u}:{v}@tcp({h}:3306)/app?parseTime=true",
    "snowflake": "snowsql -a ab12345 -u {u} --password {v}",
    "neo4j": 'GraphDatabase.driver("bolt://{h}", auth=("{u}", "{v}"))',
    "sql user": "CREATE USER {u}@'%' IDENTIFIED BY '{v}';",
    "sql role": "ALTER ROLE {u} WITH LOGIN PASSWORD '{v}';",
    "sql login": "CREATE LOGIN {u} WITH PASSWORD = N'{v}';",
    "mysql flag": "mysql -h {h} -u {u} -p{v} app < dump.sql",
    "pgpassword": "PGPASSWORD={v} psql -h {h} -U {u} app",
    "redis-cli": "redis-cli -h {h} -a {v} ping",
    "mongosh": 'mongosh --host {h} -u {u} -p "{v}"',
    "sshpass": "sshpass -p '{v}' ssh {u}@{h}",
    "netrc": "machine {h}\n  login {u}\n  password {v}\n",
    "netrc line": "machine {h} login {u} password {v}",
    "pgpass": "{h}:5432:app:{u}:{v}",
    "git credentials": "https://{u}:{q}@{h}",
    "pip conf": "[global]\nindex-url = https://{u}:{q}@{h}/simple\n",
    "maven": "<server>\n  <id>central</id>\n  <username>{u}</username>\n  <password>{v}</password>\n</server>",
    "gradle": 'credentials {{ username = "{u}"; password = "{v}" }}',
    "curl user": "curl -u {u}:{v} https://{h}/",
    "basic": "Authorization: Basic {b}",
    "docker auth": '{{"auths": {{"{h}": {{"auth": "{b}"}}}}}}',
    "k8s data": "kind: Secret\ndata:\n  password: {w}\n",
    "wifi": 'network={{\n  ssid="home"\n  psk="{v}"\n}}',
    "smb": "mount -t cifs //{h}/x /mnt -o username={u},password={v}",
    "wget": "wget --user={u} --password='{v}' https://{h}/a.zip",
    "requests": 'requests.get(url, auth=("{u}", "{v}"))',
    "smtp login": 'server.login("{u}@{h}", "{v}")',
    "paramiko": "ssh.connect('{h}', username='{u}', password='{v}')",
    "chat password": "the password is {v}",
    "chat login": "login with {u} / {v}",
    "chat pw": "user: {u} pw: {v}",
    "chat pass": "pass: {v}",
    "chat changed": "I changed the root password to {v} yesterday",
    "chat slash": "creds: {u}:{v}",
    "german": "Das Passwort lautet {v}",
    "german colon": "Benutzer: {u}\nKennwort: {v}",
    "french": "mot de passe : {v}",
    "spanish": "la contraseña es {v}",
    "italian": "Parola d'ordine: {v}",
    "portuguese": "senha: {v}",
    "dutch": "wachtwoord = {v}",
    "polish": "hasło: {v}",
    "russian": "пароль: {v}",
    "chinese": "密码:{v}",
    "japanese": "パスワードは {v} です",
    "turkish": "şifre: {v}",
    "swedish": "lösenord: {v}",
    "rdp": "cmdkey /add:{h} /user:{u} /pass:{v}",
    "net use": "net use Z: \\\\{h}\\share {v} /user:{u}",
    "zip": "7z x backup.7z -p{v}",
    "openssl": "openssl enc -d -aes-256-cbc -in a.enc -pass pass:{v}",
    "gpg": "gpg --batch --passphrase '{v}' -d a.gpg",
    "ldap": "ldapsearch -x -D cn=admin,dc=x -w {v} -b dc=x",
    "htpasswd": "htpasswd -bc .htpasswd {u} {v}",
    "keystore": "keytool -list -keystore a.jks -storepass {v}",
}
_HOOKS: dict[str, Callable[[Random], str]] = {
    "slack": lambda rng: (
        f"https://hooks.slack.com/services/T{drawn(rng, LOWER, 8).upper()}/B{drawn(rng, LOWER, 10).upper()}/{drawn(rng, B64[:62], 24)}"
    ),
    "discord": lambda rng: (
        f"https://discord.com/api/webhooks/{rng.randrange(10**17, 10**18)}/{drawn(rng, B64[:62], 68)}"
    ),
    "teams": lambda rng: (
        f"https://acme.webhook.office.com/webhookb2/{_uuid(rng)}@{_uuid(rng)}/IncomingWebhook/{drawn(rng, HEX, 32)}/{_uuid(rng)}"
    ),
    "zapier": lambda rng: f"https://hooks.zapier.com/hooks/catch/{rng.randrange(10**6, 10**7)}/{drawn(rng, LOWER, 7)}",
    "azure sas": lambda rng: (
        f"https://acme.blob.core.windows.net/x?sv=2022-11-02&ss=b&sp=rl&sig={quote(base64.b64encode(rng.randbytes(32)).decode(), safe='')}"
    ),
    "azure account": lambda rng: (
        f"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={base64.b64encode(rng.randbytes(64)).decode()};EndpointSuffix=core.windows.net"
    ),
    "service bus": lambda rng: (
        f"Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={base64.b64encode(rng.randbytes(32)).decode()}"
    ),
    "s3 signed": lambda rng: f"https://b.s3.amazonaws.com/k?X-Amz-Credential=x&X-Amz-Signature={drawn(rng, HEX, 64)}",
    "telegram url": lambda rng: (
        f"curl https://api.telegram.org/bot{rng.randrange(10**9, 10**10)}:AA{drawn(rng, B64[:62], 33)}/sendMessage"
    ),
    "sentry dsn": lambda rng: f"SENTRY_DSN=https://{drawn(rng, HEX, 32)}:{drawn(rng, HEX, 32)}@o1.ingest.sentry.io/42",
}
_SECRET_PART = {"slack": "/", "discord": "/", "azure sas": "sig=", "azure account": "AccountKey=", "service bus": "AccessKey=", "s3 signed": "Signature=",
                "telegram url": ":AA", "sentry dsn": "https://", "teams": "Webhook/", "zapier": "catch/"}  # fmt: skip
_ARMOUR = {
    "pem": "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n",
    "pkcs8": "key: |\n  -----BEGIN PRIVATE KEY-----\n  {}\n  -----END PRIVATE KEY-----\n",
    "openssh": "$ cat ~/.ssh/id_ed25519\n-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
    "pgp": "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{}\n=aB3d\n-----END PGP PRIVATE KEY BLOCK-----\n",
    "encrypted": "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A1B\n\n{}\n-----END RSA PRIVATE KEY-----\n",
    "service account": '{{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n"}}',
    "env one line": 'PRIVATE_KEY="-----BEGIN EC PRIVATE KEY-----\\n{}\\n-----END EC PRIVATE KEY-----"',
    "putty": "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: a\nPublic-Lines: 1\nAAAAC3NzaC1lZDI1NTE5\nPrivate-Lines: 2\n{}\nPrivate-MAC: 0a1b\n",
    "wireguard": "[Interface]\nPrivateKey = {}\nAddress = 10.0.0.2/32\n",
    "jwk": '{{"kty":"EC","crv":"P-256","x":"AAAA","y":"BBBB","d":"{}"}}',
    "cut off": "-----BEGIN RSA PRIVATE KEY-----\n{}\n",
}  # fmt: skip
_BARE = (
    "{v}",
    "{v}\n",
    "got {v}",
    "> {v}",
    "`{v}`",
    "try it with {v} please",
    "```\n{v}\n```",
    "1. {v}",
    "({v})",
    "old: {v}",
)
_USERS, _HOSTS = (
    ("deploy", "alice", "svc_app", "root", "ci-bot"),
    ("db.example.com", "git.acme.io", "10.0.3.7", "api.internal"),
)


def located(which: str, seed: int) -> Iterator[Sample]:
    """Credentials where a word or a place says what they are."""
    rng = Random(f"{which} {seed}")
    kinds = _half(KINDS, which)
    contexts = _half(list(_ANY.items()), which)
    for kind in kinds:
        own = _half(list((_PASSWORD if kind.family == "password" else _TOKEN).items()), which)
        for name, template in [*contexts, *own]:
            yield _filled(rng, kind, name, template)
    for name, hook in _half(list(_HOOKS.items()), which):
        for _ in range(4):
            text = hook(rng)
            secret = text.rpartition(_SECRET_PART[name])[2].partition(";")[0].partition("/sendMessage")[0]
            yield f"hook in {name}", rng.choice(("{}", "url: {}", 'WEBHOOK="{}"', "see {} ok")).format(text), secret
    for name, armour in _half(list(_ARMOUR.items()), which):
        for _ in range(4):
            yield _key(rng, name, armour)


def bare(which: str, seed: int) -> Iterator[Sample]:
    """The same with nothing beside it that says what it is; passwords are nothing then but words."""
    rng = Random(f"bare {which} {seed}")
    for kind in _half(KINDS, which):
        if kind.family != "password":
            for template in _BARE:
                yield _filled(rng, kind, "bare", template)


def _half(rows: Sequence[T], which: str) -> Sequence[T]:
    """Every other one, first the first."""
    return rows[(0 if which == SEEN else 1) :: 2]


def _filled(rng: Random, kind: Kind, name: str, template: str) -> Sample:
    value = kind.make(rng)
    words = kind.called.split("_")
    pascal = "".join(word.capitalize() for word in words)
    user = rng.choice(_USERS)
    pair = base64.b64encode(f"{user}:{value}".encode()).decode()
    coded = base64.b64encode(value.encode()).decode()
    text = template.format(
        k=kind.called, K=kind.called.upper(), d="-".join(words), p=".".join(words), s=" ".join(words), C=pascal, c=pascal[0].lower() + pascal[1:],
        v=value, q=quote(value, safe=""), u=user, h=rng.choice(_HOSTS), b=pair, w=coded, n=rng.randrange(100, 999),
    )  # fmt: skip
    secret = next(
        (part for mark, part in (("{b}", pair), ("{w}", coded), ("{q}", quote(value, safe=""))) if mark in template),
        value,
    )
    return f"{kind.name} in {name}", text, secret


def _key(rng: Random, name: str, armour: str) -> Sample:
    if name in ("wireguard", "jwk"):
        value = base64.b64encode(rng.randbytes(32)).decode()
        return f"key in {name}", armour.format(value), value
    end = "\\n" if "\\n{}" in armour else "\n  " if name == "pkcs8" else "\n"
    lines = [drawn(rng, B64, 64) for _ in range(6)]
    return f"key in {name}", armour.format(end.join(lines)), rng.choice(lines)


def _uuid(rng: Random) -> str:
    return (
        f"{drawn(rng, HEX, 8)}-{drawn(rng, HEX, 4)}-4{drawn(rng, HEX, 3)}-a{drawn(rng, HEX, 3)}-{drawn(rng, HEX, 12)}"
    )
