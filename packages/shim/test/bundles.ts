// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Any, packAny, RuncOptions, runcOptions } from '@teu/shim-api'
import { installMachinePrograms } from '../../../scripts/machine-programs.mjs'
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
 * Makes a bundle whose root file system has the programs of `folder`; its cgroup is below `cgroup`, and the state of its
 * runtime in the folder as well.
 */
export async function makeBundle(folder: string, cgroup: string, init: ContainerInit): Promise<Bundle> {
  const id = `t${randomBytes(6).toString('hex')}`
  const path = join(folder, 'bundles', id)
  for (const name of ['proc', 'dev', 'tmp', 'sys']) await mkdir(join(path, 'rootfs', name), { recursive: true })
  installMachinePrograms(join(path, 'rootfs'), { linkedTo: join(folder, 'programs') })
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
