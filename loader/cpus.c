/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "cpus.h"

int cpus_each(const char *list, cpus_fn *fn, void *arg)
{
	int err = 0;

	while (!err && *list && *list != '\n') {
		char *end;
		unsigned long cpu = strtoul(list, &end, 10), last = cpu;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (end == list || last < cpu || last >= CPUS_MOST)
			return -EBADMSG;
		for (; cpu <= last && !err; cpu++)
			err = fn(arg, (int)cpu);
		list = end + (*end == ',');
	}
	return err;
}
