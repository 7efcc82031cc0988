// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs'
import type { Daemon } from './originals.ts'
import { type Sandbox, until } from './sandbox.ts'

/** The flags that keep a daemon of ours inside the sandbox. */
function engineFlags(sandbox: Sandbox, socket: string): string[] {
  return [
    ['--data-root', sandbox.path('teu')],
    ['--exec-root', sandbox.path('tx')],
    ['--pidfile', sandbox.path('teu.pid')],
    ['--host', `unix://${socket}`],
    ['--cgroup-parent', sandbox.cgroupParent],
  ].flat()
}

/** Our whole stack in one process. */
export async function startTeud(sandbox: Sandbox, options: readonly string[] = []): Promise<Daemon> {
  const socket = sandbox.path('teu.sock')
  const child = sandbox.daemon('teud', 'teud', [...engineFlags(sandbox, socket), ...options])
  await until('teud answers', () => answers(sandbox, socket))
  return { process: child, socket }
}

/** Our engine over a containerd that runs already: ours or Debian's. */
export async function startEngine(sandbox: Sandbox, containerd: Daemon): Promise<Daemon> {
  const socket = sandbox.path('teu.sock')
  const flags = [...engineFlags(sandbox, socket), '--containerd', containerd.socket]
  const child = sandbox.daemon('teu-engine', 'teu-engine', flags)
  await until('the engine answers', () => answers(sandbox, socket))
  return { process: child, socket }
}

/** Our containerd as a daemon of its own. */
export async function startOurContainerd(sandbox: Sandbox): Promise<Daemon> {
  const socket = sandbox.path('containerd', 'c.sock')
  mkdirSync(sandbox.path('containerd'), { recursive: true })
  const child = sandbox.daemon(
    'teu-containerd',
    'teu-containerd',
    [
      ['--root', sandbox.path('containerd', 'root')],
      ['--state', sandbox.path('containerd', 'state')],
      ['--address', socket],
    ].flat(),
  )
  await until('containerd answers', async () => (await sandbox.run('ctr', ['-a', socket, 'version'])).status === 0)
  return { process: child, socket }
}

/** Our CLI on a socket. */
export function teu(sandbox: Sandbox, socket: string, ...args: string[]) {
  return sandbox.run('teu', ['-H', `unix://${socket}`, ...args])
}

async function answers(sandbox: Sandbox, socket: string): Promise<boolean> {
  const { status } = await sandbox.run('curl', ['-sf', '--unix-socket', socket, 'http://engine/_ping'])
  return status === 0
}
