# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# mounts.sh - sourced behind lib.sh: the script goes on in a mount namespace of its own, with a
# bpffs in $pins and a tracefs, or it is skipped.

# shellcheck disable=SC2154 # tmp is in lib.sh
if [ "${MOUNTS_INSIDE:-}" != "$$" ]; then
	if unshare -m true 2>"$tmp/why"; then
		rm -rf "$tmp"
		# shellcheck disable=SC2016 # the inner shell expands
		exec unshare -m sh -c 'export MOUNTS_INSIDE=$$; exec "$@"' sh "$0" "$@"
	fi
	skip "all" "no mount namespace: $(sed q "$tmp/why")"
	plan
fi
pins=/sys/fs/bpf
umount $pins 2>/dev/null
if ! mount -t bpf bpf $pins 2>"$tmp/why"; then
	skip "all" "no bpffs: $(sed q "$tmp/why")"
	plan
fi
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
