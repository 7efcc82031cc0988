// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/state.h"
#include "protocol.h"

/* How long a terminal's last output may take to be read once the monitor was told to quit. */
#define QUIT_MILLISECONDS 2000

static void drop(struct monitor *monitor, struct client *client)
{
	watch_close(monitor, &client->watch);
	client->length = 0;
}

/* A peer that does not read its few small events is no peer. */
static void tell(struct monitor *monitor, struct client *client, const struct record_writer *events)
{
	ssize_t sent;

	if (client->watch.fd < 0 || events->overflow)
		return;
	sent = send(client->watch.fd, events->data, events->length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent != (ssize_t)events->length)
		drop(monitor, client);
}

static void tell_all(struct monitor *monitor, const struct record_writer *events)
{
	for (int i = 0; i < MAX_CLIENTS; i++)
		tell(monitor, &monitor->clients[i], events);
}

static void put_started(struct monitor *monitor, struct record_writer *events)
{
	monitor_event_started_encode(events, &(struct monitor_event_started){ monitor->pid });
}

static void put_failed(struct monitor *monitor, struct record_writer *events)
{
	monitor_event_failed_encode(events,
				    &(struct monitor_event_failed){ monitor->failed_status, monitor->failed_text });
}

static void put_exited(struct monitor *monitor, struct record_writer *events)
{
	monitor_event_exited_encode(events, &(struct monitor_event_exited){ monitor->exit_status,
									     monitor->exit_nanoseconds });
}

#define EVENTS(name)                                                                                                   \
	unsigned char name##_bytes[256];                                                                               \
	struct record_writer name = { name##_bytes, sizeof(name##_bytes), 0, 0, 0 }

void control_started(struct monitor *monitor)
{
	EVENTS(events);

	put_started(monitor, &events);
	tell_all(monitor, &events);
}

void control_failed(struct monitor *monitor)
{
	EVENTS(events);

	put_failed(monitor, &events);
	tell_all(monitor, &events);
}

void control_exited(struct monitor *monitor)
{
	EVENTS(events);

	put_exited(monitor, &events);
	tell_all(monitor, &events);
}

void control_drained(struct monitor *monitor)
{
	EVENTS(events);

	monitor_event_drained_encode(&events);
	tell_all(monitor, &events);
}

static void quit(struct monitor *monitor)
{
	monitor->quit = true;
	monitor->quit_deadline = monotonic_milliseconds() + QUIT_MILLISECONDS;
	if (!monitor->pid)
		process_abandon(monitor);
}

int control_command(struct monitor *monitor, struct record *record)
{
	struct monitor_command_resize resize;
	struct monitor_command_signal signal;

	switch (record->kind) {
	case MONITOR_COMMAND_RESIZE:
		if (monitor_command_resize_decode(record, &resize) < 0)
			return -1;
		terminal_resize(monitor, resize.columns, resize.rows);
		return 0;
	case MONITOR_COMMAND_CLOSE_INPUT:
		if (monitor_command_close_input_decode(record) < 0)
			return -1;
		streams_close_input(monitor);
		return 0;
	case MONITOR_COMMAND_SIGNAL:
		if (monitor_command_signal_decode(record, &signal) < 0 || signal.number > 64)
			return -1;
		process_signal(monitor, (int)signal.number);
		return 0;
	case MONITOR_COMMAND_QUIT:
		if (monitor_command_quit_decode(record) < 0)
			return -1;
		quit(monitor);
		return 0;
	default:
		return -1;
	}
}

static void client_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	struct client *client = (struct client *)watch;
	size_t taken = 0;
	ssize_t count;

	(void)events;
	count = recv(watch->fd, client->inbox + client->length, sizeof(client->inbox) - client->length, MSG_DONTWAIT);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		drop(monitor, client);
		return;
	}
	client->length += (size_t)count;
	for (;;) {
		struct record record;
		int64_t size = record_next(&record, client->inbox + taken, client->length - taken,
					   sizeof(client->inbox) - RECORD_HEADER);

		if (size == 0)
			break;
		if (size < 0 || control_command(monitor, &record) < 0) {
			drop(monitor, client);
			return;
		}
		taken += (size_t)size;
	}
	memmove(client->inbox, client->inbox + taken, client->length - taken);
	client->length -= taken;
}

void control_add(struct monitor *monitor, int fd)
{
	struct client *client = NULL;
	EVENTS(events);

	for (int i = 0; i < MAX_CLIENTS && !client; i++) {
		if (monitor->clients[i].watch.fd < 0)
			client = &monitor->clients[i];
	}
	if (!client) {
		close(fd);
		return;
	}
	client->watch.fd = fd;
	client->watch.ready = client_ready;
	client->length = 0;
	if (watch_change(monitor, &client->watch, EPOLLIN) < 0) {
		drop(monitor, client);
		return;
	}
	monitor_event_hello_encode(&events, &(struct monitor_event_hello){ PROTOCOL_VERSION, getpid() });
	if (monitor->pid)
		put_started(monitor, &events);
	if (monitor->failed)
		put_failed(monitor, &events);
	if (monitor->exited)
		put_exited(monitor, &events);
	tell(monitor, client, &events);
}

static void listener_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || (peer.uid != 0 && peer.uid != geteuid())) {
		close(fd);
		return;
	}
	control_add(monitor, fd);
}

int control_listen(struct monitor *monitor)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(monitor->config.control);
	int fd;

	if (length >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* Relative to the bundle, whose own path may be longer than a socket's may be. */
	memcpy(address.sun_path, monitor->config.control, length + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4) < 0) {
		close(fd);
		return -1;
	}
	monitor->listener.fd = fd;
	monitor->listener.ready = listener_ready;
	return watch_change(monitor, &monitor->listener, EPOLLIN);
}
