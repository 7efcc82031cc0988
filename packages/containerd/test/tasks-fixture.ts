// SPDX-License-Identifier: Apache-2.0
// Tasks of a daemon through a real shim: ours where it is built, or the original's.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Container, type ContainerdServices, type Envelope, packJson, TaskExit } from '@teu/containerd-api'
import { makeFifo } from '@teu/linux'
import { RuncOptions } from '@teu/shim-api'
import { machineFiles, readMachineFile } from '../../../scripts/machine-programs.mjs'
import { besideOriginals, originalProgram } from '../../../scripts/originals.mjs'
import type { CreateContainerdOptions } from '../src/index.ts'
import { inTest, keep, layerOf, startDaemon, unpack } from './daemon.ts'

export interface Shim {
  name: string
  binary: string | undefined
}

export const own: Shim = { name: 'io.containerd.teu.v1', binary: ownShim() }

/** Ours; beside the originals, theirs. */
export const shims: Shim[] = besideOriginals
  ? [{ name: 'io.containerd.runc.v2', binary: originalProgram('/usr/bin/containerd-shim-runc-v2') }]
  : [own]

function ownShim(): string | undefined {
  const root = dirname(createRequire(import.meta.url).resolve('@teu/shim/package.json'))
  const launcher = join(root, 'bin/containerd-shim-teu-v1')
  return isProgram(launcher) && existsSync(join(root, 'dist/bin/containerd-shim-teu-v1.cjs')) ? launcher : undefined
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export function skipReason({ binary }: Shim): string | false {
  if (process.getuid?.() !== 0) return 'needs root'
  if (binary === undefined) return 'the shim is not installed'
  return false
}

/** A daemon with an image, and what it takes to run containers of it. */
export async function fixture(t: TestContext, shim: Shim, options: Partial<CreateContainerdOptions> = {}) {
  const cgroup = `/teu-test-${randomBytes(4).toString('hex')}`
  const daemon = await startDaemon(t, { shimPaths: { [shim.name]: shim.binary! }, ...options })
  const exits: Envelope[] = []
  const watch = (services: ContainerdServices) =>
    void (async () => {
      for await (const event of services.events.subscribe({ filters: ['topic~=^/tasks/'] }, {})) exits.push(event)
    })()
  watch(daemon.services)
  const files = machineFiles(['sh', 'sleep', 'echo', 'cat']).map((file) => ({
    name: file.path,
    data: readMachineFile(file),
    mode: 0o755,
  }))
  const above = files.flatMap(({ name }) => [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index + 1)))
  const folders = [...new Set([...above, 'dev/', 'proc/', 'sys/', 'tmp/'])].map((name) => ({ name }))
  const image = await unpack(daemon, 'overlayfs', layerOf(...folders, ...files))
  t.after(() => removeCgroup(cgroup))
  return { daemon, image, cgroup, exits, watch, runtime: shim.name, folder: daemon.folder }
}

export type Fixture = Awaited<ReturnType<typeof fixture>>

function removeCgroup(path: string): void {
  for (const controller of readdirSync('/sys/fs/cgroup')) {
    const folder = join('/sys/fs/cgroup', controller, path)
    if (!existsSync(folder)) continue
    for (const name of readdirSync(folder, { withFileTypes: true }))
      if (name.isDirectory()) rmdirSync(join(folder, name.name))
    rmdirSync(folder)
  }
}

function specOf(
  { cgroup }: Fixture,
  id: string,
  args: string[],
  annotations: Record<string, string>,
  mappedTo: number | undefined,
) {
  const mappings = mappedTo && [{ containerID: 0, hostID: mappedTo, size: 1000 }]
  const capabilities = ['CAP_KILL']
  return {
    ociVersion: '1.0.2',
    process: {
      args,
      cwd: '/',
      env: ['PATH=/bin'],
      user: { uid: 0, gid: 0 },
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    root: { path: 'rootfs' },
    annotations,
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      // The image's own folder is not the root's that is mapped.
      ...(mappings ? [{ destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['mode=755'] }] : []),
    ],
    linux: {
      cgroupsPath: `${cgroup}/${id}`,
      ...(mappings && { uidMappings: mappings, gidMappings: mappings }),
      namespaces: [
        { type: 'pid' },
        { type: 'mount' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'network' },
        ...(mappings ? [{ type: 'user' }] : []),
      ],
    },
  }
}

/** Makes a container and its task, with its output in a FIFO that is read. `mappedTo`: who its root is on the host. */
export async function create(
  at: Fixture,
  services: ContainerdServices,
  id: string,
  args: string[],
  annotations: Record<string, string> = {},
  mappedTo?: number,
) {
  const { image, runtime, folder } = at
  const { mounts } = await services.snapshots.prepare(
    { snapshotter: 'overlayfs', key: id, parent: image, labels: keep },
    inTest,
  )
  const spec = packJson(
    'types.containerd.io/opencontainers/runtime-spec/1/Spec',
    specOf(at, id, args, annotations, mappedTo),
  )
  const root = join(folder, 'runtime')
  await mkdir(root, { recursive: true })
  const options = runtime.includes('runc')
    ? { typeUrl: 'containerd.runc.v1.Options', value: RuncOptions.encode(RuncOptions.fromPartial({ root })).finish() }
    : undefined
  const record = Container.fromPartial({
    id,
    snapshotter: 'overlayfs',
    snapshotKey: id,
    runtime: { name: runtime, ...(options && { options }) },
    spec,
  })
  await services.containers.create({ container: record }, inTest)
  const stdout = join(folder, `${id}-stdout`)
  makeFifo(stdout)
  const output = readAll(stdout)
  const io = { stdin: '', stdout, stderr: stdout, terminal: false }
  const request = { containerId: id, rootfs: mounts, ...io, checkpoint: undefined, options: undefined, runtimePath: '' }
  const { pid } = await services.tasks.create(request, inTest)
  return { id, pid, output }
}

async function readAll(fifo: string): Promise<string> {
  // Open for both first, so that the open does not wait in the thread pool; the shim opens it meanwhile.
  await using both = await open(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  const reader = await open(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const chunks: Buffer[] = []
  const buffer = Buffer.alloc(65536)
  let seen = false
  try {
    // Only against hanging: until a container writes, a loaded machine may take long.
    for (let idle = 0; idle < 2000; idle++) {
      const { bytesRead } = await reader.read(buffer, 0, buffer.length).catch(() => ({ bytesRead: 0 }))
      if (bytesRead > 0) {
        chunks.push(Buffer.from(buffer.subarray(0, bytesRead)))
        seen = true
      } else if (seen) break
      else await sleep(25)
    }
  } finally {
    await reader.close()
  }
  void both
  return Buffer.concat(chunks).toString()
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, what)
    await sleep(25)
  }
}

export const exitOf = ({ exits }: Fixture, id: string) =>
  exits
    .filter(({ topic }) => topic === '/tasks/exit')
    .map(({ event }) => TaskExit.decode(event!.value))
    .filter((exit) => exit.id === id)

/** The command line of a process, empty when it has ended meanwhile. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

export const shimPids = ({ folder }: Fixture) =>
  readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const line = commandLine(pid)
      return line.includes(folder) && line.includes('containerd-shim')
    })
