// SPDX-License-Identifier: Apache-2.0
// Registers the functions of all files.
#include "addon.h"

static const struct function *const tables[] = {
	mount_functions,   path_functions,       inode_functions,   xattr_functions,
	process_functions, poll_functions,       socket_functions,  netlink_functions,
	pty_functions,     descriptor_functions, netns_functions,   bpf_functions,
	spawn_functions,
};

NAPI_MODULE_INIT()
{
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		for (const struct function *f = tables[t]; f->name; f++) {
			napi_value function;
			if (napi_create_function(env, f->name, NAPI_AUTO_LENGTH, f->call, NULL, &function) != napi_ok ||
			    napi_set_named_property(env, exports, f->name, function) != napi_ok)
				return NULL;
		}
	}
	return exports;
}
