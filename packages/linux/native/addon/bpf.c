// SPDX-License-Identifier: Apache-2.0
// Device programs of cgroup v2. The instructions are compiled in TypeScript.
#include "addon.h"
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSTRUCTION_SIZE 8
#define LOG_SIZE 16384
#define MAX_PROGRAMS 64

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static napi_value js_bpf_load_device(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	struct bytes code = arg_bytes(&args, 0);
	if (args.failed)
		return NULL;
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)code.data,
		.insn_cnt = (uint32_t)(code.length / INSTRUCTION_SIZE),
		.license = (uintptr_t) "Apache-2.0",
	};
	memcpy(attr.prog_name, "teu_devices", sizeof "teu_devices");
	int fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd >= 0 || errno != EINVAL)
		return result_fd(env, fd, "bpf", NULL);
	// Once more with a log, so that the verifier's reason is in the message.
	char *log = calloc(1, LOG_SIZE);
	if (!log)
		return throw_errno(env, EINVAL, "bpf", NULL);
	attr.log_buf = (uintptr_t)log;
	attr.log_size = LOG_SIZE;
	attr.log_level = 1;
	fd = bpf(BPF_PROG_LOAD, &attr);
	napi_value result = result_fd(env, fd, "bpf", log);
	free(log);
	return result;
}

static napi_value js_bpf_attach_device(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 3);
	union bpf_attr attr = {
		.attach_bpf_fd = arg_uint(&args, 0),
		.target_fd = arg_uint(&args, 1),
		.attach_flags = arg_uint(&args, 2),
		.attach_type = BPF_CGROUP_DEVICE,
	};
	return args.failed ? NULL : result_void(env, bpf(BPF_PROG_ATTACH, &attr), "bpf", NULL);
}

static napi_value js_bpf_detach_device(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 2);
	union bpf_attr attr = {
		.attach_bpf_fd = arg_uint(&args, 0),
		.target_fd = arg_uint(&args, 1),
		.attach_type = BPF_CGROUP_DEVICE,
	};
	return args.failed ? NULL : result_void(env, bpf(BPF_PROG_DETACH, &attr), "bpf", NULL);
}

static napi_value js_bpf_query_device(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	uint32_t ids[MAX_PROGRAMS];
	napi_value list;
	union bpf_attr attr = {
		.query = {
			.target_fd = arg_uint(&args, 0),
			.attach_type = BPF_CGROUP_DEVICE,
			.prog_ids = (uintptr_t)ids,
			.prog_cnt = MAX_PROGRAMS,
		},
	};
	if (args.failed)
		return NULL;
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return throw_errno(env, errno, "bpf", NULL);
	napi_create_array(env, &list);
	for (uint32_t i = 0; i < attr.query.prog_cnt; i++)
		napi_set_element(env, list, i, result_int(env, ids[i]));
	return list;
}

static napi_value js_bpf_program_by_id(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info, 1);
	union bpf_attr attr = { .prog_id = arg_uint(&args, 0) };
	return args.failed ? NULL : result_fd(env, bpf(BPF_PROG_GET_FD_BY_ID, &attr), "bpf", NULL);
}

const struct function bpf_functions[] = {
	{ "bpfLoadDevice", js_bpf_load_device },
	{ "bpfAttachDevice", js_bpf_attach_device },
	{ "bpfDetachDevice", js_bpf_detach_device },
	{ "bpfQueryDevice", js_bpf_query_device },
	{ "bpfProgramById", js_bpf_program_by_id },
	{ 0 },
};
