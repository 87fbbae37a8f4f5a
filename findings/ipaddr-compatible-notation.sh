#!/bin/bash
# ipaddr.js 2.5.0 (npm): one IPv6 address in two notations of RFC 4291 §2.2 becomes two addresses.
#
# `::192.0.2.1` and `::c000:201` are the same 128 bits. The parser takes the first for `::ffff:192.0.2.1`, an IPv4-mapped address: other bits, another
# range (`ipv4Mapped`), another network. Only the prefix `::` is concerned: `2001:db8::192.0.2.1` and `64:ff9b::192.0.2.1` are right.
# Node's own URL parser reads the same text as `::c000:201`.
# Guess before the first run: equal, since the dotted form is only a notation of the last 32 bits. Seen on 2026-11-30 with Node 20 and 24:
#   ::192.0.2.1 -> ::ffff:c000:201 (ipv4Mapped)    ::c000:201 -> ::c000:201 (unicast)    equal: false    in ::/96: false
# For us: `src/core/ip.ts` writes the last 32 bits in hexadecimal before it parses (`test/unit/core/ip.test.ts`).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --no-audit --no-fund --loglevel=error ipaddr.js@2.5.0 >/dev/null
cat >seen.cjs <<'JS'
const ip = require('ipaddr.js');
const [dotted, plain] = ['::192.0.2.1', '::c000:201'].map((text) => ip.parse(text));
const network = ip.parseCIDR('::/96');
console.log('version', require('ipaddr.js/package.json').version);
for (const [text, a] of [['::192.0.2.1', dotted], ['::c000:201', plain]]) console.log(text, '->', a.toString(), a.range());
console.log('equal:', dotted.toString() === plain.toString(), 'in ::/96:', dotted.match(network), plain.match(network));
console.log('with a prefix:', ip.parse('2001:db8::192.0.2.1').toString(), 'URL:', new URL('http://[::192.0.2.1]/').hostname);
JS
seen=$(node seen.cjs)
echo "$seen"
expected='version 2.5.0
::192.0.2.1 -> ::ffff:c000:201 ipv4Mapped
::c000:201 -> ::c000:201 unicast
equal: false in ::/96: false true
with a prefix: 2001:db8::c000:201 URL: [::c000:201]'
[ "$seen" = "$expected" ] || { echo 'the behaviour changed'; exit 1; }
echo 'as described'
