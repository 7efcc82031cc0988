// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { type DockerdOptions, docker, startContainerd, startDockerd, stopDockerd } from './originals.ts'
import { imageArchive } from './programs.ts'
import { type RunResult, type Sandbox, until } from './sandbox.ts'
import { Terminal } from './terminal.ts'

/** One dockerd and one of its runtimes: what is said to one is said to all, and the answers are compared. */
export interface Column {
  name: string
  /** In the names of its containers. */
  key: string
  socket: string
  runtime: string
}

/** How the dockerds of the columns, and the containerds below them, are started. */
export type ColumnOptions = Omit<DockerdOptions, 'name' | 'env'>

/** Kills every dockerd with its containerd, as a crash would, does something meanwhile, and starts them again on what is there. */
export type Crash = (meanwhile: () => Promise<void>) => Promise<void>

/**
 * Runs `body` with runc under Debian's dockerd first, then our runtime in its place, then our shim and runtime; busybox
 * is loaded. dockerd 20.10 knows no shim but runc's: ours takes its name, in a folder that comes first for one dockerd.
 */
export async function withColumns(
  sandbox: Sandbox,
  body: (columns: Column[], crash: Crash) => Promise<void>,
  { flags = ['--bridge=none'], under = [] }: ColumnOptions = {},
): Promise<void> {
  const shared = { flags: [...flags, '--add-runtime', `teu=${sandbox.path('bin', 'teu-runtime')}`], under }
  mkdirSync(sandbox.path('first'))
  symlinkSync(sandbox.path('bin', 'containerd-shim-teu-v1'), sandbox.path('first', 'containerd-shim-runc-v2'))
  const env = { PATH: `${sandbox.path('first')}:${sandbox.env.PATH}` }
  const start = () => Promise.all([startPair(sandbox, '1', shared), startPair(sandbox, '2', { ...shared, env })])
  let pairs = await start()
  const [original, ours] = pairs
  for (const { dockerd } of pairs) {
    const loaded = await docker(sandbox, dockerd.socket, 'load', '-i', imageArchive('busybox'))
    assert.equal(loaded.status, 0, loaded.stderr)
  }
  const columns: Column[] = [
    { name: 'runc', key: 'a', socket: original.dockerd.socket, runtime: 'runc' },
    { name: 'teu-runtime', key: 'b', socket: original.dockerd.socket, runtime: 'teu' },
    { name: 'our shim and runtime', key: 'c', socket: ours.dockerd.socket, runtime: 'teu' },
  ]
  const crash: Crash = async (meanwhile) => {
    const daemons = pairs.flatMap(({ containerd, dockerd }) => [dockerd.process, containerd.process])
    await Promise.all(daemons.map((daemon) => sandbox.stop(daemon, 'SIGKILL')))
    await meanwhile()
    pairs = await start()
  }
  try {
    await body(columns, crash)
  } finally {
    for (const { dockerd } of pairs) await removeContainers(sandbox, dockerd.socket)
    await Promise.all(pairs.map(({ dockerd }) => stopDockerd(sandbox, dockerd)))
  }
}

/**
 * A dockerd on a containerd that it finds, as Debian's service does, in one mount namespace: of one that it starts itself
 * it thinks on a busy machine that it hangs, and kills it.
 */
async function startPair(sandbox: Sandbox, key: string, { flags = [], under, ...options }: DockerdOptions) {
  const containerd = await startContainerd(sandbox, { ...options, name: `c${key}`, ...(under && { under }) })
  const dockerd = await startDockerd(sandbox, {
    ...options,
    name: `d${key}`,
    flags: [...flags, `--containerd=${containerd.socket}`],
    under: ['nsenter', `--mount=/proc/${containerd.process.pid}/ns/mnt`, '--'],
  })
  return { containerd, dockerd }
}

/** What a failure left must not hide it behind a list of leaks. */
async function removeContainers(sandbox: Sandbox, socket: string): Promise<void> {
  const { stdout } = await docker(sandbox, socket, 'ps', '-aq')
  const left = stdout.split('\n').filter(Boolean)
  if (left.length > 0) await docker(sandbox, socket, 'rm', '-f', ...left)
}

/** The docker CLI as one column's user has it: every container gets the column's runtime and names of its own. */
export class Docker {
  readonly column: Column
  readonly #sandbox: Sandbox

  constructor(sandbox: Sandbox, column: Column) {
    this.#sandbox = sandbox
    this.column = column
  }

  /** The container's name that nobody else uses on the same dockerd; results are told without what makes it so. */
  name(container: string): string {
    return `${this.column.key}.${container}`
  }

  /** Whether it is our shim that holds the containers, under whatever runtime. */
  get isOurShim(): boolean {
    return this.column.key === 'c'
  }

  /** Any command; what it printed is plain. */
  async run(...args: string[]): Promise<Pick<RunResult, 'status' | 'stdout' | 'stderr'>> {
    return this.#tell(await docker(this.#sandbox, this.column.socket, ...args))
  }

  /** A command that is given `input`. */
  async feed(input: string, ...args: string[]): Promise<Pick<RunResult, 'status' | 'stdout' | 'stderr'>> {
    return this.#tell(await this.#sandbox.run('docker', ['-H', `unix://${this.column.socket}`, ...args], { input }))
  }

  /** What a command that must succeed printed. */
  async output(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...args)
    assert.equal(status, 0, `docker ${args.join(' ')}\n${stdout}${stderr}`)
    return stdout
  }

  /** The words of `docker run`, `-d` and all, for a container of busybox without a network. */
  words(container: string, flags: readonly string[], ...command: string[]): string[] {
    const { runtime } = this.column
    const network = flags.includes('--network') ? [] : ['--network', 'none']
    return ['run', '--name', this.name(container), '--runtime', runtime, ...network, ...flags, 'busybox', ...command]
  }

  /** Starts a container in the background that runs a script; its name. */
  async start(container: string, flags: readonly string[], script: string): Promise<string> {
    await this.output(...this.words(container, ['-d', ...flags], 'sh', '-c', script))
    return this.name(container)
  }

  /** A command on a terminal. */
  terminal(...args: string[]): Terminal {
    return new Terminal(this.#sandbox, 'docker', ['-H', `unix://${this.column.socket}`, ...args])
  }

  /** A field of `docker inspect`, as JSON has it. */
  async inspect(name: string, field: string): Promise<unknown> {
    return JSON.parse(await this.output('inspect', '-f', `{{json ${field}}}`, name))
  }

  /** What dockerd said so far that happened to a container. */
  async actions(name: string): Promise<string[]> {
    const now = (Date.now() / 1000).toFixed(3)
    const filter = ['--filter', `container=${name}`]
    const said = await this.output('events', '--since', '1h', '--until', now, ...filter, '--format', '{{.Action}}')
    return said.split('\n').filter(Boolean)
  }

  /** The command lines of a container's processes, as the host's ps has them, in order of the alphabet. */
  async processes(name: string): Promise<string[]> {
    const lines = (await this.output('top', name, '-o', 'pid,args')).trimEnd().split('\n').slice(1)
    return lines.map((line) => line.replace(/^ *\d+ +/, '')).sort()
  }

  /** The same, once `programs` are all among them: who forks has not executed yet. */
  async processesWith(name: string, ...programs: string[]): Promise<string[]> {
    return until(`${programs} run in ${name}`, async () => {
      const rest = await this.processes(name)
      const found = [...rest]
      for (const program of programs) {
        const index = rest.indexOf(program)
        if (index < 0) return undefined
        rest.splice(index, 1)
      }
      return found
    })
  }

  /** Without what differs between runs, daemons and columns. */
  plain(text: string): string {
    return (
      text
        .replaceAll(`${this.column.key}.`, '')
        .replaceAll(/[0-9a-f]{64}/g, 'ID64')
        .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID12')
        // A program that failed is named, and says in its error what it was doing; a library is no program.
        .replaceAll(/(OCI runtime (\w+) failed: )((runc |teu-runtime )?\2 failed: )?/g, '$1')
        .replaceAll(/\S+ did not terminate successfully: exit status \d+: ([^\n]*)\n: /g, '$1: ')
    )
  }

  #tell({ status, stdout, stderr }: RunResult): Pick<RunResult, 'status' | 'stdout' | 'stderr'> {
    return { status, stdout: this.plain(stdout), stderr: this.plain(stderr) }
  }
}
