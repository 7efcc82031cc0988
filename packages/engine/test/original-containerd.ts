// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ContainerdServices, connectContainerd, waitUntilServing } from '@teu/containerd-api'
import { besideOriginals } from '../../../scripts/originals.mjs'

/** The original daemon that tests stand on; anything that speaks its API would do. */
export const containerdBinary = process.env.TEU_TEST_CONTAINERD ?? '/usr/bin/containerd'

/** Why tests that need root and a containerd do not run; false when they do, which is in `npm run e2e`. */
export function cannotRun(): string | false {
  if (process.getuid?.() !== 0) return 'needs root'
  if (!besideOriginals) return 'stands on the original containerd: npm run e2e -- beside-originals runs it'
  try {
    accessSync(containerdBinary, constants.X_OK)
    return false
  } catch {
    return `needs ${containerdBinary}`
  }
}

/** A containerd of its own, gone when disposed. */
export interface OriginalContainerd extends AsyncDisposable {
  services: ContainerdServices
  /** Kills it the hard way; its data stays. */
  kill(): Promise<void>
}

/** Starts a containerd with all its files below `directory`, in a mount namespace of its own. */
export async function startContainerd(directory: string): Promise<OriginalContainerd> {
  mkdirSync(directory, { recursive: true })
  const address = join(directory, 'containerd.sock')
  const config = join(directory, 'config.toml')
  writeFileSync(
    config,
    `version = 2
root = "${directory}/root"
state = "${directory}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
address = "${address}"
[debug]
level = "fatal"
`,
  )
  const args = ['--mount', '--propagation', 'private', containerdBinary, '--config', config]
  const child = spawn('unshare', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async () => {
    child.kill('SIGKILL')
    await gone
  }
  const services = connectContainerd({ address })
  try {
    await waitUntilServing(services, { timeoutMs: 20_000 })
  } catch (error) {
    await kill()
    throw error
  }
  return {
    services,
    kill,
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]()
      await kill()
    },
  }
}
