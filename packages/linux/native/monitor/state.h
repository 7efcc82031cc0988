// SPDX-License-Identifier: Apache-2.0
// What the files of the monitor role share.
//
//   shim ── fd 4: config, then commands and events ──┐        ┌── FIFOs (handed to the process as they are; but relay.c)
//   shim ── control socket: commands and events ─────┤ monitor┤
//   runtime ── fd 3: sync channel ── stage 0 ────────┘        └── pty master ⇄ FIFOs (with a terminal)
//
#ifndef TEU_MONITOR_STATE_H
#define TEU_MONITOR_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/init.h"
#include "monitor/config.h"

#define SYNC_CHANNEL 3
#define MAX_CLIENTS 8
#define MAX_STRAYS 64
#define PUMP_BYTES 4096

struct monitor;

/* A descriptor that epoll watches. fd is -1 when there is none. */
struct watch {
	int fd;
	uint32_t events; /* what epoll was told to look for; 0 when it was not told of the fd */
	void (*ready)(struct monitor *monitor, struct watch *watch, uint32_t events);
};

/* One peer of the control channel. The watch comes first: a pointer to it is one to its client. */
struct client {
	struct watch watch;
	unsigned char inbox[64];
	size_t length;
};

/* An output stream: `hold` keeps the FIFO alive through readers that come and go. */
struct output {
	struct stream_config config;
	int hold; /* -1 when there is nothing to hold, or it was let go */
};

/* A file that output is appended to. The watch comes first: a pointer to it is one to its sink. */
struct file_sink {
	struct watch watch; /* the read end of the pipe that the process has */
	int file;
};

/* A FIFO that takes what comes out of a pipe. */
struct relay {
	struct watch source; /* the read end of the pipe that the process has */
	struct watch target;
};

/* Bytes on their way between the terminal and a FIFO. */
struct pump {
	unsigned char bytes[PUMP_BYTES];
	size_t start;
	size_t end;
	bool finished; /* the source will give no more */
};

/* A child that ended before it was known whether it is the container's. */
struct stray {
	pid_t pid;
	int status;
	uint64_t nanoseconds;
};

struct monitor {
	struct monitor_config config;
	int epoll;
	struct watch signals;
	struct watch listener;
	struct client clients[MAX_CLIENTS];

	/* the process */
	pid_t child; /* stage 0 or the runtime; 0 once it has ended */
	pid_t pid;   /* the container's or exec's own process; 0 until known */
	struct init_report *report;
	struct stray strays[MAX_STRAYS];
	unsigned stray_count;
	bool failed;
	uint32_t failed_status;
	char failed_text[128];
	bool exited;
	uint32_t exit_status;
	uint64_t exit_nanoseconds;
	int exit_file; /* written and not yet synchronised; -1 when there is nothing to do */

	/* streams */
	int input_hold; /* the write handle that keeps the process's input from ending; -1 after close-input */
	struct output outputs[2];
	struct file_sink files[2];
	struct relay relay; /* of standard error, only with a runtime's program */
	struct watch input; /* only with a terminal */
	struct watch sink;  /* stdout's hold, only with a terminal */
	struct watch console;
	struct watch master;
	struct pump to_master;
	struct pump from_master;
	bool hung_up; /* nobody has the terminal open, and the process has not ended */
	uint32_t columns;
	uint32_t rows;

	/* the program that takes the outputs */
	pid_t logger; /* 0 when there is none, or it has ended */
	bool logger_told;
	uint64_t logger_deadline;

	/* the end */
	bool quit;
	int drain_milliseconds;
	uint64_t quit_deadline;
};

/* loop.c */
int watch_change(struct monitor *monitor, struct watch *watch, uint32_t events);
void watch_close(struct monitor *monitor, struct watch *watch);
uint64_t monotonic_milliseconds(void);

/* control.c */
int control_listen(struct monitor *monitor);
void control_add(struct monitor *monitor, int fd);
void control_started(struct monitor *monitor);
void control_failed(struct monitor *monitor);
void control_exited(struct monitor *monitor);
void control_drained(struct monitor *monitor);
/* Carries out one command; returns -1 when it is malformed. */
struct record;
int control_command(struct monitor *monitor, struct record *record);

/* process.c */
int process_launch(struct monitor *monitor);
void process_reap(struct monitor *monitor, struct watch *watch, uint32_t events);
void process_signal(struct monitor *monitor, int number);
/* Ends whatever has not become a container or exec yet. */
void process_abandon(struct monitor *monitor);

/* exit-file.c */
/* Puts the file in its place, where it outlives every process. */
int exit_file_write(struct monitor *monitor);
/* Brings the file to the disk, if there is one behind it. Nobody waits for that: the machine's end is the container's. */
void exit_file_sync(struct monitor *monitor);

/* streams.c */
/* Opens the streams; fds[i] is what the process gets, each to be closed by the caller. Returns 0, or -1 with errno. */
int streams_open(struct monitor *monitor, int fds[3]);
void streams_close_input(struct monitor *monitor);
/* Lets go of outputs that were read to their end. True when nothing is held any more. */
bool streams_drained(struct monitor *monitor);

/* file-sink.c */
/*
 * Opens a file for an output; the write end of a pipe to it, or -1 with errno. What a runtime's program says before there
 * is a process is not taken.
 */
int file_sink_open(struct monitor *monitor, int index, const char *path);
/* There is a process. */
void file_sinks_begin(struct monitor *monitor);
/* Brings into the files what has been written so far. */
void file_sinks_flush(struct monitor *monitor);
/* True when nobody can write to a file any more, and all that was written is in it. */
bool file_sinks_finished(struct monitor *monitor);

/* relay.c */
/* The write end of a pipe to the FIFO, or -1 with errno. Nothing is taken out of it yet. */
int relay_open(struct monitor *monitor, int fifo);
/* There is a process whose standard error it is. */
void relay_begin(struct monitor *monitor);
/* Brings into the FIFO what has been written so far, as far as it fits. */
void relay_flush(struct monitor *monitor);
/* True when nobody can write to the pipe any more, and all that was written is in the FIFO. */
bool relay_finished(struct monitor *monitor);

/* logger.c */
/* Starts the logger and waits until it is ready; writers[i] are what the process gets. Returns 0, or -1 with errno. */
int logger_start(struct monitor *monitor, int writers[2]);
/* True when the logger has ended. Once the monitor was told to quit, it is told to end as well. */
bool logger_finished(struct monitor *monitor);
/* Tells a logger to end that nobody waits for. */
void logger_abandon(struct monitor *monitor);

/* terminal.c */
int terminal_listen(struct monitor *monitor);
void terminal_resize(struct monitor *monitor, uint32_t columns, uint32_t rows);
/* Lets go of a terminal that nobody has open any more. */
void terminal_process_exited(struct monitor *monitor);
/* True when everything that came out of the terminal has reached the output. */
bool terminal_finished(struct monitor *monitor);

#endif
