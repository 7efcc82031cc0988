// SPDX-License-Identifier: Apache-2.0

/**
 * The kernel boundary: what Node lacks to run containers, as one thin addon, and the parts of it that are logic, in
 * TypeScript. It serves the layers above and consumes no seam; it imports no other package.
 *
 * Calls that the kernel answers at once are synchronous; whatever may wait is a promise that takes an AbortSignal.
 * A failed system call throws an Error with `code`, `errno` and `syscall` ({@link isErrno}). Descriptors are plain
 * numbers that belong to whoever received them; classes that hold one have `close` and work with `using`. The addon is
 * loaded by the first call that needs it, so importing works on every system.
 *
 * @example
 * ```ts
 * import { Pidfd, RootDirectory } from '@teu/linux'
 *
 * using root = RootDirectory.open('/var/lib/x/rootfs')
 * root.mkdirAll('etc', 0o755)
 * using process = Pidfd.open(pid)
 * await process.waitExit({ timeoutMs: 10_000 })
 * ```
 *
 * @packageDocumentation
 */

export type { CgroupManagerInit } from './cgroup/create-manager.ts'
export { createCgroupManager } from './cgroup/create-manager.ts'
export type { CgroupSources } from './cgroup/detect.ts'
export { detectCgroups, parseCgroupFile, readProcessCgroups } from './cgroup/detect.ts'
export type { CgroupHierarchy, CgroupMode, CgroupSetup } from './cgroup/hierarchies.ts'
export type { CgroupManager, CgroupWaitOptions, FreezerState } from './cgroup/manager.ts'
export type {
  BlockIoResources,
  CpuResources,
  DeviceRule,
  LinuxResources,
  MemoryResources,
  ThrottleDevice,
} from './cgroup/resources.ts'
export type {
  BlkioEntry,
  BlkioStats,
  CgroupStats,
  CpuStats,
  CpusetStats,
  MemoryCounter,
  MemoryStats,
} from './cgroup/stats.ts'
export type { SystemError } from './errno.ts'
export { isErrno } from './errno.ts'
export {
  bytesReadable,
  closeOnExecFrom,
  duplicateFd,
  filesystemMagic,
  filesystemType,
  makeFifo,
  makePipe,
  setCloseOnExec,
  setNonBlocking,
  spreadFolders,
  syncDirectory,
  syncFilesystem,
} from './file/descriptor.ts'
export { makeDurableDirectory } from './file/durable-directory.ts'
export type { FileLock, LockFileOptions } from './file/file-lock.ts'
export { lockFile } from './file/file-lock.ts'
export type { WaitOptions } from './file/wait-readable.ts'
export { waitPriority, waitReadable, waitWritable } from './file/wait-readable.ts'
export { atFlags, mountApiFlags, mountAttributes, mountFlags, umountFlags } from './mount/constants.ts'
export type { MountDescription } from './mount/mount-at.ts'
export { mountAllAt, mountAt, unmountAll } from './mount/mount-at.ts'
export type { MountInfo } from './mount/mountinfo.ts'
export { isMountPoint, mountOf, parseMountinfo, readMountinfo } from './mount/mountinfo.ts'
export type { ParsedMountOptions } from './mount/options.ts'
export { knownMountOptions, parseMountOptions } from './mount/options.ts'
export type { MountAttributesCall, MountCall } from './mount/system-calls.ts'
export { attachMount, mount, openTree, setMountAttributes, unmount } from './mount/system-calls.ts'
export type { FileStat, PathBytes } from './native/addon.ts'
export type { NativeFile } from './native/load.ts'
export { nativeFile } from './native/load.ts'
export type { SealedExecutable } from './native/sealed-executable.ts'
export { sealedExecutable, sealedTeuInit } from './native/sealed-executable.ts'
export type { NetlinkAttribute } from './netlink/attributes.ts'
export { attributeText, decodeNetlinkAttributes, NetlinkAttributes, nestedAttribute } from './netlink/attributes.ts'
export type { NetlinkMessage } from './netlink/message.ts'
export { decodeNetlinkMessages, encodeNetlinkMessage, netlinkFlags, netlinkTypes } from './netlink/message.ts'
export type { NetlinkRequest, NetlinkSocketOptions } from './netlink/netlink-socket.ts'
export { NetlinkSocket } from './netlink/netlink-socket.ts'
export type {
  BridgeInit,
  Link,
  LinkAddress,
  LinkAddressInit,
  LinkChange,
  Route,
  RouteInit,
  VethInit,
} from './netlink/route/link.ts'
export { linkFlags } from './netlink/route/link.ts'
export { RouteNetlink } from './netlink/route/route-netlink.ts'
export type { NetnsReference } from './netns/netns.ts'
export {
  createNetns,
  deleteNetns,
  readInNetns,
  setSysctlInNetns,
  socketConstants,
  socketInNetns,
  sysctlPath,
  writeInNetns,
} from './netns/netns.ts'
export { trimAllocatorWhenIdle, useFrugalAllocator } from './process/allocator.ts'
export {
  createCoreSchedulingCookie,
  sendSignal,
  setChildSubreaper,
  setDumpable,
  setParentDeathSignal,
} from './process/control.ts'
export { parseCpuList } from './process/cpu-list.ts'
export type { ProcessExit } from './process/pidfd.ts'
export { Pidfd, reapChild } from './process/pidfd.ts'
export type { ResourceLimit } from './process/resource-limits.ts'
export { getResourceLimit, resourceLimits, setResourceLimit, unlimited } from './process/resource-limits.ts'
export type { SpawnInit } from './process/spawn.ts'
export { spawnProcess } from './process/spawn.ts'
export type { ProcessStat } from './process/stat.ts'
export { isProcessRunning, parseProcessStat, readProcessStat } from './process/stat.ts'
export type {
  LaunchRecord,
  MonitorCommandRecord,
  MonitorConfigRecord,
  MonitorEventRecord,
  SyncRecord,
} from './protocol.generated.ts'
export {
  launchLayouts,
  monitorCommandLayouts,
  monitorConfigLayouts,
  monitorEventLayouts,
  protocolConstants,
  protocolVersion,
  syncLayouts,
} from './protocol.generated.ts'
export type { FieldType, RecordLayout, RecordLayouts } from './record-codec.ts'
export { encodeRecord, encodeRecords, RecordReader } from './record-codec.ts'
export type { DirectoryEntry, FileKind } from './root-directory/directory-entry.ts'
export { fileKind } from './root-directory/directory-entry.ts'
export { bytesOfName, nameOfBytes } from './root-directory/name-bytes.ts'
export { fileTypes, openFlags, resolveFlags } from './root-directory/open-flags.ts'
export { RootDirectory } from './root-directory/root-directory.ts'
export { removeInSlices, sizeInSlices } from './root-directory/tree-in-slices.ts'
export type { OpenPtyOptions, Pty, WindowSize } from './tty/pty.ts'
export { getWindowSize, makeTerminalRaw, openPty, setWindowSize } from './tty/pty.ts'
export type { FdMessage, ReceiveFdsOptions } from './unix-socket/fd-passing.ts'
export { maxFdsPerMessage, receiveFds, sendAllFds, sendFds } from './unix-socket/fd-passing.ts'
export type { PeerCredentials, UnixSocketType } from './unix-socket/unix-socket.ts'
export {
  acceptUnix,
  bindUnixDatagrams,
  connectUnix,
  listenUnix,
  peerCredentials,
  socketFd,
  unixSocketPair,
} from './unix-socket/unix-socket.ts'
