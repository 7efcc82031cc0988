// SPDX-License-Identifier: Apache-2.0
#ifndef TEU_MONITOR_H
#define TEU_MONITOR_H

/* The monitor role; returns an exit status. */
int monitor_main(int argc, char **argv);

#endif
