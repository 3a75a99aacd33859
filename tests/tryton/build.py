"""Builds the folder from which the tests start Tryton servers: build.py FOLDER

FOLDER gets `venv` (Tryton from PyPI), `clean.sqlite` (an ERP ready to sell, see furnish.py) and, as
the very last thing, `ready`. Takes one to three minutes, needs Python 3.10 or later, pip's network
and no root, except where Debian keeps venv in a package of its own: then that is installed.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MODULES = [
    "account_invoice_stock", "account_product", "country", "currency", "party", "product", "sale",
    "sale_discount", "sale_shipment_cost", "stock",
]
CONFIGURATION = """[database]
uri = sqlite://
path = {databases}
[email]
uri = smtp://127.0.0.1:1
"""


def run(*command, **environment):
    """Runs a command quietly; its output matters only when it fails."""
    done = subprocess.run(
        [str(part) for part in command], env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")


def make_venv(venv):
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        if os.geteuid() == 0 and shutil.which("apt-get"):
            run("apt-get", "update")
            run("apt-get", "install", "-y", "--no-install-recommends", "python3-venv")
        else:
            sys.exit("python3 cannot make virtual environments here. Install them once, on Debian "
                     "and Ubuntu with: sudo apt-get install python3-venv")
    run(sys.executable, "-m", "venv", "--clear", venv)
    run(venv / "bin/pip", "install", "--disable-pip-version-check", "-r", HERE / "requirements.txt")


def make_database(folder, venv):
    databases = folder / "databases"
    shutil.rmtree(databases, ignore_errors=True)
    databases.mkdir()
    database = databases / "erp.sqlite"
    database.touch()
    configuration = folder / "build.conf"
    configuration.write_text(CONFIGURATION.format(databases=databases))
    password = folder / "password"
    password.write_text("only-for-the-tests-0001\n")
    admin = [venv / "bin/trytond-admin", "-c", configuration, "-d", "erp"]
    run(*admin, "--all", "--email", "admin@erp.example", TRYTONPASSFILE=str(password))
    run(*admin, "-u", *MODULES, "--activate-dependencies")
    run(venv / "bin/python", HERE / "furnish.py", configuration)
    # Through SQLite, so that what is still in the write-ahead log comes along.
    import sqlite3
    source, copy = sqlite3.connect(database), sqlite3.connect(folder / "clean.sqlite")
    with copy:
        source.backup(copy)
    copy.close()
    source.close()
    shutil.rmtree(databases)


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    venv = folder / "venv"
    make_venv(venv)
    make_database(folder, venv)
    (folder / "ready").touch()


main()
