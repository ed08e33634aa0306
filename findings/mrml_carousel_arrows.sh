#!/usr/bin/env bash
# MRML hides the arrows of every mj-carousel, in every browser.
#
# npm's mjml writes "@media screen yahoo { … display: none !important }": a broken media query, which
# only Yahoo takes for one. MRML writes "@media screen, yahoo", which is valid and true for each
# screen. The same template has arrows with npm's mjml, and none with MRML.
#
# Versions: mjml-python 1.4.2 (MRML), npm mjml 5.4.1. Seen on 2026-11-30.
# Source: the style that each compiler writes, and https://www.w3.org/TR/mediaqueries-4/#error-handling
# (a malformed query is "not all"; a comma means "or").
# Exit code 1: the behaviour has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mjml-python==1.4.2
npm install --no-audit --no-fund mjml@5.4.1 > npm.log 2>&1
cat > carousel.mjml << 'MJML'
<mjml><mj-body><mj-section><mj-column><mj-carousel>
<mj-carousel-image src="https://a.example/1.png" /><mj-carousel-image src="https://a.example/2.png" />
</mj-carousel></mj-column></mj-section></mj-body></mjml>
MJML
mrml=$(venv/bin/python -c 'from mjml import mjml2html; print(mjml2html(open("carousel.mjml").read()))' \
  | grep -o '@media screen,\? yahoo' | sort -u)
npm=$(node -e '
const mjml = require("mjml");
const compile = mjml.default || mjml;
(async () => console.log((await compile(require("fs").readFileSync("carousel.mjml", "utf8"))).html))();
' | grep -o '@media screen,\? yahoo' | sort -u)

venv/bin/pip list --disable-pip-version-check 2> /dev/null | grep -i '^mjml'
echo "npm mjml 5.4.1 hides the arrows in:  $npm"
echo "MRML hides the arrows in:            $mrml"
[ "$npm" = "@media screen yahoo" ] && [ "$mrml" = "@media screen, yahoo" ]
