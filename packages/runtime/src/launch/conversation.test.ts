// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { Duplex, duplexPair } from 'node:stream'
import { test } from 'node:test'
import { encodeRecord, RecordReader, type SyncRecord, syncLayouts } from '@teu/linux'
import type { Step } from '../program/program.ts'
import { awaitExecution, launchProgram } from './conversation.ts'

const steps: Step[] = [
  { kind: 'root', path: '/r' },
  { kind: 'lookup', name: 'x' },
  { kind: 'hook', path: '/a', args: [], env: [], options: 0, timeoutMilliseconds: 0, statePrefix: '', stateSuffix: '' },
  { kind: 'hook', path: '/b', args: [], env: [], options: 0, timeoutMilliseconds: 0, statePrefix: '', stateSuffix: '' },
]

/** Plays init: says `script`, and waits for `go` after what asks for it. */
function init(script: SyncRecord[]): { stream: Duplex; answers: () => number; program: () => Buffer } {
  const [ours, theirs] = duplexPair()
  const reader = new RecordReader(syncLayouts, 1024)
  let answers = 0
  let program: Buffer | undefined
  const next = () => {
    const record = script.shift()
    if (record === undefined) theirs.end()
    else theirs.write(encodeRecord(syncLayouts, record))
    if (record && ['ready', 'failure'].includes(record.kind)) next()
  }
  theirs.on('data', (chunk: Buffer) => {
    if (program === undefined) {
      program = chunk
      return next()
    }
    for (const _ of reader.push(chunk)) {
      answers++
      next()
    }
  })
  return { stream: ours, answers: () => answers, program: () => program ?? Buffer.alloc(0) }
}

const request = { stdio: ['ignore', 'ignore', 'ignore'], extraFds: [] } as const
const compiles = (program: readonly Step[]) => async () => program
const launcher = (stream: Duplex) => async () => ({ channel: stream, pid: 1, ownsChild: false })

test('the conversation runs in order and ends at ready', async () => {
  const calls: string[] = []
  const peer = init([
    { kind: 'map-ids', pid: 5 },
    { kind: 'pid', pid: 7, placed: 1, waits: 1 },
    { kind: 'hooks' },
    { kind: 'ready' },
  ])
  const ready = await launchProgram(launcher(peer.stream), request, compiles(steps), {
    mapIds: async (pid) => void calls.push(`map ${pid}`),
    created: async (pid) => void calls.push(`created ${pid}`),
    hooks: async () => void calls.push('hooks'),
  })
  assert.equal(ready.pid, 7)
  assert.deepEqual(calls, ['map 5', 'created 7', 'hooks'])
  assert.equal(peer.answers(), 3)
  assert.equal(peer.program().readUInt32LE(12), steps.length)
  await awaitExecution(ready.channel, steps)
})

test('an init that enters its cgroup by itself is not told to go', async () => {
  const seen: boolean[] = []
  const [ours, theirs] = duplexPair()
  for (const record of [{ kind: 'pid', pid: 7, placed: 1, waits: 0 }, { kind: 'ready' }] as const) {
    theirs.write(encodeRecord(syncLayouts, record))
  }
  const ready = await launchProgram(launcher(ours), request, compiles([]), {
    created: async (_, placed) => void seen.push(placed),
  })
  assert.equal(ready.pid, 7)
  assert.deepEqual(seen, [true])
  assert.equal((theirs.read() as Buffer).length, 16, 'nothing but the program was sent')
})

test('a failure to enter a cgroup names it', async () => {
  const program: Step[] = [
    { kind: 'open', slot: 16, path: '/c/cpuset/x/tasks', flags: 1 },
    { kind: 'join-cgroup', slot: 16 },
    { kind: 'root', path: '/r' },
  ]
  const peer = init([{ kind: 'failure', step: 1, code: 28, text: 'join the cgroup: no space left on device' }])
  await assert.rejects(launchProgram(launcher(peer.stream), request, compiles(program), { created: async () => {} }), {
    message:
      'unable to start container process: error during container init: unable to apply cgroup configuration: ' +
      '/c/cpuset/x/tasks: join the cgroup: no space left on device',
  })
})

test('a failure names the step in the words of the original', async () => {
  const fails = (failure: SyncRecord) =>
    launchProgram(launcher(init([failure]).stream), request, compiles(steps), { created: async () => {} })
  await assert.rejects(fails({ kind: 'failure', step: 1, code: 2, text: 'exec: "x": not there' }), {
    message: 'unable to start container process: exec: "x": not there',
    code: 'invalid-argument',
  })
  await assert.rejects(fails({ kind: 'failure', step: 3, code: 0, text: 'exit status 1' }), {
    message: 'unable to start container process: error during container init: error running hook #1: exit status 1',
  })
})

test('what joins a container has none to set up', async () => {
  const program: Step[] = [{ kind: 'apparmor', profile: 'p' }]
  const failure: SyncRecord = { kind: 'failure', step: 0, code: 22, text: 'apparmor failed' }
  const launch = (more: Step[]) =>
    launchProgram(launcher(init([failure]).stream), request, compiles([...program, ...more]), {
      created: async () => {},
    })
  await assert.rejects(launch([]), { message: 'unable to start container process: apparmor failed' })
  await assert.rejects(launch([{ kind: 'root', path: '/r' }]), {
    message:
      'unable to start container process: error during container init: unable to apply apparmor profile: apparmor failed',
  })
})

test('an end before ready, an unknown answer and a failing handler are errors', async () => {
  const launch = (script: SyncRecord[], created = async () => {}) =>
    launchProgram(launcher(init(script).stream), request, compiles(steps), { created })
  await assert.rejects(launch([{ kind: 'pid', pid: 7, placed: 1, waits: 1 }]), /init ended before it was ready/)
  await assert.rejects(launch([{ kind: 'go' }]), /init ended before it was ready/)
  await assert.rejects(
    launch([{ kind: 'pid', pid: 7, placed: 1, waits: 1 }], async () => {
      throw new Error('no cgroup')
    }),
    /no cgroup/,
  )
})

test('an init whose program cannot be made is ended', async () => {
  const peer = init([])
  const compile = async () => {
    throw new Error('no program')
  }
  await assert.rejects(
    launchProgram(launcher(peer.stream), request, compile, { created: async () => {} }),
    /no program/,
  )
  assert.ok(peer.stream.destroyed)
  const unlaunched = async () => {
    throw new Error('no init')
  }
  await assert.rejects(launchProgram(unlaunched, request, compiles(steps), { created: async () => {} }), /no init/)
})

test('a failure to execute comes after ready', async () => {
  const peer = init([
    { kind: 'pid', pid: 7, placed: 1, waits: 1 },
    { kind: 'ready' },
    { kind: 'failure', step: 1, code: 8, text: 'exec /x: exec format error' },
  ])
  const ready = await launchProgram(launcher(peer.stream), request, compiles(steps), { created: async () => {} })
  await assert.rejects(awaitExecution(ready.channel, steps), /exec \/x: exec format error/)
})

test('bytes that are no message end the launch', async () => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  stream.push(Buffer.from('0000000000000000', 'utf8'))
  await assert.rejects(
    launchProgram(launcher(stream), request, compiles(steps), { created: async () => {} }),
    /over the limit|unknown record/,
  )
})
