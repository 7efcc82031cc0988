// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Mount } from '@teu/containerd-api'

const run = promisify(execFile)

/**
 * Runs a shell script in the tree that mounts make; what it printed. The mounts are in a mount namespace that ends
 * with the script, so that no failure leaves one behind.
 */
export async function insideMounts(mounts: readonly Mount[], script: string): Promise<string> {
  const point = await mkdtemp(path.join(tmpdir(), 'mnt-'))
  try {
    const lines = mounts.map(({ type, source, options }) => mountLine(type, source, options, point))
    const all = ['set -e', ...lines, `cd ${point}`, 'set +e', script].join('\n')
    return (await run('unshare', ['--mount', 'sh', '-c', all])).stdout
  } finally {
    await rmdir(point)
  }
}

/** A bind mount becomes read-only in a second step only. */
function mountLine(type: string, source: string, options: readonly string[], point: string): string {
  const quoted = `'${source}' '${point}'`
  if (type !== 'bind') return `mount -t '${type}' -o '${options.join(',')}' ${quoted}`
  const remount = options.includes('ro') ? ` && mount -o remount,bind,ro '${point}'` : ''
  return `mount ${options.includes('rbind') ? '--rbind' : '--bind'} ${quoted}${remount}`
}
