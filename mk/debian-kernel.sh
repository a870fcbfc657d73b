#!/bin/bash
# Fetches the source and the configuration of a Debian kernel, without installing anything:
#
#   debian-kernel.sh 6.12 DIR     leaves DIR/source, DIR/config and DIR/origin
#
# Packages come from where apt looks here or, if SUITES says which, or nothing is there, from Debian's own
# suites, the first that has the kernel. FLAVOUR is the kernel's: amd64, cloud-amd64. With KEEP=1 what DIR has already is not fetched again.
set -euo pipefail

if [ $# -ne 2 ]; then
  echo 'usage: debian-kernel.sh SERIES DIR' >&2
  exit 2
fi
series=$1
dir=$2
package=linux-source-$series
flavour=${FLAVOUR:-amd64}
suites=${SUITES:-bookworm trixie forky sid}
none='(none)'

fail() {
  echo "debian-kernel: $*" >&2
  exit 69
}

command -v apt-get > /dev/null || fail 'no apt-get here: this fetches from Debian'
if [ "${KEEP:-}" = 1 ] && [ -e "$dir/origin" ]; then exit 0; fi
rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# The base of an archive that apt uses here, by its label.
archive() {
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' |
    awk -F '|' -v label="$1" '$1 == "Debian" && $2 == label { print $3; exit }'
}

apt=()
version=$none
if [ -z "${SUITES:-}" ]; then
  version=$(apt-cache policy "$package" | sed -n 's/^  Candidate: //p')
fi
if [ "${version:-$none}" = "$none" ]; then
  mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/apt/etc"
  main=${MIRROR:-$(archive Debian)}
  [ -n "$main" ] || fail 'apt knows no archive of Debian here: name one, MIRROR=http://...'
  security=$(archive Debian-Security)
  apt=(
    -o "Dir::Etc=$dir/apt/etc" -o "Dir::Etc::sourcelist=$dir/apt/etc/sources.list"
    -o "Dir::Etc::sourceparts=/dev/null" -o "Dir::State::lists=$dir/apt/lists"
    -o "Dir::Cache=$dir/apt/cache" -o "Dir::State::status=/dev/null"
    -o "Dir::Etc::trustedparts=/usr/share/keyrings" -o "APT::Sandbox::User="
  )
  for suite in $suites; do
    echo "deb $main $suite main" > "$dir/apt/etc/sources.list"
    case $suite in
      sid | unstable | experimental) ;;
      *) if [ -n "$security" ]; then
        echo "deb $security $suite-security main" >> "$dir/apt/etc/sources.list"
      fi ;;
    esac
    apt-get "${apt[@]}" update > "$dir/apt/log" 2>&1 || continue
    version=$(apt-cache "${apt[@]}" policy "$package" | sed -n 's/^  Candidate: //p')
    if [ "${version:-$none}" != "$none" ]; then break; fi
  done
fi
[ "${version:-$none}" != "$none" ] || fail "no package $package: neither where apt looks here, nor in $suites"

echo "debian-kernel: fetching $package $version" >&2
cd "$dir"
apt-get "${apt[@]}" -o APT::Sandbox::User= -q download \
  "$package=$version" "linux-config-$series=$version" > log 2>&1 ||
  fail "cannot fetch $package $version: $(tail -n 1 log)"
for deb in ./*.deb; do dpkg -x "$deb" unpacked; done
tar -xf "unpacked/usr/src/$package.tar.xz"
config=unpacked/usr/src/linux-config-$series/config.amd64_none_$flavour.xz
[ -e "$config" ] || fail "no configuration of flavour $flavour in linux-config-$series"
xz -dc "$config" > config
mv "$package" source
echo "Debian $package $version, configuration $flavour" > origin
rm -rf unpacked apt ./*.deb log
