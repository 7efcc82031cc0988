// SPDX-License-Identifier: Apache-2.0
// The daemon over the original containerd and its runc shim: what must hold when real processes are killed.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createEngineClient, decodeFrames, type EngineClient } from '@teu/engine-api'
import { cannotRun, startContainerd } from './original-containerd.ts'
import { shellArchive } from './shell-archive.ts'

const program = fileURLToPath(new URL('../src/bin/teu-engine.ts', import.meta.url))
const skip = cannotRun()

/** A daemon of its own, over a containerd of its own, in a network namespace of its own. */
class Daemon {
  readonly directory = mkdtempSync('/tmp/teu-oc-')
  readonly cgroupParent = `/teu-test-${randomBytes(4).toString('hex')}`
  client!: EngineClient
  #child: ChildProcess | undefined

  static async start(t: TestContext): Promise<Daemon> {
    const daemon = new Daemon()
    const containerd = await startContainerd(path.join(daemon.directory, 'cd'))
    t.after(async () => {
      // There is none to ask when it did not start.
      for (const { Id } of await daemon.client.containerList({ all: true }).catch(() => [])) {
        await daemon.client.containerRemove(Id, { force: true })
      }
      await daemon.kill('SIGTERM')
      await containerd[Symbol.asyncDispose]()
      for (const folder of globSync(`/sys/fs/cgroup/*${daemon.cgroupParent}`)) rmdirSync(folder)
      rmSync(daemon.directory, { recursive: true, force: true })
    })
    await daemon.open()
    for await (const _ of await daemon.client.imageLoad(shellArchive('busybox:latest')));
    return daemon
  }

  async open(): Promise<void> {
    const host = `unix://${this.directory}/e.sock`
    const flags = ['--data-root', `${this.directory}/data`, '--exec-root', `${this.directory}/exec`, '-H', host]
    const more = [
      '--containerd',
      `${this.directory}/cd/containerd.sock`,
      '--cgroup-parent',
      this.cgroupParent,
      '-l',
      'error',
    ]
    const node = [process.execPath, '--conditions=teu-source', program, ...flags, ...more]
    this.#child = spawn('unshare', ['--net', ...node], { stdio: ['ignore', 'inherit', 'inherit'] })
    this.client = createEngineClient({ host })
    for (let attempt = 0; ; attempt++) {
      try {
        await this.client.ping()
        return
      } catch (error) {
        if (attempt > 1000) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.client.close()
    const child = this.#child as ChildProcess
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
  }

  async create(cmd: string[], more: object = {}, host: object = {}): Promise<string> {
    const config = { Image: 'busybox', Cmd: cmd, ...more }
    return (await this.client.containerCreate({ config, hostConfig: { NetworkMode: 'none', ...host } })).Id
  }

  async output(stream: AsyncIterable<Uint8Array>): Promise<string> {
    let text = ''
    for await (const { payload } of decodeFrames(stream)) text += Buffer.from(payload).toString()
    return text
  }
}

test('a container runs, its output and its end are told, and nothing is left', { skip }, async (t) => {
  const daemon = await Daemon.start(t)
  const { client } = daemon
  const id = await daemon.create(['sh', '-c', 'cat; exit 3'], { OpenStdin: true, StdinOnce: true })
  const attached = await client.containerAttach(id, { stream: true, stdin: true, stdout: true, stderr: true })
  const { result } = await client.containerWait(id, { condition: 'next-exit' })
  await client.containerStart(id)
  attached.stream.write('typed\n')
  attached.closeWrite()
  assert.equal(await daemon.output(attached.stream), 'typed\n')
  assert.deepEqual(await result, { StatusCode: 3 })
  await client.containerRemove(id)
  assert.deepEqual(readdirSync(path.join(daemon.directory, 'exec/engine/containers')), [])
  assert.deepEqual(readdirSync(path.join(daemon.directory, 'data/engine/containers')), [])
})

test('killing the daemon loses no line that comes while there is none, and no exit code', { skip }, async (t) => {
  const daemon = await Daemon.start(t)
  const shared = path.join(daemon.directory, 'shared')
  mkdirSync(shared)
  // It prints once it is told to, which is while no daemon runs: what a daemon has read, and has not written when it is
  // killed, is lost. And it outlives every kill: what a container writes last while no daemon runs is lost with the
  // original's shim, which closes the FIFOs at the end.
  const line = 'echo line $i; i=$((i+1)); sleep 0.01'
  const burst = `until [ -e /shared/$r ]; do sleep 0.01; done; n=0; while [ $n -lt 35 ]; do n=$((n+1)); ${line}; done`
  const loop = `trap 'echo end; exit 7' TERM; i=0; for r in 0 1 2 3; do ${burst}; done; while :; do sleep 0.01; done`
  const id = await daemon.create(['sh', '-c', loop], {}, { Binds: [`${shared}:/shared`] })
  const short = await daemon.create(['sh', '-c', 'sleep 0.5; exit 9'])
  await daemon.client.containerStart(id)
  await daemon.client.containerStart(short)
  const logged = async () =>
    (await daemon.output(await daemon.client.containerLogs(id, { stdout: true }))).trim().split('\n')
  writeFileSync(path.join(shared, '0'), '')
  for (let round = 1; round <= 3; round++) {
    while ((await logged()).length < 35 * round) await new Promise((resolve) => setTimeout(resolve, 50))
    await daemon.kill('SIGKILL')
    writeFileSync(path.join(shared, `${round}`), '')
    await new Promise((resolve) => setTimeout(resolve, 200))
    await daemon.open()
  }
  while ((await logged()).length < 140) await new Promise((resolve) => setTimeout(resolve, 50))
  const { result } = await daemon.client.containerWait(id)
  await daemon.client.containerStop(id)
  assert.deepEqual(await result, { StatusCode: 7 })
  assert.deepEqual(await logged(), [...Array.from({ length: 140 }, (_, i) => `line ${i}`), 'end'])
  assert.deepEqual(await (await daemon.client.containerWait(short)).result, { StatusCode: 9 })
})

test('a terminal has its size, and an exec its own exit code and user', { skip }, async (t) => {
  const daemon = await Daemon.start(t)
  const { client } = daemon
  const id = await daemon.create(['sleep', '100'])
  await client.containerStart(id)
  const run = async (exec: { Cmd: string[]; Tty?: boolean; [option: string]: unknown }) => {
    const { Id } = await client.execCreate(id, { AttachStdout: true, AttachStderr: true, ...exec })
    const { stream } = await client.execAttach(Id, { Tty: exec.Tty ?? false, ConsoleSize: [31, 87] })
    const chunks = await stream.toArray()
    return { text: Buffer.concat(chunks).toString(), code: (await client.execInspect(Id)).ExitCode }
  }
  const terminal = await run({ Cmd: ['stty', 'size'], Tty: true, ConsoleSize: [31, 87] })
  assert.deepEqual(terminal, { text: '31 87\r\n', code: 0 })
  const user = await run({ Cmd: ['sh', '-c', 'id -u; exit 5'], User: 'nobody', Tty: true })
  assert.deepEqual(user, { text: '65534\r\n', code: 5 })
  assert.equal((await run({ Cmd: ['nosuch'] })).code, 127)
})
