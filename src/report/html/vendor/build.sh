#!/bin/sh
# Makes echarts.min.js and the licence texts anew from the npm registry. Needs npm; the versions are fixed here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/entry.js" "$work/"
cd "$work"
npm init --yes >/dev/null
npm install --no-audit --no-fund --save-exact echarts@6.1.0 zrender@6.1.0 tslib@2.3.0 esbuild@0.28.2 >/dev/null
npx esbuild entry.js --bundle --minify --format=iife --global-name=echarts --target=es2020 \
    --define:process.env.NODE_ENV='"production"' --legal-comments=none --outfile="$here/echarts.min.js"
{
    cat node_modules/echarts/NOTICE
    for package in echarts zrender tslib; do
        printf '\n\n======== %s ========\n\n' "$package"
        cat "node_modules/$package"/LICENSE*
    done
    printf '\n\n======== d3 (parts in echarts) ========\n\n'
    cat node_modules/echarts/licenses/LICENSE-d3
} >"$here/LICENSES.txt"
