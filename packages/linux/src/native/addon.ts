// SPDX-License-Identifier: Apache-2.0

/** A path in bytes or text. Bytes reach names that are not UTF-8. @public */
export type PathBytes = string | Uint8Array

/** What statx(2) reported about one file. Times are nanoseconds since the epoch. @public */
export interface FileStat {
  dev: bigint
  ino: bigint
  /** File type and permission bits, as `st_mode`. */
  mode: number
  nlink: number
  uid: number
  gid: number
  /** Major and minor number when the file is a device, else 0. */
  rdevMajor: number
  rdevMinor: number
  size: bigint
  /** Count of 512-byte blocks in use. */
  blocks: bigint
  atimeNs: bigint
  mtimeNs: bigint
  ctimeNs: bigint
  /** Identity of the mount that holds the file; 0 before Linux 5.8. */
  mountId: bigint
}

/** A running watch of the event loop; {@link NativeAddon.pollStop} ends it. @internal */
export type PollHandle = object & { readonly __poll: never }

/**
 * The functions of `teu_linux.node`, one a system call. Each throws an Error with `code` (such as `EPERM`), `errno`
 * (positive), `syscall` and, where there is one, `path`. Arguments are not validated beyond their type.
 *
 * @internal
 */
export interface NativeAddon {
  // mount.c
  mount(source: string, target: string, type: string, flags: number, data: string): void
  umount2(target: string, flags: number): void
  mountSetattr(
    dirfd: number,
    path: string,
    flags: number,
    set: number,
    clear: number,
    propagation: number,
    usernsFd: number,
  ): void
  openTree(dirfd: number, path: string, flags: number): number
  moveMount(fromDirfd: number, fromPath: string, toDirfd: number, toPath: string, flags: number): void
  fsopen(type: string, flags: number): number
  fsconfig(fd: number, command: number, key: string | null, value: string | null): void
  fsmount(fd: number, flags: number, attributes: number): number
  // path.c
  openat2(dirfd: number, path: PathBytes, flags: number, mode: number, resolve: number): number
  mkdirat(dirfd: number, path: PathBytes, mode: number): void
  mknodat(dirfd: number, path: PathBytes, mode: number, major: number, minor: number): void
  symlinkat(target: PathBytes, dirfd: number, path: PathBytes): void
  linkat(fromDirfd: number, from: PathBytes, toDirfd: number, to: PathBytes, flags: number): void
  renameat2(fromDirfd: number, from: PathBytes, toDirfd: number, to: PathBytes, flags: number): void
  unlinkat(dirfd: number, path: PathBytes, flags: number): void
  // inode.c
  fchownat(dirfd: number, path: PathBytes, uid: number, gid: number, flags: number): void
  fchmodat(dirfd: number, path: PathBytes, mode: number): void
  utimensat(dirfd: number, path: PathBytes, atimeNs: bigint, mtimeNs: bigint, flags: number): void
  statx(dirfd: number, path: PathBytes, flags: number): FileStat
  readlinkat(dirfd: number, path: PathBytes): Buffer
  /** Names and `d_type` numbers, alternating; without `.` and `..`. */
  readdir(fd: number): (Buffer | number)[]
  fstatfsType(fd: number): number
  // xattr.c
  lgetxattr(path: PathBytes, name: PathBytes): Buffer
  lsetxattr(path: PathBytes, name: PathBytes, value: Uint8Array, flags: number): void
  llistxattr(path: PathBytes): Buffer[]
  lremovexattr(path: PathBytes, name: PathBytes): void
  // process.c
  pidfdOpen(pid: number, flags: number): number
  pidfdSendSignal(pidfd: number, signal: number): void
  /** Reaps with WNOHANG; undefined while it still runs. */
  waitidPidfd(pidfd: number): { code: number; status: number } | undefined
  /** Reaps by pid with WNOHANG; undefined while it still runs. */
  waitidPid(pid: number): { code: number; status: number } | undefined
  prctl(option: number, argument: number): number
  prlimit(pid: number, resource: number, soft: bigint, hard: bigint): { soft: bigint; hard: bigint }
  getrlimit(pid: number, resource: number): { soft: bigint; hard: bigint }
  /** mallopt(3). */
  mallopt(parameter: number, value: number): void
  /** malloc_trim(3). */
  mallocTrim(): void
  kill(pid: number, signal: number): void
  // spawn.c
  /** With an empty environment; descriptor N of the process is `fds[N]`, -1 stands for /dev/null. */
  spawn(path: string, argv: readonly string[], fds: readonly number[]): number
  // poll.c
  pollStart(
    fd: number,
    events: number,
    keepAlive: boolean,
    onEvent: (status: number, events: number) => void,
  ): PollHandle
  pollStop(handle: PollHandle): void
  // socket.c
  socket(domain: number, type: number, protocol: number): number
  socketpair(type: number): [number, number]
  bindUnix(fd: number, path: string): void
  connectUnix(fd: number, path: string): void
  /** `name` begins with `@`, which stands for the NUL byte. */
  connectAbstract(fd: number, name: string): void
  listen(fd: number, backlog: number): void
  accept(fd: number): number
  sendmsgFds(fd: number, data: Uint8Array, fds: readonly number[]): number
  recvmsgFds(fd: number, maxBytes: number, maxFds: number): { data: Buffer; fds: number[] } | undefined
  peerCredentials(fd: number): { pid: number; uid: number; gid: number }
  bindNetlink(fd: number, groups: number): number
  sendNetlink(fd: number, data: Uint8Array): number
  /** One datagram, undefined when none came within the time. */
  recvNetlink(fd: number, timeoutMs: number): Buffer | undefined
  setSocketBuffer(fd: number, receiveBytes: number, sendBytes: number): void
  // pty.c
  openpty(ptmx: string): { master: number; slave: number; number: number }
  setWindowSize(fd: number, rows: number, columns: number, xPixels: number, yPixels: number): void
  ttyRaw(fd: number): Buffer
  ttyRestore(fd: number, settings: Uint8Array): void
  getWindowSize(fd: number): { rows: number; columns: number; xPixels: number; yPixels: number }
  // descriptor.c
  dup(fd: number): number
  setCloseOnExec(fd: number, on: boolean): void
  setNonBlocking(fd: number, on: boolean): void
  closeRange(first: number, last: number, flags: number): void
  flock(fd: number, operation: number): boolean
  syncfs(fd: number): void
  /** ioctl_iflags(2): adds to the flags of an inode. */
  addInodeFlags(fd: number, flags: number): void
  bytesReadable(fd: number): number
  memfdCreate(name: string, flags: number): number
  addSeals(fd: number, seals: number): void
  eventfd(): number
  /** The end to read from, and the end to write to. */
  pipe(): [number, number]
  inotifyInit(): number
  inotifyAdd(fd: number, path: string, mask: number): number
  // netns.c
  netnsSocket(netns: string | number, domain: number, type: number, protocol: number): number
  netnsCreate(path: string): void
  netnsWrite(netns: string | number, path: string, data: Uint8Array): void
  netnsRead(netns: string | number, path: string, maxBytes: number): Buffer
  // bpf.c
  bpfLoadDevice(instructions: Uint8Array): number
  bpfAttachDevice(program: number, cgroup: number, flags: number): void
  bpfDetachDevice(program: number, cgroup: number): void
  bpfQueryDevice(cgroup: number): number[]
  bpfProgramById(id: number): number
}
