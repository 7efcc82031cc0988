// SPDX-License-Identifier: Apache-2.0
// Watches a descriptor on the event loop, so that a wait costs neither a thread nor a place in the thread pool.
#include "addon.h"
#include <stdlib.h>
#include <uv.h>

// Freed when both are gone: the loop's handle (after its close callback) and JavaScript's reference.
struct watch {
	uv_poll_t poll;
	napi_env env;
	napi_ref callback;
	napi_async_context context;
	napi_async_cleanup_hook_handle cleanup;
	bool stopping;
	bool closed;
	bool unreferenced;
};

static void release(struct watch *watch)
{
	if (watch->closed && watch->unreferenced)
		free(watch);
}

static void on_closed(uv_handle_t *handle)
{
	struct watch *watch = handle->data;
	watch->closed = true;
	// Not before: the callback that stops the watch still runs inside of this context.
	napi_async_destroy(watch->env, watch->context);
	if (watch->cleanup)
		napi_remove_async_cleanup_hook(watch->cleanup);
	watch->cleanup = NULL;
	release(watch);
}

static void stop(struct watch *watch)
{
	if (watch->stopping)
		return;
	watch->stopping = true;
	napi_delete_reference(watch->env, watch->callback);
	// Not left to the close callback: the caller may close the descriptor as soon as this returns.
	uv_poll_stop(&watch->poll);
	uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static void on_environment_end(napi_async_cleanup_hook_handle handle, void *data)
{
	(void)handle;
	stop(data);
}

static void on_collected(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	struct watch *watch = data;
	watch->unreferenced = true;
	stop(watch);
	release(watch);
}

static void on_event(uv_poll_t *handle, int status, int events)
{
	struct watch *watch = handle->data;
	napi_env env = watch->env;
	napi_handle_scope scope;
	napi_value callback, receiver, arguments[2], result;
	if (watch->stopping)
		return;
	napi_open_handle_scope(env, &scope);
	napi_get_reference_value(env, watch->callback, &callback);
	napi_get_global(env, &receiver);
	napi_create_int32(env, status, &arguments[0]);
	napi_create_int32(env, events, &arguments[1]);
	if (napi_make_callback(env, watch->context, receiver, callback, 2, arguments, &result) == napi_pending_exception) {
		napi_value exception;
		napi_get_and_clear_last_exception(env, &exception);
		napi_fatal_exception(env, exception);
	}
	napi_close_handle_scope(env, scope);
}

static int start(struct watch *watch, int fd, int events, bool keep_alive)
{
	uv_loop_t *loop;
	napi_get_uv_event_loop(watch->env, &loop);
	int outcome = uv_poll_init(loop, &watch->poll, fd);
	if (outcome < 0)
		return outcome;
	watch->poll.data = watch;
	if (!keep_alive)
		uv_unref((uv_handle_t *)&watch->poll);
	outcome = uv_poll_start(&watch->poll, events, on_event);
	if (outcome < 0)
		uv_close((uv_handle_t *)&watch->poll, (uv_close_cb)free);
	return outcome;
}

static napi_value js_poll_start(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 4);
	int fd = arg_int(&args, 0), events = arg_int(&args, 1);
	bool keep_alive = arg_bool(&args, 2);
	napi_value handle, name;
	if (args.failed)
		return NULL;
	struct watch *watch = calloc(1, sizeof *watch);
	if (!watch)
		return throw_errno(env, ENOMEM, "poll", NULL);
	watch->env = env;
	int outcome = start(watch, fd, events, keep_alive);
	if (outcome < 0) {
		// After a failed init the memory is still ours; after a failed start the close callback frees it.
		if (!watch->poll.data)
			free(watch);
		return throw_errno(env, -outcome, "poll", NULL);
	}
	napi_create_string_utf8(env, "teu_poll", NAPI_AUTO_LENGTH, &name);
	napi_create_reference(env, args.value[3], 1, &watch->callback);
	napi_async_init(env, NULL, name, &watch->context);
	napi_add_async_cleanup_hook(env, on_environment_end, watch, &watch->cleanup);
	napi_create_external(env, watch, on_collected, NULL, &handle);
	return handle;
}

static napi_value js_poll_stop(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	void *data;
	if (args.failed)
		return NULL;
	if (napi_get_value_external(env, args.value[0], &data) != napi_ok) {
		napi_throw_type_error(env, NULL, "argument 0 must be a poll handle");
		return NULL;
	}
	stop(data);
	return NULL;
}

const struct function poll_functions[] = {
	{ "pollStart", js_poll_start },
	{ "pollStop", js_poll_stop },
	{ 0 },
};
