// SPDX-License-Identifier: Apache-2.0
import type { LinuxSeccompArg } from '@teu/oci-spec/runtime'
import { allowedSyscalls } from './allowed-syscalls.ts'
import type { ProfileCondition, ProfileRule, SeccompProfile } from './profile.ts'

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET: a clone with any of them is refused. */
const namespaceFlags = 0x7e020000

/** Execution domains that change nothing for others: none, 32-bit, and the two with UNAME26, and "just tell me". */
const personalities = [0, 8, 0x20000, 0x20008, 0xffffffff]

/**
 * Socket families a container may open: everything below AF_DECnet, and these. Absent are the families with a history
 * of privilege escalation or a reach out of the namespace, AF_ALG (38) and AF_VSOCK (40) among them.
 */
const socketFamilies = [
  13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45,
]

/** What each capability opens beyond the calls that are always allowed. */
const byCapability: Readonly<Record<string, string>> = {
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_SYS_ADMIN: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
    lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd
    setdomainname sethostname setns syslog umount umount2 unshare`,
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module init_module finit_module',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  CAP_SYS_RAWIO: 'iopl ioperm',
  CAP_SYS_TIME: 'settimeofday stime clock_settime clock_settime64',
  CAP_SYS_TTY_CONFIG: 'vhangup',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  CAP_SYSLOG: 'syslog',
  CAP_BPF: 'bpf',
  CAP_PERFMON: 'perf_event_open',
}

const words = (text: string): string[] => text.trim().split(/\s+/)

function allow(names: readonly string[], arg?: LinuxSeccompArg, includes?: ProfileCondition): ProfileRule {
  return { names, action: 'SCMP_ACT_ALLOW', ...(arg ? { args: [arg] } : {}), ...(includes ? { includes } : {}) }
}

/**
 * The filter of a container that asks for nothing else: system calls outside the list answer EPERM, and capabilities
 * open the calls that are of no use, or dangerous, without them. It is Docker's default profile, for x86-64 and arm64.
 */
export const defaultProfile: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: [
    allow(allowedSyscalls),
    // Before 4.8 a tracer could change a call's number after the filter had seen it.
    allow(['process_vm_readv', 'process_vm_writev', 'ptrace'], undefined, { minKernel: '4.8' }),
    allow(['socket'], { index: 0, value: 12, op: 'SCMP_CMP_LT' }),
    ...socketFamilies.map((value) => allow(['socket'], { index: 0, value, op: 'SCMP_CMP_EQ' })),
    ...personalities.map((value) => allow(['personality'], { index: 0, value, op: 'SCMP_CMP_EQ' })),
    allow(
      ['arm_fadvise64_64', 'arm_sync_file_range', 'sync_file_range2', 'breakpoint', 'cacheflush', 'set_tls'],
      undefined,
      { arches: ['arm', 'arm64'] },
    ),
    allow(['arch_prctl'], undefined, { arches: ['amd64', 'x32'] }),
    allow(['modify_ldt'], undefined, { arches: ['amd64', 'x32', 'x86'] }),
    ...Object.entries(byCapability).map(([cap, names]) => allow(words(names), undefined, { caps: [cap] })),
    {
      ...allow(['clone'], { index: 0, value: namespaceFlags, op: 'SCMP_CMP_MASKED_EQ' }),
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    },
    // Its flags lie in memory, where a filter cannot look; with ENOSYS C libraries fall back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, excludes: { caps: ['CAP_SYS_ADMIN'] } },
  ],
}
