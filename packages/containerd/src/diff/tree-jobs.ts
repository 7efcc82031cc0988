// SPDX-License-Identifier: Apache-2.0
import { RootDirectory, syncFilesystem } from '@teu/linux'
import { applyLayer } from './apply-layer.ts'
import { compareLayers } from './compare-layers.ts'
import { copyTree } from './copy-tree.ts'
import { treeUsage } from './tree-usage.ts'

/** Which entries of a folder to remove, with all below them. */
export interface RemoveTreesInput {
  root: string
  names: readonly string[]
}

/** What a job may use beside its input. */
export interface JobTools {
  signal: AbortSignal
  /** Hands some bytes to whoever asked for the job; settles when more is wanted. */
  emit(chunk: Uint8Array): Promise<void>
}

/** The work on file trees that would hold up the event loop, by name. */
export const treeJobs = {
  apply: (input: Parameters<typeof applyLayer>[0], { signal }: JobTools) => applyLayer(input, signal),
  compare: (input: Parameters<typeof compareLayers>[0], { signal, emit }: JobTools) =>
    compareLayers(input, signal, emit),
  copy: (input: Parameters<typeof copyTree>[0], { signal }: JobTools) => copyTree(input, signal),
  usage: (input: Parameters<typeof treeUsage>[0], { signal }: JobTools) => treeUsage(input, signal),
  sync: async ({ root }: { root: string }) => syncFilesystem(root),
  remove: async ({ root: path, names }: RemoveTreesInput, { signal }: JobTools) => {
    using root = RootDirectory.open(path)
    for (const name of names) {
      signal.throwIfAborted()
      root.removeAll(name)
    }
  },
} as const

/** A name of {@link treeJobs}. */
export type TreeJobName = keyof typeof treeJobs

/** What a job is given. */
export type TreeJobInput<N extends TreeJobName> = Parameters<(typeof treeJobs)[N]>[0]

/** What a job gives back. */
export type TreeJobResult<N extends TreeJobName> = Awaited<ReturnType<(typeof treeJobs)[N]>>
