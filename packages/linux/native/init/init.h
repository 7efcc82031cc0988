// SPDX-License-Identifier: Apache-2.0
// The init role: reads a launch program from its sync channel and executes it step by step, ending in execve of the
// container's program. It decides nothing; everything that needs judgement was settled by whoever wrote the program.
#ifndef TEU_INIT_H
#define TEU_INIT_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Lives in MAP_SHARED memory of the caller, who must not be a thread group with other threads. The pid is that of the
 * process that becomes the container's program, as seen by the process that called init_main; it is 0 until known.
 */
struct init_report {
	_Atomic int32_t pid;
};

/*
 * Runs the init role in the calling process, which becomes stage 0: it joins and makes namespaces, clones the final
 * init as a *sibling* (a child of the caller's parent) and returns. Returns an exit status: 0 when the final init was
 * made, 1 after a failure, which was then reported over the channel. Never returns in the final init.
 *
 * channel_fd: a connected stream socket; the launch program is read from it first. report may be NULL.
 */
int init_main(int channel_fd, struct init_report *report);

#endif
