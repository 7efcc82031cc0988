// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { spawn } from '@lydell/node-pty'
import { type Script, scriptedContainer } from './fake-container.ts'
import { FakeEngine, type FakeRoutes } from './fake-engine.ts'
import { original, ours } from './invoke.ts'

const programs: [string, readonly string[]][] = [original ? ['docker', original] : ['ours', ours]]

/** One program on a terminal of its own. */
class Terminal implements Disposable {
  screen = ''
  readonly exit: Promise<{ exitCode: number }>
  readonly #pty: ReturnType<typeof spawn>

  constructor(command: readonly string[], args: readonly string[], host: string) {
    const [file, ...first] = command as [string, ...string[]]
    const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', TERM: 'xterm', DOCKER_HOST: host }
    this.#pty = spawn(file, [...first, ...args], { cols: 100, rows: 30, env })
    this.#pty.onData((text) => {
      this.screen += text
    })
    this.exit = new Promise((resolve) => this.#pty.onExit(resolve))
  }

  [Symbol.dispose](): void {
    try {
      this.#pty.kill('SIGKILL')
    } catch {
      // It has ended already.
    }
  }

  type(text: string): void {
    this.#pty.write(text)
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows)
  }

  /** Waits until the screen has `text`; fails after a minute, which a loaded machine does not need for a start. */
  async shows(text: string): Promise<void> {
    for (let waited = 0; !this.screen.includes(text); waited += 20) {
      assert.ok(waited < 60_000, `the screen never showed ${JSON.stringify(text)}: ${JSON.stringify(this.screen)}`)
      await delay(20)
    }
  }
}

const echoing: Script = async ({ input, stdout }) => {
  stdout('ready>')
  for await (const chunk of input) {
    if (chunk.includes('\u0004')) return 9
    stdout(`[${[...chunk].map((character) => character.charCodeAt(0).toString(16)).join(' ')}]`)
  }
  return 0
}

function sizesIn({ requests }: FakeEngine): string[] {
  return requests.filter(({ path }) => path.endsWith('/resize')).map(({ query }) => `${query.w}x${query.h}`)
}

for (const [label, command] of programs) {
  test(`run -it is raw, follows the size and ends with the status (${label})`, { timeout: 120_000 }, async () => {
    await using engine = await FakeEngine.start(scriptedContainer(echoing, { tty: true }))
    using terminal = new Terminal(command, ['run', '-it', 'busybox', 'sh'], engine.host)
    await terminal.shows('ready>')
    // Raw: the interrupt key is a byte like any other, and nothing is echoed on our side.
    terminal.type('\u0003')
    await terminal.shows('[3]')
    terminal.type('\r')
    await terminal.shows('[d]')
    terminal.resize(120, 40)
    for (let waited = 0; !sizesIn(engine).includes('120x40') && waited < 5000; waited += 20) await delay(20)
    terminal.type('\u0004')
    const { exitCode } = await terminal.exit
    assert.equal(exitCode, 9)
    assert.equal(terminal.screen, 'ready>[3][d]')
    assert.ok(sizesIn(engine).includes('100x30'), 'the first size is sent')
    assert.ok(sizesIn(engine).includes('120x40'), 'a change is sent')
    const body = JSON.parse(String(engine.requests.find(({ path }) => path === '/containers/create')?.body))
    assert.deepEqual([body.Tty, body.OpenStdin, body.HostConfig.ConsoleSize], [true, true, [30, 100]])
  })

  test(`the detach keys leave a container running (${label})`, { timeout: 120_000 }, async () => {
    await using engine = await FakeEngine.start(scriptedContainer(echoing, { tty: true }))
    using terminal = new Terminal(command, ['run', '-it', '--detach-keys', 'ctrl-a,x', 'busybox'], engine.host)
    await terminal.shows('ready>')
    terminal.type('\u0001')
    terminal.type('y')
    await terminal.shows('[1 79]')
    terminal.type('\u0001')
    await delay(50)
    terminal.type('x')
    const { exitCode } = await terminal.exit
    assert.equal(exitCode, 0)
    assert.equal(engine.requests.find(({ path }) => path.endsWith('/attach'))?.query.detachKeys, 'ctrl-a,x')
  })

  test(`exec -it resizes its own terminal (${label})`, { timeout: 120_000 }, async () => {
    await using engine = await FakeEngine.start(scriptedContainer(echoing, { tty: true }))
    using terminal = new Terminal(command, ['exec', '-it', 'web', 'sh'], engine.host)
    await terminal.shows('ready>')
    terminal.type('\u0004')
    assert.equal((await terminal.exit).exitCode, 9)
    assert.equal(terminal.screen, 'ready>')
    assert.ok(engine.requests.some(({ path }) => path === '/exec/e1/resize'))
    const start = JSON.parse(String(engine.requests.find(({ path }) => path === '/exec/e1/start')?.body))
    assert.deepEqual([start.Tty, start.ConsoleSize], [true, [30, 100]])
  })

  test(`attach draws the screen anew by a size one larger (${label})`, { timeout: 120_000 }, async () => {
    const ended = Promise.withResolvers<void>()
    await using engine = await FakeEngine.start({
      'POST /containers/web/attach': ({ hijack }) => {
        const socket = hijack('application/vnd.docker.raw-stream')
        socket.write('ready>')
        socket.on('data', () => socket.end(ended.resolve))
      },
      'POST /containers/web/wait': async ({ response }) => {
        response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders()
        await ended.promise
        response.end('{"StatusCode":4}')
      },
      ...scriptedContainer(echoing, { tty: true }),
    })
    using terminal = new Terminal(command, ['attach', 'web'], engine.host)
    await terminal.shows('ready>')
    for (let waited = 0; sizesIn(engine).length < 2 && waited < 5000; waited += 20) await delay(20)
    terminal.type('x')
    assert.equal((await terminal.exit).exitCode, 4)
    assert.deepEqual(sizesIn(engine).slice(0, 2), ['101x31', '100x30'])
  })

  test(`pull draws its bars in place (${label})`, { timeout: 120_000 }, async () => {
    const lines = [
      { status: 'Pulling from library/busybox', id: 'latest' },
      { status: 'Pulling fs layer', progressDetail: {}, id: 'aaaaaaaaaaaa' },
      { status: 'Pulling fs layer', progressDetail: {}, id: 'bbbbbbbbbbbb' },
      { status: 'Downloading', progressDetail: { current: 1000, total: 4000 }, progress: '[=> ]', id: 'aaaaaaaaaaaa' },
      { status: 'Pull complete', progressDetail: {}, id: 'bbbbbbbbbbbb' },
      { status: 'Status: Downloaded newer image for busybox:latest' },
    ]
    const routes: FakeRoutes = {
      'POST /images/create': ({ response }) => {
        response.writeHead(200, { 'Content-Type': 'application/json' })
        response.end(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(''))
      },
    }
    await using engine = await FakeEngine.start(routes)
    using terminal = new Terminal(command, ['pull', 'busybox:latest'], engine.host)
    assert.equal((await terminal.exit).exitCode, 0)
    const bars = [
      '\u001b[1A\u001b[2K\raaaaaaaaaaaa: Pulling fs layer \r\u001b[1B',
      '\u001b[1A\u001b[2K\rbbbbbbbbbbbb: Pulling fs layer \r\u001b[1B',
      '\u001b[2A\u001b[2K\raaaaaaaaaaaa: Downloading      1kB/4kB\r\u001b[2B',
      '\u001b[1A\u001b[2K\rbbbbbbbbbbbb: Pull complete \r\u001b[1B',
    ]
    const [first, second, third, fourth] = bars
    assert.equal(
      terminal.screen,
      `latest: Pulling from library/busybox\r\n\r\n${first}\r\n${second}${third}${fourth}` +
        'Status: Downloaded newer image for busybox:latest\r\ndocker.io/library/busybox:latest\r\n',
    )
  })
}
