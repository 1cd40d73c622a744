# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# apt.sh - packages of another suite or CPU, by apt, beside the system's own
#
#	. tools/apt.sh
#	apt_open FOLDER SUITE ARCH	|| die "..."
#	apt_newest 'PATTERN'		prints the name of the newest package that matches
#	apt_unpack PACKAGE FOLDER
#
# The lists lie in FOLDER; nothing is installed and the system's apt is not changed. The archive is
# the one that the system's own apt is configured with. Needs a Debian system; no privilege.

# On the private root. Old indexes will do, as long as they are signed: the archive may be a mirror
# that lags behind, or a snapshot.
apt_private()	# PROGRAM ARGUMENT...
{
	apt_program=$1
	shift
	"$apt_program" -q -o Dir::Etc::sourcelist="$apt_root/sources.list" \
		-o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt_root/lists" \
		-o Dir::Cache="$apt_root" -o APT::Architecture="$apt_arch" \
		-o APT::Architectures="$apt_arch" -o Acquire::Check-Valid-Until=false \
		-o Acquire::Languages=none -o APT::Sandbox::User=root \
		-o APT::Update::Error-Mode=any "$@"
}

# The archives that apt is configured with: it reads its sources itself, whichever of its formats
# they are in. Lines are 'ARCHIVE/dists/SUITE/InRelease' and more; suites with a dash are updates.
apt_archives()
{
	apt-get --print-uris update | sed -n "s|^'\([a-z].*\)/dists/[a-z]*/InRelease'.*|\1|p"
}

# Fetch the lists of a suite. False when no archive has it.
apt_open()	# FOLDER SUITE ARCH
{
	apt_root=$1 apt_arch=$3
	mkdir -p "$apt_root/lists/partial" "$apt_root/archives/partial" || return 1
	apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	apt_signed=
	[ ! -f "$apt_keyring" ] || apt_signed="[signed-by=$apt_keyring] "
	for apt_archive in $(apt_archives); do
		echo "deb $apt_signed$apt_archive $2 main" >"$apt_root/sources.list"
		apt_private apt-get update >&2 && return
	done
	return 1
}

apt_newest()	# EXTENDED-REGULAR-EXPRESSION
{
	apt_private apt-cache search --names-only "$1" | cut -d ' ' -f 1 | sort -V | tail -n 1
}

# What of it is there already, of a download that was cut off, is not fetched again.
apt_unpack()	# PACKAGE FOLDER
{
	# shellcheck disable=SC2012 # names of packages
	(cd "$apt_root" && apt_private apt-get download "$1" >&2) &&
		dpkg-deb -x "$(ls -t "$apt_root/$1"_*.deb | head -n 1)" "$2" &&
		rm -f "$apt_root/$1"_*.deb
}
