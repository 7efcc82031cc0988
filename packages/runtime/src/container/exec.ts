// SPDX-License-Identifier: Apache-2.0
import { promises, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import { type LinuxNamespaceType, linuxNamespaceTypes, type Process, validateProcess } from '@teu/oci-spec/runtime'
import { awaitExecution, launchProgram, type ReadyProcess } from '../launch/conversation.ts'
import { launchDirectly } from '../launch/default-launcher.ts'
import { cgroupEntry } from '../program/cgroup-entry.ts'
import { defaultUmask } from '../program/compile-create.ts'
import { compileExec } from '../program/compile-exec.ts'
import type { NamespaceToJoin } from '../program/namespaces.ts'
import { capabilityMasks } from '../spec/capabilities.ts'
import { checkProcess } from '../spec/check-spec.ts'
import { namespaceFiles } from '../spec/namespaces.ts'
import { destroyProcess, openInit } from './end-process.ts'
import { type ExtraFds, extraFds } from './extra-fds.ts'
import { maySetGroups } from './id-map.ts'
import type { ExecOptions } from './options.ts'
import { readHostFacts } from './process-facts.ts'
import type { RuntimeSettings } from './runtime-settings.ts'
import { compileFilter } from './seccomp.ts'
import { sendPidfd } from './send-pidfd.ts'
import { type SavedState, type StateDirectory, writeAtomically } from './state-file.ts'
import { cgroupOf, hookState, requireMove, statusOf } from './status.ts'
import { checkConsole } from './terminal-rules.ts'

/**
 * Runs one more process in a container; resolves once it executes its program. When that fails nothing is left of it.
 *
 * @internal
 */
export async function execInContainer(
  directory: StateDirectory,
  saved: SavedState,
  options: ExecOptions,
  { warn, debug }: Pick<RuntimeSettings, 'warn' | 'debug'>,
): Promise<ReadyProcess> {
  const status = statusOf(directory, saved)
  if (!(status === 'paused' && options.ignorePaused)) requireMove('exec', status)
  const program = execProcess(saved, options)
  checkConsole(program, options.consoleSocket)
  checkCgroup(saved, options.cgroup)
  // While this is open the init's number cannot be given again, so that its namespaces are the container's.
  using init = openInit(saved)
  if (init === undefined) throw new StackError('failed-precondition', 'cannot exec in a stopped container')
  const extra = extraFds(options.preserveFds ?? 0, options.listenFds ?? 0)
  const request = {
    stdio: options.stdio ?? (['inherit', 'inherit', 'inherit'] as const),
    extraFds: extra.fds,
    ...(options.signal && { signal: options.signal }),
  }
  let pid = 0
  let enters = false
  const compile = async () => {
    const context = await execContext(saved, program, options, extra, init.pid, warn)
    enters = context.cgroupEntry !== undefined
    return compileExec(context)
  }
  try {
    const ready = await launchProgram(options.launch ?? launchDirectly, request, compile, {
      debug,
      created: async (created, placed) => {
        pid = created
        if (options.pidfdSocket !== undefined) await sendPidfd(options.pidfdSocket, created, 'setns')
        if (!(placed && enters)) await joinCgroup(saved, created, options)
      },
    })
    if (options.pidFile !== undefined) writeAtomically(options.pidFile, String(pid), 0o644)
    await awaitExecution(ready.channel, ready.steps)
    return ready
  } catch (error) {
    if (pid > 0) await destroyProcess(pid, { reap: true })
    throw error
  }
}

/** A sub-cgroup that nobody would be put into is no wish that may be forgotten. */
function checkCgroup({ cgroup_paths: paths }: SavedState, chosen: ExecOptions['cgroup']): void {
  if (chosen === undefined) return
  if (Object.keys(paths).length === 0) throw new StackError('failed-precondition', 'container has no cgroup')
  const unknown = Object.keys(chosen).find((controller) => controller !== '' && !Object.hasOwn(paths, controller))
  if (unknown === undefined) return
  throw new StackError('invalid-argument', `unknown controller ${unknown} in SubCgroupPaths`)
}

/** The process with what it leaves out taken from the container's own. */
function execProcess(saved: SavedState, { process: given }: ExecOptions): Process {
  const own = saved.spec.process
  // Callers pass on what others sent them: what is no object says so itself.
  if (typeof given !== 'object' || given === null) return validateProcess(given)
  const process = validateProcess({
    ...given,
    cwd: given.cwd || own.cwd,
    user: given.user ?? own.user,
    env: given.env ?? own.env ?? [],
    execCPUAffinity: given.execCPUAffinity ?? own.execCPUAffinity ?? null,
  })
  checkProcess(process, 'process')
  return process
}

async function execContext(
  saved: SavedState,
  program: Process,
  options: ExecOptions,
  extra: ExtraFds,
  initPid: number,
  warn: (message: string) => void,
): Promise<Parameters<typeof compileExec>[0]> {
  const facts = readHostFacts()
  const seccomp = await compileFilter(saved.spec.linux?.seccomp, hookState(saved, 'running', initPid))
  const seccompSocket = seccomp?.listener && saved.spec.linux?.seccomp?.listenerPath
  const namespaces = namespacesOf(initPid)
  const enters = options.cgroup === undefined && facts.privileged && !namespaces.some(({ type }) => type === 'user')
  return {
    process: program,
    capabilities: capabilityMasks(program.capabilities, facts.lastCapability, warn),
    seccomp,
    setGroups: maySetGroups(saved.spec),
    addedEnvironment: extra.environment,
    namespaces,
    cgroupEntry: enters ? cgroupEntry(saved.cgroup_paths) : undefined,
    ...(options.consoleSocket !== undefined && { consoleSocket: options.consoleSocket }),
    ...(seccompSocket && { seccompSocket }),
    privileged: facts.privileged,
    ownOomScore: facts.ownOomScore,
    extraFds: extra.fds.length,
    ...(saved.keyring && { keyring: `_ses.${saved.id}` }),
    umask: program.user.umask ?? saved.spec.process.user.umask ?? defaultUmask,
  }
}

/** The namespaces in which a process differs from this one. */
function namespacesOf(pid: number): NamespaceToJoin[] {
  return linuxNamespaceTypes.flatMap((type: LinuxNamespaceType) => {
    const path = `/proc/${pid}/ns/${namespaceFiles[type]}`
    const own = readNamespace(`/proc/self/ns/${namespaceFiles[type]}`)
    const other = readNamespace(path)
    return other === undefined || other === own ? [] : [{ type, path }]
  })
}

function readNamespace(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    // A kernel without that kind of namespace.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function joinCgroup(saved: SavedState, pid: number, { cgroup: chosen }: ExecOptions): Promise<void> {
  const cgroup = cgroupOf(saved)
  if (cgroup === undefined) return
  if (chosen === undefined) return cgroup.join(pid)
  for (const [controller, path] of Object.entries(cgroup.paths)) {
    const sub = chosen[controller] ?? chosen['']
    const folder = sub === undefined ? path : join(path, join('/', sub))
    await promises.writeFile(join(folder, 'cgroup.procs'), String(pid))
  }
}
