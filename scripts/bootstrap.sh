#!/bin/sh
# Finds or makes a Python that has what a task needs, and prints its path as the only line on stdout.
#
#   sh scripts/bootstrap.sh run    what `make run` needs: requirements.txt
#   sh scripts/bootstrap.sh dev    the same and the tools of `make test`: requirements-dev.txt
#
# It works in .venv, which it makes with the first Python of 3.11 or later that can install packages, or with
# PYTHON=... where that is set. Nothing is installed, and no network is needed, when .venv has it all already, or when
# there is no .venv and that Python (an activated environment, say) has it all.
set -u
cd "$(dirname "$0")/.." || exit 1

task=${1:-run}
case $task in
    run) set -- -r requirements.txt ;;
    dev) set -- -r requirements.txt -r requirements-dev.txt ;;
    *) echo "bootstrap: unknown task '$task'; it takes run or dev." >&2; exit 2 ;;
esac
venv=.venv
inside=$venv/bin/python
stamp=$venv/.installed-$task
no_installer="No Python here can install packages (no pip, no ensurepip). On Debian and Ubuntu: sudo apt-get install python3-venv"

say() { echo "$*" >&2; }
die() { say "$*"; exit 1; }

# Python starts without what the caller's shell may point it at: another version's packages end in riddles.
unset PYTHONHOME PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK=1

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has_module() { "$1" -c "import $2" 2>/dev/null; }
can_install() {
    has_module "$1" venv && { has_module "$1" ensurepip.__main__ || has_module "$1" pip.__main__ || command -v uv >/dev/null; }
}

# The user's own choice of python3 comes first; named versions help where python3 is an old one.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null || die "PYTHON=$PYTHON is not there. Vitrine needs Python 3.11 or later."
        new_enough "$PYTHON" || die "PYTHON=$PYTHON is $(version_of "$PYTHON" || echo no Python). Vitrine needs Python 3.11 or later."
        python=$PYTHON
        return
    fi
    candidates="python3 python3.13 python3.12 python3.11 python3.14 python"
    python=
    for name in $candidates; do
        new_enough "$name" || continue
        python=$name
        can_install "$name" && return
    done
    [ -n "$python" ] || die "No Python 3.11 or later found (looked for $candidates). Install one, or name it: make PYTHON=/path/to/python3.12"
}

# Whether a Python has every requirement already. --no-index, --isolated and the empty configuration keep pip from
# finding packages anywhere but there.
has_everything() {
    requirements_of=$1; shift
    PIP_CONFIG_FILE=/dev/null "$requirements_of" -m pip --isolated install --quiet --dry-run --no-index "$@" >/dev/null 2>&1
}

# Where an environment was made by an interrupted or failed `python -m venv`, or its Python is gone, this is false.
sound() { [ -f $venv/pyvenv.cfg ] && new_enough $inside && $inside -c 'import sys; sys.exit(sys.prefix == sys.base_prefix)'; }

# What the stamp of a task holds: a hash of the requirement files and of the Python they were installed for.
hash_of() {
    $inside -c 'import hashlib, pathlib, sys
parts = [pathlib.Path(name).read_bytes() for name in sys.argv[1:] if name != "-r"]
print(hashlib.sha256(b"\0".join([sys.version.encode(), *parts])).hexdigest())' "$@"
}

# An environment may lack pip (Debian without python3-venv, uv): its own ensurepip, the host's pip or uv step in.
install() {
    if has_module $inside pip.__main__ || $inside -m ensurepip >/dev/null 2>&1; then
        $inside -m pip install --quiet "$@" >&2
        return
    fi
    find_python
    if has_module "$python" pip.__main__; then
        "$python" -m pip --python $inside install --quiet "$@" >&2
    elif command -v uv >/dev/null; then
        uv pip install --quiet --python $inside "$@" >&2
    else
        die "$no_installer"
    fi
}

if [ -e $venv ] && ! sound; then
    say "$venv is half made, or its Python is gone: making it anew."
    rm -rf $venv
elif [ -e $venv ] && [ -n "${PYTHON:-}" ]; then
    find_python
    if [ "$(version_of "$python")" != "$(version_of $inside)" ]; then
        say "$venv is of Python $(version_of $inside) and PYTHON=$PYTHON is $(version_of "$python"): making it anew."
        rm -rf $venv
    fi
fi

if [ ! -e $venv ]; then
    find_python
    if has_everything "$python" "$@"; then
        say "Using $(command -v "$python"), which has everything already."
        command -v "$python"
        exit
    fi
    can_install "$python" || die "$no_installer"
    say "Making $venv with Python $(version_of "$python") ($(command -v "$python"))."
    # pip is left to install(): with it, a Python without ensurepip fails and leaves half an environment.
    "$python" -m venv --without-pip $venv >&2 || die "$python cannot make a virtual environment, for the reason above."
fi

wanted=$(hash_of "$@") || die "$inside does not run, or a requirements file is missing. Remove $venv and try again."
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "Installing $(echo "$*" | sed 's/-r //; s/ -r / and /'). The first time takes a minute or two."
    install "$@" || die "The installation failed, for the reason above. The first time needs a network; try the same command again."
    echo "$wanted" >"$stamp"
    # Who has the tools has the rest too.
    [ "$task" = run ] || hash_of -r requirements.txt >$venv/.installed-run
fi
echo "$PWD/$inside"
