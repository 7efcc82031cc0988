// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { link, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Any, packAny, RuncOptions, runcOptions } from '@teu/shim-api'
import { containerConfig } from './container-config.ts'
import { makeFifo } from './fifos.ts'

/** What a test says of a container. */
export interface ContainerInit {
  args: string[]
  terminal?: boolean
  /** A runtime program; empty for our own runtime as a library. */
  binaryName?: string
  annotations?: Record<string, string>
  stdin?: boolean
  sharedPids?: boolean
  memoryLimit?: number
  user?: number
}

/** A bundle with its FIFOs. */
export interface Bundle {
  id: string
  path: string
  options: Any
  terminal: boolean
  stdin: string
  stdout: string
  stderr: string
}

/**
 * Makes a bundle with busybox as its root file system, from the `busybox` of `folder`; its cgroup is below `cgroup`, and
 * the state of its runtime in the folder as well.
 */
export async function makeBundle(folder: string, cgroup: string, init: ContainerInit): Promise<Bundle> {
  const id = `t${randomBytes(6).toString('hex')}`
  const path = join(folder, 'bundles', id)
  const bin = join(path, 'rootfs/bin')
  await mkdir(bin, { recursive: true })
  for (const name of ['proc', 'dev', 'tmp', 'sys']) await mkdir(join(path, 'rootfs', name))
  await link(join(folder, 'busybox'), join(bin, 'busybox'))
  for (const name of ['sh', 'cat', 'echo', 'dd', 'sleep', 'true', 'false', 'stty', 'kill', 'seq']) {
    await symlink('busybox', join(bin, name))
  }
  const config = containerConfig({ ...init, cgroupsPath: `${cgroup}/${id}` })
  await writeFile(join(path, 'config.json'), JSON.stringify(config))
  const fifo = (name: string) => makeFifo(join(path, name))
  return {
    id,
    path,
    options: packAny(
      runcOptions,
      RuncOptions.fromPartial({ binaryName: init.binaryName ?? '', root: join(folder, 'runtime') }),
    ),
    terminal: init.terminal ?? false,
    stdin: init.stdin ? fifo('stdin') : '',
    stdout: fifo('stdout'),
    stderr: init.terminal ? '' : fifo('stderr'),
  }
}
