"""What the launcher says, in the language of the person who started it."""
# ruff: noqa: E501  # a sentence and its translation stand whole on a line, to be compared

import os
import sys
import time

PORTUGUESE = {
    "Python environment": "Ambiente Python",
    "Requirements": "Dependências",
    "Fonts and scripts": "Tipos de letra e scripts",
    "Translations": "Traduções",
    "PostgreSQL": "PostgreSQL",
    "PostgreSQL of your own": "PostgreSQL seu (DATABASE_URL)",
    "Redis": "Redis",
    "Redis of your own": "Redis seu (REDIS_URL)",
    "Redis does not answer at REDIS_URL: {error}": "O Redis não responde em REDIS_URL: {error}",
    "Tables and reference data": "Tabelas e dados de referência",
    "Demonstration data": "Dados de demonstração",
    "Static files": "Ficheiros estáticos",
    "Web, worker and scheduler": "Servidor Web, executor e agendador",
    "done": "feito",
    "unchanged": "sem alterações",
    "Data folder: {folder}": "Pasta de dados: {folder}",
    "Logs: {folder}": "Registos: {folder}",
    "REF-AMP is ready: {address}": "O REF-AMP está pronto: {address}",
    "Ctrl-C stops everything.": "Ctrl-C pára tudo.",
    "Stopping…": "A parar…",
    "Stopped. Nothing is left running.": "Parado. Nada ficou a correr.",
    "{name} stopped by itself ({status}); starting it again in {delay} s. Its log: {log}": (
        "{name} parou sozinho ({status}); volta a arrancar dentro de {delay} s. O seu registo: {log}"
    ),
    "{name} is back.": "{name} está de volta.",
    "{name} did not stop in time and was ended.": "{name} não parou a tempo e foi terminado.",
    "REF-AMP is already running here (process {pid}): {address}": "O REF-AMP já está a correr aqui (processo {pid}): {address}",
    "Another command (process {pid}) is using the data folder {folder}; waiting for it to end.": (
        "Outro comando (processo {pid}) está a usar a pasta de dados {folder}; a aguardar que termine."
    ),
    "Another command is still using the data folder. End it and try again.": (
        "Outro comando continua a usar a pasta de dados. Termine-o e tente de novo."
    ),
    "Port {port} is taken by another program. Choose another one: PORT={other} bin/up": (
        "A porta {port} está ocupada por outro programa. Escolha outra: PORT={other} bin/up"
    ),
    "PORT must be a number between 1 and 65535, not “{value}”.": "PORT tem de ser um número entre 1 e 65535, e não “{value}”.",
    "{name} did not start. The end of its log ({log}):\n{tail}": "{name} não arrancou. O fim do seu registo ({log}):\n{tail}",
    "{name} was not ready after {seconds} s. Its log: {log}": "{name} não ficou pronto em {seconds} s. O seu registo: {log}",
    "The data folder holds PostgreSQL {old} data and this version brings PostgreSQL {new}. Export it with the old version first.": (
        "A pasta de dados tem dados do PostgreSQL {old} e esta versão traz o PostgreSQL {new}. "
        "Exporte-os primeiro com a versão antiga."
    ),
    "Command failed: {command}\n{output}": "O comando falhou: {command}\n{output}",
    "This Python cannot make a virtual environment (on Debian: apt-get install python3-venv).": (
        "Este Python não consegue criar um ambiente virtual (no Debian: apt-get install python3-venv)."
    ),
    "The folder {folder} belongs to somebody else.": "A pasta {folder} pertence a outra pessoa.",
    "Started as root, and this machine allows neither user namespaces nor the user “nobody” to reach {folder}. Start it as an ordinary user.": (
        "Iniciado como root, e esta máquina não permite espaços de nomes de utilizador nem que o utilizador “nobody” "
        "chegue a {folder}. Inicie-o com um utilizador comum."
    ),
    "Usage: bin/bench NAME [--size …]. Benchmarks: {names}": "Utilização: bin/bench NOME [--size …]. Medições: {names}",
    "Unknown option: {option}. bin/up knows --demo and --no-demo.": "Opção desconhecida: {option}. bin/up conhece --demo e --no-demo.",
    "Failed: {names}": "Falhou: {names}",
    "All checks passed.": "Todas as verificações passaram.",
    "This machine has no Chromium; fetching one for the tests (70 MB).": "Esta máquina não tem Chromium; a obter um para os testes (70 MB).",
    "{error}": "{error}",
    "No browser was found, and REQUIRE_BROWSER asks for one.": "Não se encontrou um navegador, e REQUIRE_BROWSER pede um.",
    "exit code": "código de saída",
    "Interrupted.": "Interrompido.",
    "No browser was found: the journeys are skipped. Set CHROMIUM to one, or install Chromium.": (
        "Não se encontrou um navegador: os percursos são saltados. Indique-o em CHROMIUM, ou instale o Chromium."
    ),
}


def in_portuguese(environ: dict[str, str]) -> bool:
    """Follow the usual order of the locale variables."""
    chosen = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return chosen.lower().startswith("pt")


def say(message: str, **values: object) -> str:
    """Return `message` in the user's language, filled in."""
    text = PORTUGUESE.get(message, message) if in_portuguese(dict(os.environ)) else message
    return text.format(**values)


def tell(message: str, **values: object) -> None:
    """Print a line for the person at the terminal (on standard error: standard output belongs to the command)."""
    print(say(message, **values), file=sys.stderr, flush=True)


class LaunchError(Exception):
    """Something the person who started the launcher can understand and act on; already in their language."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(say(message, **values))


class Steps:
    """Numbered progress lines: `[3/9] PostgreSQL … done (0.8 s)`. Silent ones say nothing unless something is slow."""

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self.total = total
        self.quiet = quiet
        self.number = 0
        self.title = ""
        self.since = 0.0

    def begin(self, title: str) -> None:
        self.number += 1
        self.title = say(title)
        self.since = time.monotonic()
        if not self.quiet:
            print(f"[{self.number}/{self.total}] {self.title} …", end=" ", file=sys.stderr, flush=True)

    def working(self) -> None:
        """Announce, in a quiet run, that this step does have work to do."""
        if self.quiet:
            print(f"{self.title} …", file=sys.stderr, flush=True)

    def end(self, result: str = "done") -> None:
        if not self.quiet:
            print(f"{say(result)} ({time.monotonic() - self.since:.1f} s)", file=sys.stderr, flush=True)
