// SPDX-License-Identifier: Apache-2.0
import type { LinuxSeccomp, LinuxSyscall } from '@teu/oci-spec/runtime'

const files =
  'access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 ' +
  'fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock ' +
  'fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd ' +
  'getdents getdents64 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lchown lchown32 ' +
  'lgetxattr link linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat ' +
  'newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink ' +
  'readlinkat readv removexattr rename renameat renameat2 rmdir sendfile sendfile64 setxattr splice stat stat64 statfs ' +
  'statfs64 statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime ' +
  'utimensat utimes vmsplice write writev'
const memory =
  'brk madvise memfd_create mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap msync munlock munlockall munmap ' +
  'pkey_alloc pkey_free pkey_mprotect'
const processes =
  'arch_prctl capget capset execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getegid ' +
  'geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid ' +
  'gettid getuid ioprio_get kill membarrier pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq ' +
  'sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler ' +
  'sched_rr_get_interval sched_setaffinity sched_yield set_robust_list set_thread_area set_tid_address setgid setgroups ' +
  'setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setuid sysinfo tgkill times tkill ugetrlimit ' +
  'uname vfork wait4 waitid waitpid'
const signalsAndTime =
  'alarm clock_getres clock_gettime clock_nanosleep futex futex_waitv getitimer gettimeofday nanosleep pause rt_sigaction ' +
  'rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo setitimer ' +
  'sigaltstack signalfd signalfd4 time timer_create timer_delete timer_getoverrun timer_gettime timer_settime ' +
  'timerfd_create timerfd_gettime timerfd_settime'
const communication =
  'accept accept4 bind connect epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 ' +
  'getpeername getrandom getsockname getsockopt listen poll ppoll pselect6 recvfrom recvmmsg recvmsg select sendmmsg ' +
  'sendmsg sendto setsockopt shutdown socketpair mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink ' +
  'msgctl msgget msgrcv msgsnd semctl semget semop semtimedop shmat shmctl shmdt shmget'

const allow = (names: string): LinuxSyscall => ({ names: names.split(' '), action: 'SCMP_ACT_ALLOW' })

// CLONE_NEW* but for CLONE_NEWTIME, which clone(2) does not have.
const namespaceFlags = 0x7e02_0000
const families = { unix: 1, inet: 2, inet6: 10 } as const
// Which addresses there are is asked by this one.
const netlink = 16
const netlinkRoute = 0
const enosys = 38

/**
 * What an ordinary program needs, and no more: no mounts, namespaces, tracing, keyrings, modules, BPF, io_uring, user
 * fault handling or performance counters, and of sockets the UNIX, Internet and routing ones. The rest fails with EPERM.
 *
 * @internal
 */
export const sandboxProfile: LinuxSeccomp = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  syscalls: [
    ...[files, memory, processes, signalsAndTime, communication].map(allow),
    ...Object.values(families).map(
      (value): LinuxSyscall => ({
        names: ['socket'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
      }),
    ),
    {
      names: ['socket'],
      action: 'SCMP_ACT_ALLOW',
      args: [
        { index: 0, value: netlink, op: 'SCMP_CMP_EQ' },
        { index: 2, value: netlinkRoute, op: 'SCMP_CMP_EQ' },
      ],
    },
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: namespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    // Its flags are behind a pointer, where no filter can see them; C libraries then fall back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: enosys },
    {
      names: ['personality'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 0, op: 'SCMP_CMP_EQ' }],
    },
    {
      names: ['personality'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 0xffff_ffff, op: 'SCMP_CMP_EQ' }],
    },
  ],
}
