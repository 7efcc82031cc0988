// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, globSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { isProcessRunning, readProcessStat } from '@teu/linux'
import { type Sandbox, type SandboxOptions, sandbox } from '@teu/runtime'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

test('a command runs as nobody, with nothing of the host but its programs', rooted, async () => {
  await using place = new Place()
  const script =
    'id -u; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; ls /; cat /etc/shadow; touch /x /usr/x; ls /proc; echo ok > /tmp/x && cat /tmp/x; exit 7'
  const { output, errors, exit } = await place.run(['sh', '-c', script])
  assert.match(output, /^65534\n/)
  for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) assert.match(output, new RegExp(`Cap${set}:\\t0{16}`))
  assert.match(output, /NoNewPrivs:\t1\nSeccomp:\t2\n/)
  assert.match(output, /^usr$/m)
  assert.doesNotMatch(output, /^(home|root|var|work|srv)$/m)
  assert.match(output, /^ok$/m)
  assert.match(errors, /\/etc\/shadow'?: No such file/)
  assert.match(errors, /\/x'?: Read-only file system/)
  assert.match(errors, /\/usr\/x'?: Read-only file system/)
  assert.deepEqual(exit, { exitCode: 7, outOfMemory: false })
})

test('input, output and errors are streams', rooted, async () => {
  await using place = new Place()
  await using box = await place.start(['sh', '-c', 'tr a-z A-Z; echo done >&2'])
  const output = text(box.stdout)
  const errors = text(box.stderr)
  box.stdin.end('hello '.repeat(100_000))
  assert.equal(await output, 'HELLO '.repeat(100_000))
  assert.equal(await errors, 'done\n')
  assert.equal((await box.exited).exitCode, 0)
})

test('there is no network unless it is asked for', rooted, async (t) => {
  if (!existsSync('/bin/bash')) return t.skip('needs a shell that opens connections')
  const server = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await using place = new Place()
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && tail -n 1 <&3`
  assert.notEqual((await place.run(['bash', '-c', script])).exit.exitCode, 0)
  assert.equal((await place.run(['bash', '-c', script], { network: 'host' })).output, 'reached')
})

test('a signal ends everything in the sandbox, and is the reason', rooted, async () => {
  await using place = new Place()
  const controller = new AbortController()
  await using box = await place.start(['sh', '-c', 'sleep 1000 & sleep 1000 & wait'], { signal: controller.signal })
  const start = readProcessStat(box.pid)?.startTime as bigint
  controller.abort(new Error('enough'))
  await assert.rejects(box.exited, /enough/)
  assert.equal(isProcessRunning(box.pid, start), false)
  await assert.rejects(place.start(['true'], { signal: AbortSignal.abort(new Error('never')) }), /never/)
})

test('limits hold', rooted, async () => {
  await using place = new Place()
  const hungry = await place.run(['sh', '-c', 'head -c 500m /dev/zero | tail > /dev/null'], {
    limits: { memoryBytes: 32 << 20 },
  })
  assert.equal(hungry.exit.outOfMemory, true)
  const many = await place.run(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; wait'], {
    limits: { pids: 5 },
  })
  assert.match(many.errors, /[Cc]annot fork|Resource temporarily unavailable/)
  const { errors } = await place.run(['dd', 'if=/dev/zero', 'of=/tmp/x', 'bs=1024', 'count=3000'], {
    limits: { tmpBytes: 1 << 20 },
  })
  assert.match(errors, /No space left on device/)
  const files = await place.run(['sh', '-c', 'ulimit -n; ulimit -c'], { limits: { openFiles: 77 } })
  assert.equal(files.output, '77\n0\n')
})

test('calls that an ordinary program does not make are refused', rooted, async () => {
  await using place = new Place()
  const { output } = await place.run([
    'sh',
    '-c',
    'unshare -U true; mount -t tmpfs x /tmp; setpriv --list-caps | head -n 1; dmesg',
  ])
  assert.equal(output.includes('tmpfs'), false)
  const denied = await place.run(['unshare', '-U', 'true'])
  assert.match(denied.errors, /Operation not permitted/)
  assert.notEqual(denied.exit.exitCode, 0)
})

test('more of the host is shown where it is asked for, and written only with leave', rooted, async () => {
  await using place = new Place()
  const shared = join(place.workshop.directory, 'shared')
  mkdirSync(shared)
  chmodSync(shared, 0o777)
  writeFileSync(join(shared, 'file'), 'content\n')
  const mount = { source: shared, destination: '/data' }
  const read = await place.run(['sh', '-c', 'cat /data/file; touch /data/made'], { mounts: [mount] })
  assert.equal(read.output, 'content\n')
  assert.match(read.errors, /Read-only file system/)
  await place.run(['touch', '/data/made'], { mounts: [{ ...mount, writable: true }] })
  assert.ok(existsSync(join(shared, 'made')))
  await assert.rejects(place.run(['true'], { mounts: [{ source: 'x', destination: '/x' }] }), {
    code: 'invalid-argument',
  })
})

test('a root, an environment and a working directory of its own', rooted, async () => {
  await using place = new Place()
  const rootfs = join(place.workshop.bundle([]), 'rootfs')
  const options = { rootfs, env: { PATH: '/bin', A: 'b' }, cwd: '/bin' }
  const { output } = await place.run(['sh', '-c', 'pwd; echo $A; ls /usr; touch /made && echo made'], options)
  assert.equal(output, '/bin\nb\n')
  chmodSync(rootfs, 0o777)
  const writable = await place.run(['touch', '/made'], { ...options, writableRoot: true })
  assert.equal(writable.exit.exitCode, 0)
  assert.ok(existsSync(join(rootfs, 'made')))
})

test('a command that is not there is an error, and leaves nothing', rooted, async () => {
  await using place = new Place()
  await assert.rejects(place.start(['no-such-program']), {
    code: 'invalid-argument',
    message: 'unable to start container process: exec: "no-such-program": executable file not found in $PATH',
  })
  await assert.rejects(place.start([]), { code: 'invalid-argument' })
})

const script = join(import.meta.dirname, 'kit/sandbox-program.ts')
const program = ['--conditions=teu-source', script]

test('who is not root has sandboxes in a user namespace', rooted, async (t) => {
  await using place = new Place()
  const state = join(place.workshop.directory, 'nobody')
  mkdirSync(state)
  chmodSync(place.workshop.directory, 0o755)
  await promisify(execFile)('chown', ['65534:65534', state])
  const options = { uid: 65_534, gid: 65_534, env: { XDG_RUNTIME_DIR: state }, cwd: '/' }
  const ran = await promisify(execFile)(process.execPath, [...program, 'report'], options).catch((error) => {
    if (/EACCES.*sandbox-program/s.test(error.stderr)) return undefined
    throw error
  })
  if (ran === undefined) return t.skip('the sources cannot be read by an unprivileged user')
  const report = JSON.parse(ran.stdout)
  assert.match(report.output, /^65534\nCapEff:\t0{16}\nCapBnd:\t0{16}\n +65534 +65534 +1\nlo\n/)
  assert.deepEqual(report.exit, { exitCode: 3, outOfMemory: false })
  assert.match(report.errors, /Read-only file system/)
  assert.equal(report.hungry, '', 'it had more memory than its limit')
  assert.match(report.many, /[Cc]annot fork|Resource temporarily unavailable/)
  assert.match(report.cpus, /needs a cgroup/)
  assert.deepEqual(readdirSync(state), [], 'the last one takes the folder of all along')
})

test('sandboxes that come and go at once make and remove what they share, and leave nothing', rooted, async () => {
  const churn = [...program, 'churn', '12']
  await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, churn)))
  const shared = () => [
    ...globSync('/sys/fs/cgroup{,/*}/teu-sandbox').filter((cgroup) => globSync(`${cgroup}/*/`).length === 0),
    ...globSync('/run/teu-sandbox/*').filter((folder) => readdirSync(folder).length === 0),
  ]
  // Another program on this machine may have sandboxes: between its steps a folder of its own is empty.
  const deadline = performance.now() + 5000
  while (shared().length > 0 && performance.now() < deadline) await new Promise((done) => setTimeout(done, 20))
  assert.deepEqual(shared(), [])
})

test('a sandbox dies with its owner, and the next one sweeps up', rooted, async () => {
  await using place = new Place()
  const child = spawn(process.execPath, [...program, 'stay', place.state, place.workshop.cgroup])
  const [pid] = String((await once(child.stdout, 'data'))[0]).split('\n')
  const start = readProcessStat(Number(pid))?.startTime as bigint
  assert.ok(isProcessRunning(Number(pid), start))
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
  const deadline = performance.now() + 10_000
  while (isProcessRunning(Number(pid), start) && performance.now() < deadline)
    await new Promise((done) => setTimeout(done, 5))
  assert.equal(isProcessRunning(Number(pid), start), false)
  assert.equal(readdirSync(join(place.state, 'state')).length, 1)
  await place.run(['true'])
})

/** Where sandboxes of a test are; disposing of it proves that nothing of them is left. */
class Place implements AsyncDisposable {
  readonly workshop = new Workshop()
  readonly state = join(this.workshop.directory, 'sandboxes')

  start(args: string[], options: SandboxOptions = {}): Promise<Sandbox> {
    return sandbox(args, { stateDirectory: this.state, cgroupParent: this.workshop.cgroup, ...options })
  }

  async run(args: string[], options: SandboxOptions = {}) {
    await using box = await this.start(args, options)
    box.stdin.end()
    const [output, errors] = await Promise.all([text(box.stdout), text(box.stderr)])
    return { output, errors, exit: await box.exited }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of ['state', 'roots']) {
      const folder = join(this.state, part)
      assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], [], `${part} are left`)
    }
    await this.workshop[Symbol.asyncDispose]()
    assert.deepEqual(globSync(`/sys/fs/cgroup{,/*}${this.workshop.cgroup}`), [])
  }
}
