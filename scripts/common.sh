# What the scripts share: messages, set-up of the machine, and where builds go. Sourced, not run.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Builds are kept outside of the checkout, so that every checkout of one user shares the compiled libraries.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/marketplace/target}
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}

say() { printf '\n== %s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 2
}

# need_packages PACKAGE…: installs the Debian packages that are missing, and says which.
need_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing Debian packages: ${missing[*]}"
    command -v apt-get >/dev/null || fail "install these packages first: ${missing[*]}"
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# need_rust: a Rust toolchain as new as the manifest asks for.
need_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")
    if ! command -v cargo >/dev/null && [ -f "$HOME/.cargo/env" ]; then
        . "$HOME/.cargo/env"
    fi
    if ! command -v cargo >/dev/null; then
        need_packages rustup || fail "install Rust $wanted or newer first (Debian 13 has the package rustup)"
        say "installing Rust $wanted with rustup"
        rustup toolchain install --profile minimal --component clippy,rustfmt stable
    fi
    found=$(rustc --version | cut -d' ' -f2)
    [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n1)" = "$wanted" ] ||
        fail "Rust $found is too old, the project needs $wanted or newer: rustup update stable"
}

# need_cargo_tool COMMAND CRATE VERSION: a cargo subcommand, built from its crate where it is missing.
need_cargo_tool() {
    command -v "$1" >/dev/null && return
    say "installing $2 $3 (built from its crate, takes some minutes)"
    cargo install --quiet --locked "$2" --version "$3"
    command -v "$1" >/dev/null || export PATH="$HOME/.cargo/bin:$PATH"
}

# need_build_tools: what the build itself needs; RocksDB's bindings find libclang only after RocksDB was compiled.
need_build_tools() {
    need_packages build-essential pkg-config libssl-dev libclang-dev
    need_rust
}

# need_node_clients: the clients of tests/clients/package.json, which tests find by NODE_PATH.
need_node_clients() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/marketplace/clients
    command -v npm >/dev/null || need_packages nodejs npm
    if ! cmp -s "$root/tests/clients/package.json" "$folder/package.json" || [ ! -f "$folder/installed" ]; then
        say "installing the npm packages of tests/clients/package.json"
        mkdir -p "$folder"
        cp "$root/tests/clients/package.json" "$folder/"
        (cd "$folder" && npm install --no-audit --no-fund --loglevel=error && touch installed)
    fi
    export NODE_PATH=$folder/node_modules
}

# need_bare_oxigraph: the server that queries are compared with, found by BARE_OXIGRAPH.
need_bare_oxigraph() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/marketplace/oxigraph version=0.5.13
    if ! "$folder/bin/pip" show oxigraph 2>/dev/null | grep -q "^Version: $version$"; then
        say "installing the PyPI package oxigraph $version"
        python3 -m venv "$folder"
        "$folder/bin/pip" install --quiet "oxigraph==$version"
    fi
    export BARE_OXIGRAPH=$folder/bin/oxigraph
}
