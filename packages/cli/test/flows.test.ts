// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Script, type ScriptedContainerOptions, scriptedContainer } from './fake-container.ts'
import { FakeEngine, frame } from './fake-engine.ts'
import { type Invocation, type InvokeOptions, invoke, original, ours } from './invoke.ts'

const programs: [string, readonly string[]][] = [original ? ['docker', original] : ['ours', ours]]

/** Runs one line by every program, each against an engine of its own, and checks both alike. */
function flow(
  name: string,
  args: readonly string[],
  script: Script,
  check: (outcome: Invocation, engine: FakeEngine) => void | Promise<void>,
  options: InvokeOptions & ScriptedContainerOptions = {},
): void {
  for (const [label, command] of programs) {
    // Only against hanging: on a loaded machine a start from source takes many seconds.
    test(`${name} (${label})`, { timeout: 120_000 }, async () => {
      await using engine = await FakeEngine.start(scriptedContainer(script, options))
      await check(await invoke(command, args, { ...options, host: engine.host }), engine)
    })
  }
}

const shortCalls = ({ calls }: FakeEngine) => calls.map((call) => call.replace(/\/[0-9a-f]{64}/, '/ID'))

flow(
  'run passes output and the exit status on',
  ['run', '--rm', 'busybox', 'sh'],
  async ({ stdout, stderr }) => {
    stdout('out\n')
    stderr('err\n')
    return 7
  },
  (outcome, engine) => {
    assert.deepEqual(outcome, { status: 7, stdout: 'out\n', stderr: 'err\n' })
    assert.deepEqual(shortCalls(engine), [
      'POST /containers/create',
      'POST /containers/ID/attach',
      'POST /containers/ID/wait',
      'POST /containers/ID/start',
    ])
    assert.equal(engine.requests.find(({ path }) => path.endsWith('/wait'))?.query.condition, 'removed')
  },
)

flow(
  'run -i half-closes and still prints what comes after the end of input',
  ['run', '-i', 'busybox', 'wc'],
  async ({ input, stdout }) => {
    let count = 0
    for await (const chunk of input) count += chunk.length
    await delay(50)
    stdout(`${count}\n`)
    return 0
  },
  (outcome) => assert.deepEqual(outcome, { status: 0, stdout: '300000\n', stderr: '' }),
  { input: 'x'.repeat(300_000) },
)

flow(
  'run -d prints the id and does not attach',
  ['run', '-d', 'busybox'],
  async () => 0,
  (outcome, engine) => {
    assert.deepEqual([outcome.status, outcome.stderr], [0, ''])
    assert.match(outcome.stdout, /^[0-9a-f]{64}\n$/)
    assert.deepEqual(shortCalls(engine), [
      'POST /containers/create',
      'POST /containers/ID/wait',
      'POST /containers/ID/start',
    ])
  },
)

flow(
  'run pulls an image that is missing, with its progress on standard error',
  ['run', 'busybox'],
  async ({ stdout }) => {
    stdout('hi')
    return 0
  },
  (outcome, engine) => {
    assert.equal(outcome.stdout, 'hi')
    assert.equal(
      outcome.stderr,
      "Unable to find image 'busybox:latest' locally\nlatest: Pulling from library/busybox\nStatus: done\n",
    )
    assert.deepEqual(engine.requests.find(({ path }) => path === '/images/create')?.query, {
      fromImage: 'docker.io/library/busybox',
      tag: 'latest',
    })
  },
  { missingImage: true },
)

flow(
  'run --pull never fails when the image is missing',
  ['run', '--pull', 'never', 'busybox'],
  async () => 0,
  ({ status, stderr }) => {
    assert.equal(status, 125)
    const said = 'docker: Error response from daemon: No such image: busybox:latest'
    assert.equal(stderr, `${said}\n\nRun 'docker run --help' for more information\n`)
  },
  { missingImage: true },
)

for (const [status, message] of [
  [127, 'exec: "nope": executable file not found in $PATH: unknown'],
  [127, 'exec: "/nope": stat /nope: no such file or directory: unknown'],
  [126, 'exec: "/etc": permission denied: unknown'],
  [126, 'exec: "/etc": is a directory: unknown'],
  [125, 'driver failed programming external connectivity'],
] as const) {
  flow(
    `run ends with ${status} when start says ${message}`,
    ['run', 'busybox', 'nope'],
    async () => 0,
    (outcome) => {
      assert.equal(outcome.status, status)
      const said = `docker: Error response from daemon: ${message}`
      assert.equal(outcome.stderr, `${said}\n\nRun 'docker run --help' for more information\n`)
    },
    { startFailure: { status: 400, message } },
  )
}

flow(
  'run forwards a signal and passes the status on',
  ['run', 'busybox', 'sleep'],
  async ({ killed, stdout }) => {
    stdout('ready\n')
    stdout(`${await killed}\n`)
    return 143
  },
  (outcome) => assert.deepEqual(outcome, { status: 143, stdout: 'ready\nTERM\n', stderr: '' }),
  { signals: [{ when: (stdout) => stdout === 'ready\n', name: 'SIGTERM' }] },
)

flow(
  'a failure that the engine sends inside the stream is an error',
  ['run', 'busybox'],
  async ({ socket }) => {
    socket.write(frame(3, 'disk is full'))
    return 0
  },
  ({ status, stderr }) => {
    assert.equal(status, 1)
    assert.equal(stderr, 'error from daemon in stream: disk is full\n')
  },
)

flow(
  'exec passes streams and the exit status on',
  ['exec', '-i', '-e', 'A=b', '-w', '/w', '-u', '1', 'web', 'cat', '-n'],
  async ({ input, stdout, stderr }) => {
    stderr('e')
    for await (const chunk of input) stdout(chunk.toUpperCase())
    return 3
  },
  (outcome, engine) => {
    assert.deepEqual(outcome, { status: 3, stdout: 'TYPED', stderr: 'e' })
    assert.deepEqual(engine.calls, [
      'GET /containers/web/json',
      'POST /containers/web/exec',
      'POST /exec/e1/start',
      'GET /exec/e1/json',
    ])
    const body = JSON.parse(String(engine.requests.find(({ path }) => path === '/containers/web/exec')?.body))
    assert.deepEqual(body.Cmd, ['cat', '-n'])
    assert.deepEqual([body.Env, body.WorkingDir, body.User], [['A=b'], '/w', '1'])
    assert.deepEqual([body.AttachStdin, body.AttachStdout, body.AttachStderr], [true, true, true])
  },
  { input: 'typed' },
)

flow(
  'exec -d starts and leaves',
  ['exec', '-d', 'web', 'true'],
  async () => 0,
  (outcome, engine) => {
    assert.deepEqual(outcome, { status: 0, stdout: '', stderr: '' })
    assert.equal(JSON.parse(String(engine.requests.at(-1)?.body)).Detach, true)
  },
)

flow(
  'start -a attaches before it starts',
  ['start', '-a', 'web'],
  async ({ stdout }) => {
    stdout('again\n')
    return 5
  },
  (outcome, engine) => {
    assert.deepEqual(outcome, { status: 5, stdout: 'again\n', stderr: '' })
    const order = shortCalls(engine).filter((call) => /attach|start/.test(call))
    assert.deepEqual(order, ['POST /containers/ID/attach', 'POST /containers/ID/start'])
  },
)

flow(
  'a flood of output arrives whole',
  ['run', 'busybox', 'yes'],
  async ({ stdout, socket }) => {
    for (let chunk = 0; chunk < 1000; chunk++) {
      stdout('x'.repeat(32_760))
      if (socket.writableNeedDrain) await new Promise((resolve) => socket.once('drain', resolve))
    }
    return 0
  },
  ({ status, stdout, stderr }) => assert.deepEqual([status, stdout.length, stderr], [0, 32_760_000, '']),
)

for (const [label, command] of programs) {
  test(`logs sends each stream to its own, with the options as query (${label})`, async () => {
    await using engine = await FakeEngine.start({
      'GET /containers/web/json': ({ json }) => json({ Id: 'abc', Config: { Tty: false } }),
      'GET /containers/abc/logs': ({ response }) => {
        response.writeHead(200, { 'Content-Type': 'application/vnd.docker.multiplexed-stream' })
        response.write(frame(1, 'one\n').subarray(0, 9))
        setTimeout(() => response.end(Buffer.concat([frame(1, 'one\n').subarray(9), frame(2, 'two\n')])), 20)
      },
    })
    const args = ['logs', '-t', '--tail', '5', '--since', '2024-01-02T03:04:05Z', '--details', 'web']
    const outcome = await invoke(command, args, { host: engine.host })
    assert.deepEqual(outcome, { status: 0, stdout: 'one\n', stderr: 'two\n' })
    const { details, stderr, stdout, since, tail, timestamps } = engine.requests.at(-1)?.query ?? {}
    assert.deepEqual([details, stderr, stdout, tail, timestamps], ['1', '1', '1', '5', '1'])
    assert.equal(since, '1704164645.000000000')
  })

  test(`an interrupt ends a command that only listens (${label})`, async () => {
    await using engine = await FakeEngine.start({
      'GET /events': ({ response }) => {
        const event = {
          Type: 'container',
          Action: 'die',
          Actor: { ID: 'x', Attributes: {} },
          time: 1,
          timeNano: 10 ** 9,
        }
        response.writeHead(200, { 'Content-Type': 'application/json' }).write(`${JSON.stringify(event)}\n`)
      },
    })
    const signals = [{ when: (stdout: string) => stdout.endsWith('\n'), name: 'SIGINT' as const }]
    const outcome = await invoke(command, ['events'], { host: engine.host, signals })
    assert.deepEqual(outcome, { status: 130, stdout: '1970-01-01T00:00:01.000000000Z container die x\n', stderr: '' })
  })

  test(`pull sends credentials of the config file, and a missing helper sends none (${label})`, async () => {
    await using engine = await FakeEngine.start({
      'POST /images/create': ({ response }) => {
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"status":"ok"}\r\n')
      },
    })
    const auth = Buffer.from('user:pa:ss').toString('base64')
    const config = join(engine.directory, 'config.json')
    writeFileSync(config, JSON.stringify({ auths: { 'localhost:5000': { auth } } }))
    const options = { host: engine.host, env: { DOCKER_CONFIG: engine.directory } }
    assert.equal((await invoke(command, ['pull', 'localhost:5000/x:y'], options)).status, 0)
    const header = String(engine.requests.at(-1)?.headers['x-registry-auth'])
    const sent = JSON.parse(Buffer.from(header, 'base64url').toString())
    assert.deepEqual([sent.username, sent.password, sent.serveraddress], ['user', 'pa:ss', 'localhost:5000'])
    engine.reset()
    assert.equal((await invoke(command, ['pull', 'other.example/x'], options)).status, 0)
    const none = engine.requests.at(-1)?.headers['x-registry-auth']
    assert.ok(none === undefined || Buffer.from(String(none), 'base64url').toString().includes('user') === false)
  })

  test(`--cidfile holds the id, and is refused when it is there (${label})`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'teu-cli-cid-'))
    try {
      await using engine = await FakeEngine.start(scriptedContainer(async () => 0))
      const file = join(directory, 'cid')
      const args = ['run', '-d', '--cidfile', file, 'busybox']
      const { stdout } = await invoke(command, args, { host: engine.host })
      assert.equal(readFileSync(file, 'utf8'), stdout.trim())
      const again = await invoke(command, args, { host: engine.host })
      assert.equal(again.status, 125)
      assert.match(again.stderr, /container ID file found/)
      engine.reset({ 'POST /containers/create': ({ fail }) => fail(409, 'in use') })
      const other = join(directory, 'other')
      assert.equal((await invoke(command, ['run', '--cidfile', other, 'x'], { host: engine.host })).status, 125)
      assert.equal(existsSync(other), false)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
}

test('a helper that is configured but missing ends the pull before anything is sent', async () => {
  await using engine = await FakeEngine.start({})
  writeFileSync(join(engine.directory, 'config.json'), JSON.stringify({ credsStore: 'not-there' }))
  const options = { host: engine.host, env: { DOCKER_CONFIG: engine.directory } }
  const outcome = await invoke(ours, ['pull', 'busybox'], options)
  assert.equal(outcome.status, 1)
  assert.match(outcome.stderr, /error getting credentials .*docker-credential-not-there.*not found/)
  assert.deepEqual(engine.calls, [])
})

test('a helper is asked by its protocol', async () => {
  await using engine = await FakeEngine.start({
    'POST /images/create': ({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"status":"ok"}\r\n')
    },
  })
  writeFileSync(join(engine.directory, 'config.json'), JSON.stringify({ credHelpers: { 'reg.example': 'test' } }))
  const reply = '{"ServerURL":"reg.example","Username":"<token>","Secret":"s3cret"}'
  const helper = `#!/bin/sh\n[ "$1" = get ] && [ "$(cat)" = reg.example ] && echo '${reply}'\n`
  writeFileSync(join(engine.directory, 'docker-credential-test'), helper, { mode: 0o755 })
  const env = { DOCKER_CONFIG: engine.directory, PATH: `${engine.directory}:${process.env.PATH}` }
  const outcome = await invoke(ours, ['pull', 'reg.example/x'], { host: engine.host, env })
  assert.equal(outcome.status, 0, outcome.stderr)
  const sent = Buffer.from(String(engine.requests.at(-1)?.headers['x-registry-auth']), 'base64url').toString()
  assert.equal(JSON.parse(sent).identitytoken, 's3cret')
})
