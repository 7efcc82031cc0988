// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { FakeExchange, FakeRoutes } from './fake-engine.ts'
import { frame } from './fake-engine.ts'

/** What a scripted container does once it runs; it ends when the function's promise settles, with that status. */
export type Script = (connection: ScriptedConnection) => Promise<number>

/** The engine's end of an attached connection. */
export interface ScriptedConnection {
  stdout(text: string): void
  stderr(text: string): void
  /** Everything typed so far, as it comes; ends when the client half-closes. */
  readonly input: AsyncIterable<string>
  /** Settles when the engine was told to send a signal. */
  readonly killed: Promise<string>
  /** The connection itself. */
  readonly socket: Duplex
}

/** How a scripted container is made. */
export interface ScriptedContainerOptions {
  readonly tty?: boolean
  /** The reply to create when the image is missing the first time. */
  readonly missingImage?: boolean
  /** The failure of start. */
  readonly startFailure?: { readonly status: number; readonly message: string }
}

const containerId = 'c0ffee'.repeat(10).padEnd(64, '0')

/** Routes of one container that can be created, attached, waited for, started and executed in. */
export function scriptedContainer(script: Script, options: ScriptedContainerOptions = {}): FakeRoutes {
  const { tty = false, startFailure } = options
  const kind = tty ? 'application/vnd.docker.raw-stream' : 'application/vnd.docker.multiplexed-stream'
  let socket: Duplex | undefined
  let missing = options.missingImage ?? false
  const exit = Promise.withResolvers<number>()
  const killed = Promise.withResolvers<string>()
  const runScript = async () => {
    await delay(20)
    const target = socket
    const status = await script(connectionOf(target as Duplex, tty, killed.promise))
    target?.end()
    await delay(20)
    exit.resolve(status)
  }
  return {
    'POST /containers/create': ({ json, fail }) => {
      if (missing) {
        missing = false
        return fail(404, 'No such image: busybox:latest')
      }
      return json({ Id: containerId, Warnings: [] }, 201)
    },
    'POST /images/create': ({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end('{"status":"Pulling from library/busybox","id":"latest"}\r\n{"status":"Status: done"}\r\n')
    },
    'GET /containers/{id}/json': ({ json }) =>
      json({
        Id: containerId,
        State: { Running: true, Status: 'running' },
        Config: { Tty: tty, OpenStdin: true, AttachStdin: true, AttachStdout: true, AttachStderr: true },
        HostConfig: { AutoRemove: false },
      }),
    'POST /containers/{id}/attach': ({ hijack }) => {
      socket = hijack(kind)
    },
    'POST /containers/{id}/wait': async ({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders()
      response.end(JSON.stringify({ StatusCode: await exit.promise }))
    },
    'POST /containers/{id}/start': ({ empty, fail }) => {
      if (startFailure) {
        exit.resolve(127)
        return fail(startFailure.status, startFailure.message)
      }
      empty()
      return runScript()
    },
    'POST /containers/{id}/kill': ({ empty, request }) => {
      killed.resolve(String(request.query.signal))
      empty()
    },
    'POST /containers/{id}/resize': ({ empty }: FakeExchange) => empty(200),
    'POST /containers/{id}/exec': ({ json }) => json({ Id: 'e1' }, 201),
    'POST /exec/e1/start': async ({ hijack, request, empty }) => {
      if (request.headers.upgrade === undefined) return empty(200)
      socket = hijack(kind)
      await runScript()
    },
    'POST /exec/e1/resize': ({ empty }: FakeExchange) => empty(200),
    'GET /exec/e1/json': async ({ json }) => json({ ID: 'e1', Running: false, ExitCode: await exit.promise }),
  }
}

function connectionOf(socket: Duplex, tty: boolean, killed: Promise<string>): ScriptedConnection {
  return {
    socket,
    killed,
    stdout: (text) => void socket.write(tty ? text : frame(1, text)),
    stderr: (text) => void socket.write(tty ? text : frame(2, text)),
    input: (async function* () {
      if (socket) for await (const chunk of socket) yield String(chunk)
    })(),
  }
}
