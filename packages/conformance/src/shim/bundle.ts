// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Mount } from '@teu/shim-api'
import { baseSpec } from '../container/base-spec.ts'
import { type FifoReader, makeFifo, readFifo } from '../container/fifo.ts'
import type { ShimContext } from './context.ts'

/** How a container differs from one that runs a script without input. */
export interface BundleInit {
  /** The namespace; one of its own by default. */
  namespace?: string
  terminal?: boolean
  /** Makes a FIFO for the standard input. */
  input?: boolean
  /** A program in the place of the shell. */
  program?: string
  annotations?: Record<string, string>
  /** Puts the container into the host's pid namespace. */
  hostPids?: boolean
  /** Where output goes in place of a FIFO; empty for nowhere. */
  output?: string
}

/** The paths of a process's streams, and what comes out of those that are FIFOs. */
export interface Streams {
  stdin: string
  stdout: string
  stderr: string
  out: FifoReader
  err: FifoReader
}

/** A bundle as containerd makes it: config.json, an empty rootfs, the FIFO of the log. */
export class Bundle {
  readonly id: string
  readonly namespace: string
  readonly folder: string
  readonly terminal: boolean
  readonly streams: Streams
  /** What is to be mounted on its rootfs. */
  readonly rootfs: Mount[]

  private constructor(context: ShimContext, init: BundleInit) {
    this.id = context.name('c')
    this.namespace = init.namespace ?? context.name('ns')
    this.folder = path.join(context.folder, this.id)
    this.terminal = init.terminal ?? false
    this.rootfs = [{ type: 'bind', source: context.rootFileSystem, target: '', options: ['rbind', 'rw'] }]
    this.streams = nowhere(init.output ?? '')
  }

  static async create(context: ShimContext, script: string, init: BundleInit = {}): Promise<Bundle> {
    const bundle = new Bundle(context, init)
    await mkdir(path.join(bundle.folder, 'rootfs'), { recursive: true })
    readFifo(makeFifo(path.join(bundle.folder, 'log')))
    const args = init.program ? [init.program] : ['/bin/sh', '-c', script]
    const spec = baseSpec(`/${context.prefix}/${bundle.id}`, args)
    if (spec.process) spec.process.terminal = bundle.terminal
    if (init.annotations) spec.annotations = init.annotations
    if (init.hostPids && spec.linux)
      spec.linux.namespaces = spec.linux.namespaces?.filter(({ type }) => type !== 'pid') ?? []
    await writeFile(path.join(bundle.folder, 'config.json'), JSON.stringify(spec))
    if (init.output === undefined) Object.assign(bundle.streams, bundle.makeStreams('init', init.input ?? false))
    return bundle
  }

  /** FIFOs for a process; its output is read from now on. */
  makeStreams(name: string, input: boolean): Streams {
    const file = (stream: string) => makeFifo(path.join(this.folder, `${name}-${stream}`))
    const [stdout, stderr] = [file('stdout'), this.terminal ? '' : file('stderr')]
    const err = stderr === '' ? nothing : readFifo(stderr)
    return { stdin: input ? file('stdin') : '', stdout, stderr, out: readFifo(stdout), err }
  }
}

const nothing: FifoReader = { whole: Promise.resolve(Buffer.alloc(0)), text: () => '', close() {} }

function nowhere(output: string): Streams {
  return { stdin: '', stdout: output, stderr: output, out: nothing, err: nothing }
}
