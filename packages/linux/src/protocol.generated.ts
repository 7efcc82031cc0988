// SPDX-License-Identifier: Apache-2.0
// Generated from native/protocol.json by scripts/generate-protocol.mjs; do not edit.
import type { RecordLayouts } from './record-codec.ts'

/** Version of every record format below; `teu-init` refuses a program of another version. @public */
export const protocolVersion = 1

/** Numbers that both sides of the protocol agree on. @public */
export const protocolConstants = {
  programMagic: 1431651412,
  maxProgramBytes: 33554432,
  maxMessageBytes: 65536,
  maxSlots: 4096,
  maxMonitorConfigBytes: 262144,
  streamNull: 0,
  streamFifo: 1,
  streamFile: 2,
  streamLogger: 3,
  monitorNotReady: 256,
  strictDirectory: 1,
  beforeUser: 0,
  afterUser: 1,
  moduleAppArmor: 0,
  moduleSelinux: 1,
  hookInRoot: 1,
  hookInherits: 2,
} as const

/** The steps of a launch program, executed in order by the init role. @public */
export type LaunchRecord =
  | { kind: 'oom-score'; value: number }
  | { kind: 'open'; slot: number; path: string; flags: number }
  | { kind: 'connect'; slot: number; path: string }
  | { kind: 'open-tree'; slot: number; path: string; recursive: number }
  | { kind: 'raise-limit'; resource: number; hard: bigint }
  | { kind: 'join'; namespace: number; slot: number }
  | { kind: 'new-user' }
  | { kind: 'unshare'; flags: number }
  | { kind: 'time-offset'; clock: string; seconds: bigint; nanoseconds: number }
  | { kind: 'spawn'; cgroup: number; wait: number }
  | { kind: 'close'; slot: number }
  | { kind: 'close-procfs' }
  | { kind: 'join-cgroup'; slot: number }
  | { kind: 'affinity'; cpus: readonly number[] }
  | { kind: 'map-tree'; slot: number; namespace: number; uids: string; gids: string; recursive: number }
  | { kind: 'own-procfs' }
  | { kind: 'label'; module: number }
  | { kind: 'new-session' }
  | { kind: 'keyring'; name: string }
  | { kind: 'loopback' }
  | { kind: 'host-propagation'; flags: number }
  | { kind: 'root'; path: string }
  | { kind: 'mount'; destination: string; source: string; type: string; flags: number; data: string; propagation: readonly number[]; options: number; copyUp: number }
  | { kind: 'bind'; destination: string; source: string; slot: number; recursive: number; remount: number; flags: number; propagation: readonly number[]; attrSet: bigint; attrClear: bigint }
  | { kind: 'remount'; destination: string; flags: number }
  | { kind: 'directory'; path: string; mode: number }
  | { kind: 'symlink'; path: string; target: string; replace: number }
  | { kind: 'device'; path: string; type: number; major: number; minor: number; mode: number; uid: number; gid: number; bind: number }
  | { kind: 'runtime-hooks' }
  | { kind: 'hook'; path: string; args: readonly string[]; env: readonly string[]; options: number; timeoutMilliseconds: number; statePrefix: string; stateSuffix: string }
  | { kind: 'console'; slot: number; width: number; height: number; mount: number }
  | { kind: 'mask'; path: string }
  | { kind: 'readonly-path'; path: string }
  | { kind: 'root-flags'; flags: number }
  | { kind: 'root-propagation'; flags: number }
  | { kind: 'pivot' }
  | { kind: 'move-root' }
  | { kind: 'hostname'; name: string }
  | { kind: 'domainname'; name: string }
  | { kind: 'sysctl'; path: string; value: string }
  | { kind: 'umask'; mask: number }
  | { kind: 'personality'; domain: number }
  | { kind: 'limit'; resource: number; soft: bigint; hard: bigint }
  | { kind: 'standard-streams'; uid: number; gid: number }
  | { kind: 'scheduler'; policy: number; nice: number; priority: number; flags: bigint; runtime: bigint; deadline: bigint; period: bigint }
  | { kind: 'io-priority'; value: number }
  | { kind: 'apparmor'; profile: string }
  | { kind: 'selinux'; label: string }
  | { kind: 'no-new-privileges' }
  | { kind: 'seccomp'; filter: Uint8Array; flags: number; slot: number; statePrefix: string; stateMiddle: string; stateSuffix: string }
  | { kind: 'bounding'; mask: bigint }
  | { kind: 'user'; uid: number; gid: number; groups: readonly number[]; setGroups: number }
  | { kind: 'capabilities'; effective: bigint; permitted: bigint; inheritable: bigint; ambient: bigint }
  | { kind: 'working-directory'; path: string; phase: number }
  | { kind: 'parent-death'; signal: number }
  | { kind: 'environment'; variables: readonly string[] }
  | { kind: 'home'; uid: number }
  | { kind: 'lookup'; name: string }
  | { kind: 'ready' }
  | { kind: 'await-start'; slot: number }
  | { kind: 'execute'; args: readonly string[]; extra: number }

/** Numbers and field types of {@link LaunchRecord}, for the record codec. @public */
export const launchLayouts: RecordLayouts<LaunchRecord> = {
  'oom-score': { id: 1, fields: [['value', 'i32']] },
  'open': { id: 2, fields: [['slot', 'u32'], ['path', 'str'], ['flags', 'u32']] },
  'connect': { id: 3, fields: [['slot', 'u32'], ['path', 'str']] },
  'open-tree': { id: 4, fields: [['slot', 'u32'], ['path', 'str'], ['recursive', 'u32']] },
  'raise-limit': { id: 5, fields: [['resource', 'u32'], ['hard', 'u64']] },
  'join': { id: 6, fields: [['namespace', 'u32'], ['slot', 'u32']] },
  'new-user': { id: 7, fields: [] },
  'unshare': { id: 8, fields: [['flags', 'u32']] },
  'time-offset': { id: 9, fields: [['clock', 'str'], ['seconds', 'i64'], ['nanoseconds', 'u32']] },
  'spawn': { id: 10, fields: [['cgroup', 'i32'], ['wait', 'u32']] },
  'close': { id: 11, fields: [['slot', 'u32']] },
  'close-procfs': { id: 12, fields: [] },
  'join-cgroup': { id: 13, fields: [['slot', 'u32']] },
  'affinity': { id: 14, fields: [['cpus', 'u32s']] },
  'map-tree': { id: 15, fields: [['slot', 'u32'], ['namespace', 'i32'], ['uids', 'str'], ['gids', 'str'], ['recursive', 'u32']] },
  'own-procfs': { id: 16, fields: [] },
  'label': { id: 17, fields: [['module', 'u32']] },
  'new-session': { id: 20, fields: [] },
  'keyring': { id: 21, fields: [['name', 'str']] },
  'loopback': { id: 22, fields: [] },
  'host-propagation': { id: 30, fields: [['flags', 'u32']] },
  'root': { id: 31, fields: [['path', 'str']] },
  'mount': { id: 32, fields: [['destination', 'str'], ['source', 'str'], ['type', 'str'], ['flags', 'u32'], ['data', 'str'], ['propagation', 'u32s'], ['options', 'u32'], ['copyUp', 'u32']] },
  'bind': { id: 33, fields: [['destination', 'str'], ['source', 'str'], ['slot', 'i32'], ['recursive', 'u32'], ['remount', 'u32'], ['flags', 'u32'], ['propagation', 'u32s'], ['attrSet', 'u64'], ['attrClear', 'u64']] },
  'remount': { id: 34, fields: [['destination', 'str'], ['flags', 'u32']] },
  'directory': { id: 35, fields: [['path', 'str'], ['mode', 'u32']] },
  'symlink': { id: 36, fields: [['path', 'str'], ['target', 'str'], ['replace', 'u32']] },
  'device': { id: 37, fields: [['path', 'str'], ['type', 'u32'], ['major', 'u32'], ['minor', 'u32'], ['mode', 'u32'], ['uid', 'u32'], ['gid', 'u32'], ['bind', 'u32']] },
  'runtime-hooks': { id: 38, fields: [] },
  'hook': { id: 39, fields: [['path', 'str'], ['args', 'strs'], ['env', 'strs'], ['options', 'u32'], ['timeoutMilliseconds', 'u32'], ['statePrefix', 'str'], ['stateSuffix', 'str']] },
  'console': { id: 40, fields: [['slot', 'u32'], ['width', 'u32'], ['height', 'u32'], ['mount', 'u32']] },
  'mask': { id: 41, fields: [['path', 'str']] },
  'readonly-path': { id: 42, fields: [['path', 'str']] },
  'root-flags': { id: 43, fields: [['flags', 'u32']] },
  'root-propagation': { id: 44, fields: [['flags', 'u32']] },
  'pivot': { id: 45, fields: [] },
  'move-root': { id: 46, fields: [] },
  'hostname': { id: 50, fields: [['name', 'str']] },
  'domainname': { id: 51, fields: [['name', 'str']] },
  'sysctl': { id: 52, fields: [['path', 'str'], ['value', 'str']] },
  'umask': { id: 53, fields: [['mask', 'u32']] },
  'personality': { id: 54, fields: [['domain', 'u32']] },
  'limit': { id: 55, fields: [['resource', 'u32'], ['soft', 'u64'], ['hard', 'u64']] },
  'standard-streams': { id: 56, fields: [['uid', 'u32'], ['gid', 'u32']] },
  'scheduler': { id: 57, fields: [['policy', 'u32'], ['nice', 'i32'], ['priority', 'u32'], ['flags', 'u64'], ['runtime', 'u64'], ['deadline', 'u64'], ['period', 'u64']] },
  'io-priority': { id: 58, fields: [['value', 'u32']] },
  'apparmor': { id: 60, fields: [['profile', 'str']] },
  'selinux': { id: 61, fields: [['label', 'str']] },
  'no-new-privileges': { id: 62, fields: [] },
  'seccomp': { id: 63, fields: [['filter', 'bytes'], ['flags', 'u32'], ['slot', 'i32'], ['statePrefix', 'str'], ['stateMiddle', 'str'], ['stateSuffix', 'str']] },
  'bounding': { id: 64, fields: [['mask', 'u64']] },
  'user': { id: 65, fields: [['uid', 'u32'], ['gid', 'u32'], ['groups', 'u32s'], ['setGroups', 'u32']] },
  'capabilities': { id: 66, fields: [['effective', 'u64'], ['permitted', 'u64'], ['inheritable', 'u64'], ['ambient', 'u64']] },
  'working-directory': { id: 67, fields: [['path', 'str'], ['phase', 'u32']] },
  'parent-death': { id: 68, fields: [['signal', 'u32']] },
  'environment': { id: 70, fields: [['variables', 'strs']] },
  'home': { id: 71, fields: [['uid', 'u32']] },
  'lookup': { id: 72, fields: [['name', 'str']] },
  'ready': { id: 73, fields: [] },
  'await-start': { id: 74, fields: [['slot', 'u32']] },
  'execute': { id: 75, fields: [['args', 'strs'], ['extra', 'u32']] },
}

/** What the init role and its parent say to one another over the sync channel once the program is sent. @public */
export type SyncRecord =
  | { kind: 'go' }
  | { kind: 'map-ids'; pid: number }
  | { kind: 'pid'; pid: number; placed: number; waits: number }
  | { kind: 'hooks' }
  | { kind: 'ready' }
  | { kind: 'failure'; step: number; code: number; text: string }

/** Numbers and field types of {@link SyncRecord}, for the record codec. @public */
export const syncLayouts: RecordLayouts<SyncRecord> = {
  'go': { id: 1, fields: [] },
  'map-ids': { id: 2, fields: [['pid', 'i32']] },
  'pid': { id: 3, fields: [['pid', 'i32'], ['placed', 'u32'], ['waits', 'u32']] },
  'hooks': { id: 4, fields: [] },
  'ready': { id: 5, fields: [] },
  'failure': { id: 6, fields: [['step', 'u32'], ['code', 'i32'], ['text', 'str']] },
}

/** What a monitor is told on fd 4 before it starts anything; the last record is begin, then fd 4 carries commands and events. @public */
export type MonitorConfigRecord =
  | { kind: 'bundle'; path: string }
  | { kind: 'files'; control: string; exit: string }
  | { kind: 'stream'; number: number; type: number; path: string }
  | { kind: 'terminal'; socket: string }
  | { kind: 'runtime'; args: readonly string[]; environment: readonly string[]; pidFile: string }
  | { kind: 'begin'; version: number }
  | { kind: 'logger'; args: readonly string[]; environment: readonly string[] }

/** Numbers and field types of {@link MonitorConfigRecord}, for the record codec. @public */
export const monitorConfigLayouts: RecordLayouts<MonitorConfigRecord> = {
  'bundle': { id: 1, fields: [['path', 'str']] },
  'files': { id: 2, fields: [['control', 'str'], ['exit', 'str']] },
  'stream': { id: 3, fields: [['number', 'u32'], ['type', 'u32'], ['path', 'str']] },
  'terminal': { id: 4, fields: [['socket', 'str']] },
  'runtime': { id: 5, fields: [['args', 'strs'], ['environment', 'strs'], ['pidFile', 'str']] },
  'begin': { id: 6, fields: [['version', 'u32']] },
  'logger': { id: 7, fields: [['args', 'strs'], ['environment', 'strs']] },
}

/** What a monitor tells every peer of its control socket, from the beginning for each; the exit file holds the same records. @public */
export type MonitorEventRecord =
  | { kind: 'hello'; version: number; pid: number }
  | { kind: 'started'; pid: number }
  | { kind: 'failed'; status: number; text: string }
  | { kind: 'exited'; status: number; nanoseconds: bigint }
  | { kind: 'drained' }

/** Numbers and field types of {@link MonitorEventRecord}, for the record codec. @public */
export const monitorEventLayouts: RecordLayouts<MonitorEventRecord> = {
  'hello': { id: 1, fields: [['version', 'u32'], ['pid', 'i32']] },
  'started': { id: 2, fields: [['pid', 'i32']] },
  'failed': { id: 3, fields: [['status', 'u32'], ['text', 'str']] },
  'exited': { id: 4, fields: [['status', 'u32'], ['nanoseconds', 'u64']] },
  'drained': { id: 5, fields: [] },
}

/** What a peer of the control socket asks a monitor to do. There are no answers; a malformed command ends the connection. @public */
export type MonitorCommandRecord =
  | { kind: 'resize'; columns: number; rows: number }
  | { kind: 'close-input' }
  | { kind: 'signal'; number: number }
  | { kind: 'quit' }

/** Numbers and field types of {@link MonitorCommandRecord}, for the record codec. @public */
export const monitorCommandLayouts: RecordLayouts<MonitorCommandRecord> = {
  'resize': { id: 1, fields: [['columns', 'u32'], ['rows', 'u32']] },
  'close-input': { id: 2, fields: [] },
  'signal': { id: 3, fields: [['number', 'u32']] },
  'quit': { id: 4, fields: [] },
}
