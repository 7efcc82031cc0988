// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { runCli } from '../src/cli.ts'
import { FakeEngine, type FakeRoutes, frame } from './fake-engine.ts'
import { containers } from './fixtures.ts'
import { invoke, ours, run } from './invoke.ts'

test('a missing daemon is started only where nobody named an engine', async () => {
  await using engine = await FakeEngine.start({ 'GET /containers/json': ({ json }) => json([]) })
  const asked: string[] = []
  const onDaemonMissing = async (host: string, command: string) => {
    asked.push(`${host} ${command}`)
    return engine.host
  }
  const defaultHost = 'unix:///nonexistent/engine.sock'
  const started = await run(['ps', '-q'], { defaultHost, onDaemonMissing, binName: 'teu' })
  assert.deepEqual(started, { status: 0, stdout: '', stderr: '' })
  assert.deepEqual(asked, [`${defaultHost} ps`])
  const named = await run(['-H', defaultHost, 'ps'], { defaultHost, onDaemonMissing })
  assert.equal(named.status, 1)
  assert.equal(named.stderr, `Cannot connect to the Docker daemon at ${defaultHost}. Is the docker daemon running?\n`)
  assert.equal(asked.length, 1)
})

test('the program is called by its own name', async () => {
  const outcome = await run(['run'], { binName: 'teu' })
  assert.equal(outcome.status, 1)
  assert.equal(
    outcome.stderr,
    "teu: 'teu run' requires at least 1 argument\n\nUsage:  teu run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\n" +
      "See 'teu run --help' for more information\n",
  )
})

test('control characters of the engine never reach the terminal', async () => {
  const [web] = containers as unknown as [Record<string, unknown>]
  const hostile = { ...web, Names: ['/a\u001b[2Jb'], Labels: { x: 'a\rb\u0007' }, Image: 'i\u009bm' }
  await using engine = await FakeEngine.start({
    'GET /containers/json': ({ json }) => json([hostile]),
    'DELETE /containers/x': ({ fail }) => fail(500, 'bad \u001b]0;title\u0007'),
    'POST /images/create': ({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end('{"status":"a\\u001b[31m","id":"\\u001b[2J"}\r\n{"errorDetail":{"message":"e\\u001b[0m"}}\r\n')
    },
  })
  const outcomes = await Promise.all(
    [['ps'], ['ps', '--format', '{{.Names}} {{.Label "x"}}'], ['rm', 'x'], ['pull', 'x']].map((args) =>
      run(args, { host: engine.host }),
    ),
  )
  const everything = outcomes.map(({ stdout, stderr }) => stdout + stderr).join('')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
  assert.doesNotMatch(everything, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
  assert.match(everything, /a\\x1b\[2Jb/)
})

test('a reader that goes away ends the command quietly', async () => {
  await using engine = await FakeEngine.start({
    'GET /containers/web/json': ({ json }) => json({ Id: 'web', Config: { Tty: true } }),
    'GET /containers/web/logs': ({ response }) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('x'.repeat(65536)), 1)
      response.once('close', () => clearInterval(timer))
    },
  })
  const [file, ...first] = ours as [string, ...string[]]
  const child = spawn(file, [...first, 'logs', '-f', 'web'], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', DOCKER_HOST: engine.host },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  child.stdout.once('data', () => child.stdout.destroy())
  const status = await new Promise((resolve) => child.once('close', resolve))
  assert.deepEqual([status, stderr], [141, ''])
})

test('help pages need no engine', async () => {
  const page = await run(['ps', '--help'])
  assert.equal(page.status, 0)
  assert.match(page.stdout, /^Usage: {2}docker ps \[OPTIONS\]\n\nList containers\n\nAliases:\n/)
  assert.match(page.stdout, / {2}-a, --all {13}Show all containers/)
  const root = await run([])
  assert.match(root.stdout, /Common Commands:\n {2}run {7}Create and run/)
  const group = await run(['image'])
  assert.match(group.stdout, /Usage: {2}docker image COMMAND\n\nManage images\n\nCommands:\n {2}history/)
})

test('a CLI plugin of docker is run, unless others may write to it', async () => {
  await using engine = await FakeEngine.start({})
  const plugins = join(engine.directory, 'cli-plugins')
  mkdirSync(plugins, { mode: 0o755 })
  writeFileSync(join(plugins, 'docker-hello'), '#!/bin/sh\necho "plugin $*"; exit 6\n', { mode: 0o755 })
  const options = { host: engine.host, env: { DOCKER_CONFIG: engine.directory } }
  const outcome = await invoke(ours, ['hello', 'a', '--b'], options)
  assert.deepEqual(outcome, { status: 6, stdout: 'plugin hello a --b\n', stderr: '' })
  chmodSync(plugins, 0o777)
  const refused = await invoke(ours, ['hello'], options)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /^WARNING: ignoring .*docker-hello: others may write to it\ndocker: unknown command/)
})

/** A folder with a plugin `hello` that prints its words and the engine that its environment names. */
function pluginFolder(
  engine: FakeEngine,
  script = 'echo "$* on $(printenv DOCKER_HOST || echo none)"',
): NodeJS.ProcessEnv {
  const plugins = join(engine.directory, 'cli-plugins')
  mkdirSync(plugins, { mode: 0o755 })
  writeFileSync(join(plugins, 'docker-hello'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return { DOCKER_CONFIG: engine.directory }
}

test('a CLI plugin is told the engine, the context, TLS and the config that the user named', async () => {
  await using engine = await FakeEngine.start({})
  const env = pluginFolder(engine)
  const hello = async (words: string[], more: NodeJS.ProcessEnv = {}) =>
    (await invoke(ours, words, { env: { ...env, ...more } })).stdout
  assert.equal(await hello(['-H', engine.host, 'hello', '-x']), `--host=${engine.host} hello -x on none\n`)
  assert.equal(await hello(['-c', 'far', '-D', 'hello']), '--context=far --debug=true hello on none\n')
  assert.equal(await hello(['hello', '-H', 'mine'], { DOCKER_HOST: 'tcp://far:1' }), 'hello -H mine on tcp://far:1\n')
  assert.equal(await hello(['hello', 'up'], { DOCKER_CONTEXT: 'far' }), 'hello up on none\n')
  assert.equal(
    await hello(['--tlsverify', '--tlscacert', 'ca.pem', '--tls=false', '-l', 'warn', 'hello']),
    '--log-level=warn --tls=false --tlscacert=ca.pem --tlsverify=true hello on none\n',
  )
  const told = `--config=${engine.directory} hello --help on unix:///var/run/docker.sock\n`
  assert.equal(await hello(['--config', engine.directory, 'help', 'hello']), told)
})

test('a CLI plugin is told the default engine of the program, which is started where it is missing', async () => {
  await using engine = await FakeEngine.start({})
  const env = {
    ...process.env,
    ...pluginFolder(engine, 'echo "$* on $(printenv DOCKER_HOST || echo none)" >"$OUT"'),
    DOCKER_HOST: '',
  }
  const out = join(engine.directory, 'out')
  const asked: string[] = []
  const hello = async (words: string[], defaultHost: string) => {
    const onDaemonMissing = async (host: string, path: string) => {
      asked.push(`${path} at ${host}`)
      return engine.host
    }
    assert.equal(await runCli(words, { env: { ...env, OUT: out }, defaultHost, onDaemonMissing }), 0)
    return readFileSync(out, 'utf8')
  }
  assert.equal(await hello(['hello', 'up'], engine.host), `hello up on ${engine.host}\n`)
  assert.deepEqual(asked, [])
  const nothing = `unix://${engine.directory}/nothing`
  assert.equal(await hello(['hello', 'version'], nothing), `hello version on ${nothing}\n`)
  assert.deepEqual(asked, [])
  assert.equal(await hello(['hello', 'up'], nothing), `hello up on ${engine.host}\n`)
  assert.deepEqual(asked, [`hello up at ${nothing}`])
})

test('a CLI plugin gets the signal that ends the program', async () => {
  await using engine = await FakeEngine.start({})
  const env = pluginFolder(engine, "trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.05; done")
  const signals = [{ when: (stdout: string) => stdout.includes('ready'), name: 'SIGTERM' as const }]
  const outcome = await invoke(ours, ['hello'], { host: engine.host, env, signals })
  assert.deepEqual(outcome, { status: 5, stdout: 'ready\ntold\n', stderr: '' })
})

/** A container that says `ready` once it was started, and never ends. */
function endlessContainer(): FakeRoutes {
  let stream: Duplex | undefined
  return {
    'POST /containers/create': ({ json }) => json({ Id: 'ab'.repeat(32), Warnings: [] }, 201),
    'POST /containers/{id}/attach': ({ hijack }) => {
      stream = hijack('application/vnd.docker.multiplexed-stream')
    },
    'POST /containers/{id}/wait': ({ response }) => response.writeHead(200).flushHeaders(),
    'POST /containers/{id}/start': ({ empty, response }) => {
      response.once('finish', () => stream?.write(frame(1, 'ready\n')))
      empty()
    },
    'POST /containers/{id}/kill': ({ empty }) => empty(),
  }
}

const isReady = (stdout: string) => stdout === 'ready\n'

test('the third interrupt ends a command that does not answer', { timeout: 120_000 }, async () => {
  await using engine = await FakeEngine.start(endlessContainer())
  const kills = () => engine.requests.filter(({ path }) => path.endsWith('/kill')).length
  // Each when the one before was passed on: two that come at once are one.
  const signals = [isReady, () => kills() > 0, () => kills() > 1].map((when) => ({ when, name: 'SIGINT' as const }))
  const outcome = await invoke(ours, ['run', 'busybox'], { host: engine.host, signals })
  assert.equal(outcome.status, 1)
  assert.equal(outcome.stderr, '\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n')
})

test('without signal proxy an interrupt leaves the container', { timeout: 120_000 }, async () => {
  await using engine = await FakeEngine.start(endlessContainer())
  const signals = [{ when: isReady, name: 'SIGINT' as const }]
  const outcome = await invoke(ours, ['run', '--sig-proxy=false', 'busybox'], { host: engine.host, signals })
  assert.deepEqual(outcome, { status: 130, stdout: 'ready\n', stderr: '' })
  assert.ok(engine.requests.every(({ path }) => !path.endsWith('/kill')))
})

test('an engine that dies in the middle of a stream is an error, not a trace', async () => {
  await using engine = await FakeEngine.start({
    'GET /containers/json': ({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' })
      response.write('[{"Id"')
      setTimeout(() => response.destroy(), 20)
    },
    'GET /images/json': ({ response }) => {
      response.writeHead(200).end('<html>')
    },
  })
  for (const args of [['ps'], ['images']]) {
    const { status, stdout, stderr } = await run(args, { host: engine.host })
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.ok(stderr.length > 0 && !stderr.includes('\n    at '), stderr)
  }
})
