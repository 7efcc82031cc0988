// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { StackError } from '@teu/errors'
import { mountFlags, parseMountOptions, resourceLimits } from '@teu/linux'
import type { Process, Spec } from '@teu/oci-spec/runtime'
import { normalizeEnvironment } from './environment.ts'
import { isPrivate, namespaceOf } from './namespaces.ts'
import { checkScheduling } from './scheduling.ts'
import { checkSysctls } from './sysctl.ts'

/** A spec in which everything that a Linux container cannot do without is there. @internal */
export type ContainerSpec = Spec & Required<Pick<Spec, 'process' | 'root'>>

/** Stands for the process of a spec that has none: such a container is made, and never started. @internal */
export const noProcess: Process = { user: { uid: 0, gid: 0 }, cwd: '/', args: [] }

/**
 * Checks what depends on several properties together, after each alone was found well-formed. Throws
 * `invalid-argument` with the name of the property; what this runtime does not do is refused, never ignored.
 *
 * @internal
 */
export function checkSpec(spec: Spec): asserts spec is Spec & Required<Pick<Spec, 'root'>> {
  if (spec.root === undefined) throw invalid('root: required')
  checkNamespaces(spec)
  checkHostNames(spec)
  checkUserMappings(spec)
  checkPaths(spec)
  checkMounts(spec)
  checkSysctls(spec)
  if (spec.process) checkProcess(spec.process, 'process')
  refuseUnsupported(spec)
}

/** What is odd about a spec that is accepted all the same. @internal */
export function specWarnings(spec: Spec): string[] {
  return (spec.mounts ?? [])
    .filter(({ destination }) => !destination.startsWith('/'))
    .map(({ destination }) => `mount destination ${destination} is not absolute; it is taken from the root`)
}

/** The same for one process, of a container or of an exec. @internal */
export function checkProcess(process: Process, at: string): void {
  if ((process.args ?? []).length === 0) throw invalid(`${at}.args: must not be empty`)
  if (process.args?.[0] === '') throw invalid(`${at}.args[0]: must not be empty`)
  if (!process.cwd.startsWith('/')) throw invalid(`${at}.cwd: must be an absolute path`)
  normalizeEnvironment(process.env ?? [])
  checkUser(process.user)
  if (process.selinuxLabel && !existsSync('/sys/fs/selinux/enforce')) {
    throw invalid('selinux label is specified in config, but selinux is disabled or not supported')
  }
  checkScheduling(process, at)
  const seen = new Set<string>()
  for (const { type } of process.rlimits ?? []) {
    if (!Object.hasOwn(resourceLimits, type)) throw invalid(`${at}.rlimits: invalid rlimit type: ${type}`)
    if (seen.has(type)) throw invalid(`${at}.rlimits: duplicated rlimit type: ${type}`)
    seen.add(type)
  }
}

const maximumId = 2 ** 31 - 1

/** As in runc. To the kernel the highest number of all means "leave it as it is", which is root. */
function checkUser({ uid, gid, additionalGids = [] }: Process['user']): void {
  if ([uid, gid, ...additionalGids].every((id) => id <= maximumId)) return
  throw invalid(`unable to setup user: uids and gids must be in range 0-${maximumId}`)
}

function checkNamespaces(spec: Spec): void {
  const seen = new Set<string>()
  for (const { type } of spec.linux?.namespaces ?? []) {
    if (seen.has(type)) throw invalid(`malformed spec file: duplicated ns ${JSON.stringify(type)}`)
    seen.add(type)
  }
  if (!isPrivate(spec, 'mount')) refuseHostMounts(spec)
  if (spec.linux?.timeOffsets !== undefined && namespaceOf(spec, 'time') !== 'new') {
    throw invalid("linux.timeOffsets: time namespace offsets specified, but time namespace isn't enabled in the config")
  }
}

/** Without a mount namespace every mount of the container would be one of the host's, and stay there. */
function refuseHostMounts({ linux }: Spec): never {
  if ((linux?.maskedPaths?.length ?? 0) + (linux?.readonlyPaths?.length ?? 0) > 0) {
    throw invalid('unable to restrict sys entries without a private MNT namespace')
  }
  throw new StackError('not-implemented', 'linux.namespaces: a container without a mount namespace is not supported')
}

function checkHostNames(spec: Spec): void {
  if (isPrivate(spec, 'uts')) return
  if (spec.hostname) throw invalid('unable to set hostname without a private UTS namespace')
  if (spec.domainname) throw invalid('unable to set domainname without a private UTS namespace')
}

function checkUserMappings(spec: Spec): void {
  const { uidMappings = [], gidMappings = [] } = spec.linux ?? {}
  const choice = namespaceOf(spec, 'user')
  if (choice === 'inherit') {
    if (uidMappings.length + gidMappings.length === 0) return
    throw invalid("user namespace mappings specified, but user namespace isn't enabled in the config")
  }
  if (choice !== 'new') return
  if (uidMappings.length === 0) throw invalid('linux.uidMappings: a new user namespace needs mappings')
  if (gidMappings.length === 0) throw invalid('linux.gidMappings: a new user namespace needs mappings')
}

function checkPaths(spec: Spec): void {
  for (const [name, paths] of [
    ['maskedPaths', spec.linux?.maskedPaths],
    ['readonlyPaths', spec.linux?.readonlyPaths],
  ] as const) {
    const relative = (paths ?? []).find((path) => !path.startsWith('/'))
    if (relative !== undefined) throw invalid(`linux.${name}: ${JSON.stringify(relative)} is not an absolute path`)
  }
  const device = (spec.linux?.devices ?? []).find(({ path }) => !path.startsWith('/') || path.split('/').includes('..'))
  if (device) throw invalid(`linux.devices: ${JSON.stringify(device.path)} is not a clean absolute path`)
}

function checkMounts(spec: Spec): void {
  for (const [index, mount] of (spec.mounts ?? []).entries()) {
    const { idmap, flags } = parseMountOptions(mount.options ?? [])
    const [uids, gids] = [mount.uidMappings?.length ?? 0, mount.gidMappings?.length ?? 0]
    if (idmap === undefined && uids + gids === 0) continue
    const at = `mounts[${index}]`
    if (mount.type !== 'bind' && (flags & mountFlags.bind) === 0) {
      throw invalid(`${at}: id-mapped mounts are only supported for bind-mounts`)
    }
    if (process.geteuid?.() !== 0) throw invalid(`${at}: id-mapped mounts are not supported for rootless containers`)
    if ((uids === 0) !== (gids === 0)) {
      throw invalid(`${at}: id-mapped mounts must have both uid and gid mappings specified`)
    }
    if (uids === 0 && !isPrivate(spec, 'user')) {
      throw invalid(`${at}: an id-mapped mount without mappings of its own needs a user namespace`)
    }
  }
}

function refuseUnsupported(spec: Spec): void {
  const { intelRdt, memoryPolicy, netDevices, mountLabel } = spec.linux ?? {}
  if (intelRdt !== undefined) throw unsupported('linux.intelRdt', 'resctrl is not supported')
  if (memoryPolicy !== undefined) throw unsupported('linux.memoryPolicy', 'memory policies are not supported')
  if (Object.keys(netDevices ?? {}).length > 0) throw unsupported('linux.netDevices', 'moving devices is not supported')
  if (mountLabel) throw unsupported('linux.mountLabel', 'SELinux labels of mounts are not supported')
}

function unsupported(path: string, what: string): StackError {
  return new StackError('not-implemented', `${path}: ${what}`)
}

function invalid(message: string): StackError {
  return new StackError('invalid-argument', message)
}
