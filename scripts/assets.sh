#!/bin/sh
# Fetch the front end's third-party files from npm again, byte for byte, into
# internal/web/assets/vendor. Versions and hashes are pinned below: a package that does
# not match its hash is refused. Needs npm, tar and openssl.
#
#   scripts/assets.sh           replace the vendored files
#   scripts/assets.sh --check   exit 1 when the vendored files differ from the packages
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
vendor=$root/internal/web/assets/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
out=$work/vendor

# take NAME VERSION SHA512 LICENCE FILE...: unpack the files of one package, flat, beside its licence.
take() {
    name=$1 version=$2 want=$3 licence=$4
    shift 4
    (cd "$work" && npm pack --silent "$name@$version" >/dev/null)
    tgz=$work/$name-$version.tgz
    got=$(openssl dgst -sha512 -binary "$tgz" | openssl base64 -A)
    if [ "$got" != "$want" ]; then
        echo "assets.sh: $name@$version has the wrong hash: want sha512-$want, got sha512-$got" >&2
        exit 1
    fi
    mkdir -p "$work/$name" "$out/$name"
    tar -xzf "$tgz" -C "$work/$name"
    for file in LICENSE "$@"; do
        case $file in
        dist/images/*) dest=$out/$name/images/${file##*/} ;;
        *) dest=$out/$name/${file##*/} ;;
        esac
        mkdir -p "${dest%/*}"
        # Source maps are not shipped, so their reference would only be a failed request.
        case $file in
        *.js) sed '/^\/\/# sourceMappingURL=/d' "$work/$name/package/$file" >"$dest" ;;
        *) cat "$work/$name/package/$file" >"$dest" ;;
        esac
    done
    printf '| %s | %s | %s | `%s` |\n' "$name" "$version" "$licence" "sha512-$want" >>"$out/README.md"
}

mkdir -p "$out"
cat >"$out/README.md" <<'EOF'
# Third-party files

Copied from npm packages by `scripts/assets.sh`; do not edit. Each folder holds its LICENSE.
The only change: `sourceMappingURL` lines are removed.

| package | version | licence | npm integrity |
|---|---|---|---|
EOF
take leaflet 1.9.4 nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA== BSD-2-Clause \
    dist/leaflet.js dist/leaflet.css dist/images/layers.png dist/images/layers-2x.png dist/images/marker-icon.png
take topojson-client 3.1.0 605uxS6bcYxGXw9qi62XyrV6Q3xwbndjachmNxu8HWTtVPxZfEJN9fd/SZS1Q54Sn2y0TMyMxFj/cJINqGHrKw== ISC \
    dist/topojson-client.min.js
take world-atlas 2.0.2 IXfV0qwlKXpckz1FhwXVwKRjiIhOnWttOskm5CtxMsjgE/MXAYRHWJqgXOpM8IkcPBoXnyTU5lFHcYa5ChG0LQ== ISC \
    countries-50m.json
cat >>"$out/README.md" <<'EOF'

The shapes of world-atlas are Natural Earth's, which are in the public domain.
EOF

if [ "${1:-}" = --check ]; then
    diff -r "$out" "$vendor"
    exit
fi
rm -rf "$vendor"
cp -R "$out" "$vendor"
echo "vendored into ${vendor#"$root"/}"
