// SPDX-License-Identifier: Apache-2.0
// Small settings of the container's namespaces and of the process itself.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/interpreter.h"

#define KEY_POSSESSOR_ALL 0x3f000000u
#define KEY_USER_ALL 0x003f0000u

STEP(new_session)
{
	if (record_end(record) < 0)
		return fail(init, "malformed step");
	return setsid() < 0 ? fail(init, "setsid") : 0;
}

/* A keyring of the container's own, which its processes (and later execs of it) can find. */
STEP(keyring)
{
	struct launch_keyring keyring;
	long id;

	if (launch_keyring_decode(record, &keyring) < 0)
		return fail(init, "malformed step");
	id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, keyring.name);
	if (id < 0)
		return errno == ENOSYS || errno == EDQUOT ? 0 : fail(init, "create the session keyring");
	/* The owner may search it without possessing it, so that an exec can join it by name. */
	(void)syscall(SYS_keyctl, KEYCTL_SETPERM, id, KEY_POSSESSOR_ALL | KEY_USER_ALL);
	return 0;
}

/* A new network namespace has its loopback down. */
STEP(loopback)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd, result = 0;

	if (record_end(record) < 0)
		return fail(init, "malformed step");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno == EAFNOSUPPORT ? 0 : fail(init, "open a socket");
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		result = -1;
	request.ifr_flags |= IFF_UP;
	if (result < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		result = fail(init, "bring the loopback interface up");
	close(fd);
	return result;
}

STEP(hostname)
{
	struct launch_hostname host;

	if (launch_hostname_decode(record, &host) < 0)
		return fail(init, "malformed step");
	return sethostname(host.name, strlen(host.name)) < 0 ? fail(init, "sethostname") : 0;
}

STEP(domainname)
{
	struct launch_domainname domain;

	if (launch_domainname_decode(record, &domain) < 0)
		return fail(init, "malformed step");
	return setdomainname(domain.name, strlen(domain.name)) < 0 ? fail(init, "setdomainname") : 0;
}

/* A procfs with more than processes is there for no longer than that takes. */
static int write_parameter(struct init *init, const struct launch_sysctl *sysctl)
{
	int pids = init->procfs, result = 0;

	init->procfs = procfs_make(0);
	if (init->procfs < 0 || procfs_write(init, sysctl->path, sysctl->value) < 0)
		result = fail(init, "open /proc/%s", sysctl->path);
	if (init->procfs >= 0)
		close(init->procfs);
	init->procfs = pids;
	return result;
}

STEP(sysctl)
{
	struct launch_sysctl sysctl;

	if (launch_sysctl_decode(record, &sysctl) < 0)
		return fail(init, "malformed step");
	if (init->pids_only)
		return write_parameter(init, &sysctl);
	return procfs_write(init, sysctl.path, sysctl.value) < 0 ? fail(init, "open /proc/%s", sysctl.path) : 0;
}

STEP(umask)
{
	struct launch_umask mask;

	if (launch_umask_decode(record, &mask) < 0)
		return fail(init, "malformed step");
	umask(mask.mask);
	return 0;
}

STEP(personality)
{
	struct launch_personality wanted;

	if (launch_personality_decode(record, &wanted) < 0)
		return fail(init, "malformed step");
	return personality(wanted.domain) < 0 ? fail(init, "personality") : 0;
}

STEP(limit)
{
	struct launch_limit limit;
	struct rlimit value;

	if (launch_limit_decode(record, &limit) < 0)
		return fail(init, "malformed step");
	value.rlim_cur = limit.soft;
	value.rlim_max = limit.hard;
	return setrlimit((int)limit.resource, &value) < 0 ? fail(init, "error setting rlimits for ready process: error setting rlimit type %u", limit.resource) : 0;
}

STEP(scheduler)
{
	struct launch_scheduler scheduler;
	struct {
		uint32_t size;
		uint32_t policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime;
		uint64_t deadline;
		uint64_t period;
	} attributes;

	if (launch_scheduler_decode(record, &scheduler) < 0)
		return fail(init, "malformed step");
	attributes.size = sizeof(attributes);
	attributes.policy = scheduler.policy;
	attributes.flags = scheduler.flags;
	attributes.nice = scheduler.nice;
	attributes.priority = scheduler.priority;
	attributes.runtime = scheduler.runtime;
	attributes.deadline = scheduler.deadline;
	attributes.period = scheduler.period;
	return syscall(SYS_sched_setattr, 0, &attributes, 0) < 0 ? fail(init, "sched_setattr") : 0;
}

STEP(io_priority)
{
	struct launch_io_priority priority;

	if (launch_io_priority_decode(record, &priority) < 0)
		return fail(init, "malformed step");
	return syscall(SYS_ioprio_set, 1, 0, priority.value) < 0 ? fail(init, "ioprio_set") : 0;
}
