// SPDX-License-Identifier: Apache-2.0
import { chmodSync, closeSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bindUnixDatagrams, type Pidfd, receiveFds } from '@teu/linux'
import type { ContainerSpec } from '../spec/check-spec.ts'
import { tellManager } from './tell-manager.ts'

const containerFolder = '/run/notify'

/**
 * Makes the folder in which the container finds its socket once it is started, and returns the spec with the mount and
 * `NOTIFY_SOCKET` (sd_notify(3)) that lead there. `directory` is that of the container's state. The manager's own socket stays out of reach.
 *
 * @internal
 */
export function withNotifySocket(spec: ContainerSpec, directory: string): ContainerSpec {
  const source = notifyFolder(directory)
  mkdirSync(source, { mode: 0o755 })
  // Against the umask: whoever the container's user is must find the way.
  chmodSync(source, 0o755)
  const mount = { destination: containerFolder, source, options: ['bind', 'nosuid', 'noexec', 'nodev', 'ro'] }
  const env = [...(spec.process.env ?? []), `NOTIFY_SOCKET=${containerFolder}/notify.sock`]
  return { ...spec, mounts: [...(spec.mounts ?? []), mount], process: { ...spec.process, env } }
}

/** The socket that a container tells of itself through. Closing it ends that. @internal */
export class NotifySocket implements Disposable {
  readonly #fd: number

  private constructor(fd: number) {
    this.#fd = fd
  }

  /** Binds the socket in the folder that create has made; undefined when it made none, and nobody can say anything. */
  static bind(directory: string): NotifySocket | undefined {
    const path = join(notifyFolder(directory), 'notify.sock')
    if (!existsSync(notifyFolder(directory))) return undefined
    // One that a start which was killed has left.
    rmSync(path, { force: true })
    const fd = bindUnixDatagrams(path)
    chmodSync(path, 0o777)
    return new NotifySocket(fd)
  }

  /**
   * Waits until the container says that it is ready, and passes that on, followed by `mainPid` as the process to look
   * after; resolves without a word when its init ends before.
   */
  async forward(manager: string, init: Pidfd, mainPid: number | undefined, signal?: AbortSignal): Promise<void> {
    const over = new AbortController()
    const stop = signal ? AbortSignal.any([signal, over.signal]) : over.signal
    const ended = init.waitExit({ signal: stop }).then(() => undefined)
    const ready = this.#ready(stop)
    // The one that is given up rejects when `over` fires.
    for (const loser of [ended, ready]) loser.catch(() => {})
    try {
      const line = await Promise.race([ready, ended])
      if (line !== undefined) await tellManager(manager, line, mainPid, signal)
    } finally {
      over.abort()
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }

  /** The first line of the message that begins with `READY=`; what else is said is for others to hear. */
  async #ready(signal: AbortSignal): Promise<string> {
    for (;;) {
      const { data, fds } = await receiveFds(this.#fd, { signal, maxFds: 1 })
      for (const fd of fds) closeSync(fd)
      const text = data.toString('utf8')
      if (text.startsWith('READY=')) return text.split('\n', 1)[0] as string
    }
  }
}

function notifyFolder(directory: string): string {
  return join(directory, 'notify')
}
