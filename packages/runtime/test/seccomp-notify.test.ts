// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import type { ContainerProcessState, LinuxSeccomp, LinuxSyscall } from '@teu/oci-spec/runtime'
import { rooted } from './kit/root.ts'
import { type SpecChange, Workshop } from './kit/workshop.ts'

const directory = mkdtempSync(join(tmpdir(), 'teu-agent-'))
const program = join(directory, 'agent')
const source = join(
  dirname(createRequire(import.meta.url).resolve('@teu/linux/package.json')),
  'native/test/seccomp-agent.c',
)
const built = spawnSync('cc', ['-std=gnu11', '-Wall', '-Wextra', '-Werror', source, '-o', program], {
  encoding: 'utf8',
})
after(() => rmSync(directory, { recursive: true }))
const withAgent = { ...rooted, skip: rooted.skip || (built.error ? 'needs a C compiler' : false) }

const mkdirs: LinuxSyscall = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_NOTIFY' }
const profile = (listenerPath: string): LinuxSeccomp => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_AARCH64'],
  listenerPath,
  listenerMetadata: 'meta "data"',
  syscalls: [mkdirs],
})

test('an agent gets the listener with the state, and answers the calls', withAgent, async () => {
  assert.equal(built.status, 0, built.stderr)
  await using workshop = new Workshop()
  for (const noNewPrivileges of [true, false]) {
    await using agent = await Agent.start(join(workshop.directory, `agent-${noNewPrivileges}`))
    const bundle = workshop.bundle(['sh', '-c', 'mkdir /tmp/x; touch /tmp/y && echo made'], (spec) => {
      spec.linux.seccomp = profile(agent.path)
      spec.process.noNewPrivileges = noNewPrivileges
      spec.annotations = { 'a.b': 'c' }
      withTmp(spec)
    })
    const { output } = await workshop.runBundle(bundle)
    assert.equal(output, "mkdir: cannot create directory '/tmp/x': No medium found\nmade\n")
    const { fds, metadata, pid, state, ociVersion } = await agent.state
    assert.deepEqual(fds, ['seccompFd'])
    assert.equal(metadata, 'meta "data"')
    assert.ok(pid > 1)
    assert.ok(ociVersion.startsWith('1.'))
    assert.deepEqual(
      { ...state, id: '', ociVersion: '' },
      {
        ociVersion: '',
        id: '',
        status: 'creating',
        pid,
        bundle,
        annotations: { 'a.b': 'c' },
      },
    )
  }
})

test('an exec has a filter and a listener of its own', withAgent, async () => {
  await using workshop = new Workshop()
  const path = join(workshop.directory, 'agent')
  let initPid = 0
  let id = ''
  {
    await using agent = await Agent.start(path)
    id = await workshop.running((spec) => {
      spec.linux.seccomp = profile(path)
      withTmp(spec)
    })
    initPid = (await agent.state).pid
    assert.equal((await workshop.runtime.state(id)).pid, initPid)
  }
  rmSync(path)
  await using agent = await Agent.start(path)
  const { output } = await workshop.exec(id, ['mkdir', '/tmp/x'])
  assert.match(output, /No medium found/)
  const { pid, state } = await agent.state
  assert.notEqual(pid, initPid)
  assert.deepEqual([state.status, state.pid, state.id], ['running', initPid, id])
})

test('an agent that is not there or not named is an error of create', rooted, async () => {
  await using workshop = new Workshop()
  const refused = (seccomp: LinuxSeccomp) =>
    workshop.run(['true'], (spec) => {
      spec.linux.seccomp = seccomp
    })
  await assert.rejects(
    refused(profile(join(workshop.directory, 'nobody'))),
    /failed to connect with seccomp agent specified in the seccomp profile: connect to .*nobody: no such file/,
  )
  await assert.rejects(refused(profile('')), /listenerPath is not set$/)
  const everything = { ...profile('/x'), defaultAction: 'SCMP_ACT_NOTIFY' } as const
  await assert.rejects(refused(everything), /SCMP_ACT_NOTIFY cannot be/)
  const writes = { ...profile('/x'), syscalls: [{ names: ['write'], action: 'SCMP_ACT_NOTIFY' }] } as LinuxSeccomp
  await assert.rejects(refused(writes), /SCMP_ACT_NOTIFY cannot be used for the write syscall/)
})

test('a path without an action that notifies is passed over', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(['echo', 'ran'], (spec) => {
    spec.linux.seccomp = { ...profile('/nobody/listens/here'), syscalls: [] }
  })
  assert.equal(output, 'ran\n')
})

const withTmp: SpecChange = (spec) => {
  spec.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'tmpfs' })
}

/** A running agent; disposing of it ends it. */
class Agent implements AsyncDisposable {
  readonly path: string
  /** What came with the listener. */
  readonly state: Promise<ContainerProcessState>
  readonly #child: ChildProcessWithoutNullStreams

  private constructor(path: string, child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>) {
    this.path = path
    this.#child = child
    this.state = lines.next().then(({ value }) => JSON.parse(value))
    this.state.catch(() => {})
  }

  static async start(path: string): Promise<Agent> {
    const child = spawn(program, [path])
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    assert.deepEqual(await lines.next(), { value: 'listening', done: false })
    return new Agent(path, child, lines)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}
