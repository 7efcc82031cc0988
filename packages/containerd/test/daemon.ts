// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: a private daemon, and blobs to put into it.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { inNamespace, writeBlob } from '@teu/containerd-api'
import { type TarEntry, tarEnd, tarHeader, tarPadding } from '@teu/containerd-api/archive'
import { umountFlags, unmountAll } from '@teu/linux'
import { type Containerd, type CreateContainerdOptions, createContainerd } from '../src/index.ts'

/** Skips a test that needs root. */
export const needsRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' } as const

/** Keeps what has it from garbage collection. */
export const keep = { 'containerd.io/gc.root': 'test' }

/** The namespace of the tests. */
export const inTest = inNamespace('test')

/** A daemon with folders of its own, which are removed after the test. */
export async function startDaemon(
  t: TestContext,
  options: Partial<CreateContainerdOptions> = {},
): Promise<Containerd & { folder: string; restart(meanwhile?: () => void): Promise<Containerd> }> {
  const folder = await mkdtemp(join(tmpdir(), 'teu-containerd-'))
  let daemon = await createContainerd({ root: join(folder, 'root'), state: join(folder, 'state'), ...options })
  let stopped = false
  const stop = async () => {
    if (!stopped) await daemon[Symbol.asyncDispose]()
    stopped = true
  }
  t.after(async () => {
    if (!stopped) await endTasks(daemon)
    await stop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    ...daemon,
    folder,
    async restart(meanwhile) {
      // Not twice: the start of another one may have failed.
      await stop()
      meanwhile?.()
      daemon = await createContainerd({ root: join(folder, 'root'), state: join(folder, 'state'), ...options })
      stopped = false
      return daemon
    },
  }
}

/** Ends what a test that failed has left running. */
async function endTasks({ services: { tasks } }: Containerd): Promise<void> {
  const ignore = () => undefined
  for (const { id: containerId } of (await tasks.list({ filter: '' }, inTest)).tasks) {
    const process = { containerId, execId: '' }
    await tasks.kill({ ...process, signal: 9, all: true }, inTest).catch(ignore)
    await tasks.wait(process, { ...inTest, timeoutMs: 5000 }).catch(ignore)
    await tasks.delete({ containerId }, inTest).catch(ignore)
  }
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Puts bytes into the store, kept until the test ends. */
export async function addBlob({ services }: Containerd, bytes: Uint8Array): Promise<string> {
  const source = async function* () {
    yield bytes
  }
  const init = { ref: randomBytes(8).toString('hex'), labels: keep }
  const expected = digestOf(bytes)
  const { digest } = await writeBlob(
    services.content,
    { ...init, expected, size: BigInt(bytes.length) },
    source(),
    inTest,
  )
  return digest
}

/** An entry with its data, and what a test does not care about. */
export interface LayerEntry extends Partial<TarEntry> {
  name: string
  data?: string | Uint8Array
}

/** A layer of some entries. Links, folders and files are told by what they have. */
export function layerOf(...entries: LayerEntry[]): Buffer {
  const parts = entries.flatMap(({ data, ...entry }) => {
    const bytes = Buffer.from(data ?? '')
    const type = entry.type ?? (entry.name.endsWith('/') ? 'directory' : 'file')
    const mode = type === 'directory' ? 0o755 : 0o644
    const base = { linkName: '', mode, uid: 0, gid: 0, mtimeNs: 1_700_000_000_000_000_000n, atimeNs: undefined }
    const header = tarHeader({ ...base, major: 0, minor: 0, xattrs: new Map(), ...entry, type, size: bytes.length })
    return [header, bytes, Buffer.alloc(tarPadding(bytes.length))]
  })
  return Buffer.concat([...parts, tarEnd])
}

/** Unpacks layers on top of one another, as a client does, and returns the name of the topmost. */
export async function unpack(
  daemon: Containerd,
  snapshotter: string,
  ...layers: readonly (Uint8Array | { bytes: Uint8Array; mediaType: string })[]
): Promise<string> {
  const { snapshots, diff } = daemon.services
  let parent = ''
  for (const layer of layers) {
    const { bytes, mediaType } =
      layer instanceof Uint8Array ? { bytes: layer, mediaType: 'application/vnd.oci.image.layer.v1.tar' } : layer
    const digest = await addBlob(daemon, bytes).catch(() => digestOf(bytes))
    const key = `extract-${randomBytes(8).toString('hex')}`
    const { mounts } = await snapshots.prepare({ snapshotter, key, parent, labels: keep }, inTest)
    const descriptor = { mediaType, digest, size: BigInt(bytes.length), annotations: {} }
    const { applied } = await diff.apply({ diff: descriptor, mounts, payloads: {}, syncFs: false }, inTest)
    const name = digestOf(Buffer.from(`${parent} ${applied!.digest} ${key}`))
    await snapshots.commit({ snapshotter, name, key, labels: keep, parent: '' }, inTest)
    parent = name
  }
  return parent
}

/** Mounts a view of a snapshot for as long as `use` runs. */
export async function withView<T>(
  daemon: Containerd & { folder: string },
  snapshotter: string,
  parent: string,
  use: (path: string) => T | Promise<T>,
): Promise<T> {
  const { mountAllAt } = await import('@teu/linux')
  const key = `view-${randomBytes(8).toString('hex')}`
  const { mounts } = await daemon.services.snapshots.view({ snapshotter, key, parent, labels: keep }, inTest)
  const path = await mkdtemp(join(daemon.folder, 'mnt-'))
  mountAllAt(mounts, path)
  try {
    return await use(path)
  } finally {
    unmountAll(path, umountFlags.detach)
    await daemon.services.snapshots.remove({ snapshotter, key }, inTest)
  }
}
