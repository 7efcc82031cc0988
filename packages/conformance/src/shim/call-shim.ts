// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { Any } from '@teu/shim-api'

/** One run of a shim's program, as containerd makes it. */
export interface ShimRun {
  program: string
  action: 'start' | 'delete'
  namespace: string
  id: string
  bundle: string
  /** containerd's gRPC address; its ttrpc address is that and `.ttrpc`. */
  address: string
  options: Any
  /** Variables beside those that containerd 1.6 sets. */
  env?: Record<string, string> | undefined
}

/** What the program printed and how it ended. */
export interface ShimOutput {
  status: number | null
  stdout: Buffer
  stderr: string
}

/**
 * Runs the program until it has ended and everybody has closed what it printed to: containerd waits for both. It is
 * killed after 20 seconds.
 */
export async function runShim(run: ShimRun): Promise<ShimOutput> {
  const { program, action, namespace, id, bundle, address, options, env } = run
  const flags = ['-namespace', namespace, '-address', address, '-publish-binary', '/bin/false', '-id', id]
  const child = spawn(program, [...flags, ...(action === 'delete' ? ['-bundle', bundle] : []), action], {
    cwd: bundle,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      GOMAXPROCS: '2',
      TTRPC_ADDRESS: `${address}.ttrpc`,
      ...env,
    },
    stdio: 'pipe',
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(Any.encode(options).finish())
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearTimeout(timer)
  return { status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }
}

/** Where a shim listens, by what its start printed: JSON since containerd 1.7, the bare address before. */
export function readAddress(printed: string): { address: string; version: number } {
  const text = printed.trim()
  if (!text.startsWith('{')) return { address: text, version: 2 }
  const { address, version, protocol = 'ttrpc' } = JSON.parse(text) as Record<string, unknown>
  if (typeof address !== 'string' || (version !== 2 && version !== 3) || protocol !== 'ttrpc')
    throw new Error(`no address that this suite can use: ${text}`)
  return { address, version }
}
