/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "load.h"
#include "pmu.h"
#include "say.h"
#include "sys.h"

/* The number that begins behind `skip` in a small file of a PMU, or -errno. */
static int pmu_number(const char *pmu, const char *file, const char *skip)
{
	char path[128], *text, *end;
	long number = -1;
	size_t len;
	int err;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/%s", pmu, file);
	err = asm_read_file(path, &text, &len);
	if (err)
		return err;
	if (strncmp(text, skip, strlen(skip)) == 0) {
		number = strtol(text + strlen(skip), &end, 10);
		if (end == text + strlen(skip))
			number = -1;
	}
	free(text);
	return number < 0 || number > INT32_MAX ? -EINVAL : (int)number;
}

static void say_no_pmu(const struct attach *a, const char *pmu, int err)
{
	const char *why = strerror(-err);
	char none[128];
	int kind = toupper((unsigned char)pmu[0]);

	snprintf(none, sizeof(none), "this kernel has none: it was built without CONFIG_%cPROBES "
		 "or CONFIG_%cPROBE_EVENTS", kind, kind);
	if (err == -ENOENT && sys_is_dir("/sys/bus/event_source") != 0)
		why = "its number is in sysfs, which is not mounted: `mount -t sysfs sysfs /sys` "
		      "does that";
	else if (err == -ENOENT)
		why = none;
	say_error(a->load->opt, &a->place, "%s: the %s PMU of perf: %s", a->what, pmu, why);
}

int pmu_fill(const struct attach *a, const char *pmu, struct abi_perf_event_attr *attr)
{
	bool back = a->func->attach->flags & ASM_ATTACH_RETURN;
	int type = pmu_number(pmu, "type", "");
	int bit = type < 0 ? type : back ? pmu_number(pmu, "format/retprobe", "config:") : 0;

	if (bit < 0) {
		say_no_pmu(a, pmu, bit);
		return bit;
	}
	memset(attr, 0, sizeof(*attr));
	attr->type = (uint32_t)type;
	attr->size = PERF_ATTR_SIZE_VER1;
	attr->config = back ? UINT64_C(1) << (bit & 63) : 0;
	return 0;
}
