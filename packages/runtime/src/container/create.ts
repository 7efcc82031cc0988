// SPDX-License-Identifier: Apache-2.0
import { type CgroupManager, type CgroupSetup, detectCgroups, makeFifo, readProcessStat } from '@teu/linux'
import { makeContainerCgroup, planContainerCgroup } from '../cgroups/container-cgroup.ts'
import { savedUnit } from '../cgroups/systemd-cgroup.ts'
import { runHooks } from '../hooks/run-hook.ts'
import { launchProgram, type ReadyProcess } from '../launch/conversation.ts'
import { launchDirectly } from '../launch/default-launcher.ts'
import { writeIdMaps } from '../launch/id-maps.ts'
import { withNotifySocket } from '../notify/notify-socket.ts'
import { type CgroupEntry, cgroupEntry } from '../program/cgroup-entry.ts'
import { compileCreate } from '../program/compile-create.ts'
import type { Step } from '../program/program.ts'
import { capabilityMasks } from '../spec/capabilities.ts'
import { specWarnings } from '../spec/check-spec.ts'
import { type Bundle, loadBundle } from '../spec/load-spec.ts'
import { isPrivate } from '../spec/namespaces.ts'
import { checkContainerId } from './container-id.ts'
import { destroyProcess } from './end-process.ts'
import { type ExtraFds, extraFds } from './extra-fds.ts'
import { maySetGroups } from './id-map.ts'
import { recordIntent } from './intent.ts'
import type { CreateOptions } from './options.ts'
import { type HostFacts, readHostFacts, userName } from './process-facts.ts'
import type { RuntimeSettings } from './runtime-settings.ts'
import { compileFilter } from './seccomp.ts'
import { sendPidfd } from './send-pidfd.ts'
import { type SavedState, type StateDirectory, writeAtomically } from './state-file.ts'
import { hookState } from './status.ts'
import { checkConsole } from './terminal-rules.ts'

/** A container whose init waits for start. @internal */
export interface CreatedContainer extends ReadyProcess {
  saved: SavedState
}

/**
 * Makes a container up to the moment before execve. Whatever fails, and also when the signal fires, everything that was
 * made is removed again: processes, cgroup, state.
 *
 * @internal
 */
export async function createContainer(
  directory: StateDirectory,
  id: string,
  options: CreateOptions,
  settings: RuntimeSettings,
): Promise<CreatedContainer> {
  const { warn } = settings
  checkContainerId(id)
  const bundle = loadBundle(options.bundle ?? '.', options.spec)
  for (const warning of specWarnings(bundle.spec)) warn(warning)
  checkConsole(bundle.spec.process, options.consoleSocket)
  const extra = extraFds(options.preserveFds ?? 0, options.listenFds ?? 0)
  options.signal?.throwIfAborted()
  directory.claim(id)
  const [facts, cgroups] = [readHostFacts(), detectCgroups()]
  const making: Making = { directory, id, options, bundle, extra, facts, cgroups, settings, pid: 0 }
  try {
    if (options.notifySocket) bundle.spec = withNotifySocket(bundle.spec, directory.path(id))
    making.planned = await planContainerCgroup(id, bundle.spec, cgroups, settings.cgroupDriver)
    recordIntent(directory, id, bundle, making.planned)
    return await make(making)
  } catch (error) {
    await undo(making)
    throw error
  }
}

interface Making {
  directory: StateDirectory
  id: string
  options: CreateOptions
  bundle: Bundle
  extra: ExtraFds
  facts: HostFacts
  cgroups: CgroupSetup
  settings: RuntimeSettings
  /** The cgroup it is to have, and the one it has. */
  planned?: CgroupManager | undefined
  cgroup?: CgroupManager | undefined
  /** Of the final init, once it is known. */
  pid: number
}

async function make(making: Making): Promise<CreatedContainer> {
  const { options, bundle } = making
  const request = {
    stdio: options.stdio ?? (['inherit', 'inherit', 'inherit'] as const),
    extraFds: making.extra.fds,
    ...(options.signal && { signal: options.signal }),
  }
  const plan: Partial<Plan> = {}
  const saved = () => plan.saved as SavedState
  const ready = await launchProgram(options.launch ?? launchDirectly, request, () => prepare(making, plan), {
    debug: making.settings.debug,
    mapIds: (pid) => writeIdMaps(pid, bundle.spec.linux?.uidMappings ?? [], bundle.spec.linux?.gidMappings ?? []),
    created: async (pid, placed) => {
      adopt(making, saved(), pid)
      if (options.pidfdSocket !== undefined) await sendPidfd(options.pidfdSocket, pid, 'standard')
      if (!(placed && plan.entry)) await making.cgroup?.join(pid)
    },
    hooks: () => runCreateHooks(making, saved()),
  })
  if (options.pidFile !== undefined) writeAtomically(options.pidFile, String(ready.pid), 0o644)
  options.signal?.throwIfAborted()
  return { ...ready, saved: saved() }
}

/** What is known once everything around the process is made. */
interface Plan {
  saved: SavedState
  entry: CgroupEntry | undefined
}

/** Makes what the process needs to be there, and its program. */
async function prepare(making: Making, plan: Partial<Plan>): Promise<Step[]> {
  const { directory, id, bundle, facts, planned, settings } = making
  makeExecFifo(directory.fifo(id))
  // A process of the host's root, in the host's user namespace, has the right to enter the cgroup by itself; systemd
  // has to be given it.
  const enters = facts.privileged && !isPrivate(bundle.spec, 'user') && settings.cgroupDriver === 'cgroupfs'
  if (planned && (await makeContainerCgroup(planned, bundle.spec, { ...settings, expectJoin: !enters }))) {
    making.cgroup = planned
    for (const path of new Set(Object.values(planned.paths))) settings.debug(`made the cgroup ${path}`)
  }
  const saved = initialState(making)
  const entry = enters ? cgroupEntry(saved.cgroup_paths) : undefined
  Object.assign(plan, { saved, entry })
  return compileCreate(await createContext(making, saved, entry))
}

function makeExecFifo(path: string): void {
  makeFifo(path, 0o600)
}

function initialState({ id, bundle, cgroup, options, settings }: Making): SavedState {
  return {
    id,
    init_process_pid: 0,
    init_process_start: 0,
    created: new Date().toISOString(),
    rootless: settings.rootless,
    cgroup_paths: { ...cgroup?.paths },
    ...savedUnit(cgroup),
    bundle: bundle.path,
    rootfs: bundle.rootfs,
    owner: userName(),
    keyring: options.noNewKeyring !== true,
    spec: bundle.spec,
  }
}

async function createContext(
  making: Making,
  saved: SavedState,
  entry: CgroupEntry | undefined,
): Promise<Parameters<typeof compileCreate>[0]> {
  const { id, bundle, options, facts, cgroups, extra, directory, settings } = making
  const { spec } = bundle
  const state = hookState(saved, 'creating', 0)
  const seccomp = await compileFilter(spec.linux?.seccomp, state)
  const seccompSocket = seccomp?.listener && spec.linux?.seccomp?.listenerPath
  return {
    id,
    spec,
    bundle: bundle.path,
    rootfs: bundle.rootfs,
    state,
    fifo: directory.fifo(id),
    ...(options.consoleSocket !== undefined && { consoleSocket: options.consoleSocket }),
    ...(seccompSocket && { seccompSocket }),
    noPivot: options.noPivot ?? false,
    noNewKeyring: options.noNewKeyring ?? false,
    cgroups,
    cgroupPaths: saved.cgroup_paths,
    cgroupEntry: entry,
    capabilities: capabilityMasks(spec.process.capabilities, facts.lastCapability, settings.warn),
    ...(seccomp && { seccomp }),
    privileged: facts.privileged,
    hasKcore: facts.hasKcore,
    ownOomScore: facts.ownOomScore,
    extraFds: extra.fds.length,
    ...(options.diesWithParent && { diesWithParent: true }),
    addedEnvironment: extra.environment,
    setGroups: maySetGroups(spec),
  }
}

function adopt(making: Making, saved: SavedState, pid: number): void {
  making.pid = pid
  const stat = readProcessStat(pid)
  // It did not wait, and has failed already: what it says next is why.
  if (stat === undefined) return
  saved.init_process_pid = pid
  saved.init_process_start = Number(stat.startTime)
  making.directory.write(making.id, saved)
}

async function runCreateHooks({ options, bundle, settings }: Making, saved: SavedState): Promise<void> {
  settings.debug('runs prestart and createRuntime hooks')
  const state = hookState(saved, 'creating', saved.init_process_pid)
  await runHooks(bundle.spec.hooks?.prestart, state, options.signal)
  await runHooks(bundle.spec.hooks?.createRuntime, state, options.signal)
}

async function undo(making: Making): Promise<void> {
  const { directory, id, cgroup, pid } = making
  if (pid > 0) await destroyProcess(pid, { reap: true })
  await cgroup?.killAll().catch(() => {})
  await cgroup?.delete().catch((error) => making.settings.warn(`remove the cgroup of ${id}: ${error.message}`))
  directory.remove(id)
}
