// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { type DockerdOptions, docker, startDockerd, stopDockerd } from './originals.ts'
import { imageArchive } from './programs.ts'
import type { Sandbox } from './sandbox.ts'

/** One dockerd and one of its runtimes: what is said to one is said to all, and the answers are compared. */
export interface Column {
  name: string
  socket: string
  runtime: string
}

/**
 * Runs `body` with runc under Debian's dockerd first, then our runtime in its place, then our shim and runtime; busybox
 * is loaded. dockerd 20.10 knows no shim but runc's: ours takes its name, in a folder that comes first for one dockerd.
 */
export async function withColumns(
  sandbox: Sandbox,
  body: (columns: Column[]) => Promise<void>,
  { flags = ['--bridge=none'], ...options }: Omit<DockerdOptions, 'name' | 'env'> = {},
): Promise<void> {
  const shared = { ...options, flags: [...flags, '--add-runtime', `teu=${sandbox.path('bin', 'teu-runtime')}`] }
  mkdirSync(sandbox.path('first'))
  symlinkSync(sandbox.path('bin', 'containerd-shim-teu-v1'), sandbox.path('first', 'containerd-shim-runc-v2'))
  const env = { PATH: `${sandbox.path('first')}:${sandbox.env.PATH}` }
  const daemons = await Promise.all([
    startDockerd(sandbox, { ...shared, name: 'd1' }),
    startDockerd(sandbox, { ...shared, name: 'd2', env }),
  ])
  const [original, ours] = daemons
  for (const { socket } of daemons) {
    const loaded = await docker(sandbox, socket, 'load', '-i', imageArchive('busybox'))
    assert.equal(loaded.status, 0, loaded.stderr)
  }
  await body([
    { name: 'runc', socket: original.socket, runtime: 'runc' },
    { name: 'teu-runtime', socket: original.socket, runtime: 'teu' },
    { name: 'our shim and runtime', socket: ours.socket, runtime: 'teu' },
  ])
  await Promise.all(daemons.map((daemon) => stopDockerd(sandbox, daemon)))
}

/** The lines that only one side has. */
export function difference(expected: string, found: string): string {
  const [ours, theirs] = [found.split('\n'), expected.split('\n')]
  return [
    ...theirs.filter((line) => !ours.includes(line)).map((line) => `- ${line}`),
    ...ours.filter((line) => !theirs.includes(line)).map((line) => `+ ${line}`),
  ].join('\n')
}
